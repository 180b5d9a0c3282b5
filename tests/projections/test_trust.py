from datetime import timedelta
from pathlib import Path

from chatops.events.trust import TrustGiven, TrustWithdrawn
from chatops.names import CommandId, Login, Sha
from chatops.projections.trust import is_let_in, trust_of
from tests.scene import HEAD, NOW, PULL, REPO, scene

OLDER = Sha("a" * 40)


def given(sha: Sha = HEAD, minutes: int = 0) -> TrustGiven:
    return TrustGiven(
        command=CommandId(f"command/{minutes}"), repo=REPO, number=PULL, sha=sha, by=Login("mona"),
        decided_at=NOW + timedelta(minutes=minutes),
    )  # fmt: skip


def withdrawn(minutes: int) -> TrustWithdrawn:
    return TrustWithdrawn(
        command=CommandId(f"command/{minutes}"), repo=REPO, number=PULL, sha=HEAD, by=Login("alice"),
        decided_at=NOW + timedelta(minutes=minutes),
    )  # fmt: skip


def test_only_the_commit_that_was_looked_at_is_let_in(tmp_path: Path) -> None:
    with scene(tmp_path, [given(OLDER)]) as world, world.knowledge() as knowledge:
        assert is_let_in(knowledge.db, REPO, PULL, OLDER)
        assert not is_let_in(knowledge.db, REPO, PULL, HEAD)


def test_what_was_decided_last_counts_whatever_came_first(tmp_path: Path) -> None:
    with scene(tmp_path, [withdrawn(2), given()]) as world, world.knowledge() as knowledge:
        assert not is_let_in(knowledge.db, REPO, PULL, HEAD)

        world.add([given(minutes=3)])
        with world.knowledge() as later:
            assert is_let_in(later.db, REPO, PULL, HEAD)


def test_the_newest_decision_comes_first(tmp_path: Path) -> None:
    facts = [given(OLDER), given(minutes=1), withdrawn(2)]

    with scene(tmp_path, facts) as world, world.knowledge() as knowledge:
        decisions = trust_of(knowledge.db, REPO, PULL)

    assert [(one.sha, one.by, one.is_given) for one in decisions] == [
        (HEAD, "alice", False),
        (OLDER, "mona", True),
    ]
