from pathlib import Path

from chatops.events.pulls import PullFilesSeen
from chatops.names import Sha
from chatops.projections.pull_files import files_of_pull
from tests.scene import HEAD, PULL, REPO, scene

SEEN = PullFilesSeen(repo=REPO, number=PULL, sha=HEAD, base="main", files=("docs/a.md", "src/b.rs"))


def test_the_files_of_a_commit_are_known_once_somebody_asked(tmp_path: Path) -> None:
    with scene(tmp_path, [SEEN]) as world, world.knowledge() as knowledge:
        assert files_of_pull(knowledge.db, REPO, PULL, HEAD, "main") == SEEN.files


def test_a_new_push_or_base_is_another_question(tmp_path: Path) -> None:
    with scene(tmp_path, [SEEN]) as world, world.knowledge() as knowledge:
        assert files_of_pull(knowledge.db, REPO, PULL, Sha("b" * 40), "main") is None
        assert files_of_pull(knowledge.db, REPO, PULL, HEAD, "stable") is None
