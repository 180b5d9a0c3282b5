from datetime import timedelta
from pathlib import Path

from chatops.names import PullNumber, Sha
from chatops.projections.heads import head_before, heads_of, seen_since
from tests.scene import HEAD, NOW, PULL, REPO, pull, scene

NEXT = Sha("b" * 40)
MINUTE = timedelta(minutes=1)


def test_the_head_at_a_moment_is_the_newest_before_it(tmp_path: Path) -> None:
    facts = [pull(sha=NEXT, updated_at=NOW + 5 * MINUTE, fingerprint="2"), pull()]

    with scene(tmp_path, facts) as world, world.knowledge() as knowledge:
        db = knowledge.db
        assert head_before(db, REPO, PULL, NOW) is None
        assert head_before(db, REPO, PULL, NOW + MINUTE) == HEAD
        assert head_before(db, REPO, PULL, NOW + 6 * MINUTE) == NEXT
        assert head_before(db, REPO, PullNumber(8), NOW + MINUTE) is None


def test_a_commit_is_the_head_since_it_was_seen_first(tmp_path: Path) -> None:
    later = pull(updated_at=NOW + MINUTE, fingerprint="2")

    with scene(tmp_path, [later, pull()]) as world, world.knowledge() as knowledge:
        assert seen_since(knowledge.db, REPO, PULL, HEAD) == NOW
        assert seen_since(knowledge.db, REPO, PULL, NEXT) is None


def test_every_head_is_told_the_newest_first(tmp_path: Path) -> None:
    facts = [pull(), pull(sha=NEXT, updated_at=NOW + MINUTE, fingerprint="2")]

    with scene(tmp_path, facts) as world, world.knowledge() as knowledge:
        assert heads_of(knowledge.db, REPO, PULL) == [(NEXT, NOW + MINUTE), (HEAD, NOW)]
