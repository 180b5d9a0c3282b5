from pathlib import Path

from chatops.names import Repo, Sha
from chatops.projections.trees import trees_of, with_files_of
from tests.approving import tree
from tests.scene import HEAD, REPO, scene

SAME, OTHER, HIDDEN, UNKNOWN = (Sha(letter * 40) for letter in "abcd")
SEEN = [tree(HEAD, "t1"), tree(SAME, "t1"), tree(OTHER, "t2"), tree(HIDDEN, "")]
ALL = [SAME, OTHER, HIDDEN, UNKNOWN]


def test_commits_that_hold_the_same_files_are_told_from_others(tmp_path: Path) -> None:
    with scene(tmp_path, SEEN) as world, world.knowledge() as knowledge:
        assert with_files_of(knowledge.db, REPO, HEAD, ALL) == {SAME}
        assert with_files_of(knowledge.db, REPO, HEAD, [HEAD]) == {HEAD}
        assert with_files_of(knowledge.db, Repo("acme/other"), HEAD, ALL) == frozenset()


def test_what_nobody_can_tell_of_is_like_nothing_but_itself(tmp_path: Path) -> None:
    with scene(tmp_path, [*SEEN, tree(UNKNOWN, "")]) as world, world.knowledge() as knowledge:
        assert with_files_of(knowledge.db, REPO, HIDDEN, [HIDDEN, UNKNOWN, SAME]) == {HIDDEN}


def test_what_is_known_is_told(tmp_path: Path) -> None:
    with scene(tmp_path, SEEN) as world, world.knowledge() as knowledge:
        assert trees_of(knowledge.db, REPO, [HEAD, HIDDEN, UNKNOWN]) == {HEAD: "t1", HIDDEN: ""}
        assert trees_of(knowledge.db, REPO, []) == {}
