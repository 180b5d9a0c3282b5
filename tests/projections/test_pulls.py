from datetime import timedelta
from pathlib import Path

from chatops.names import PullNumber, Sha
from chatops.projections.pulls import numbers_of_commit, open_pulls
from chatops.projections.pulls import pull as the_pull
from tests.scene import HEAD, NOW, PULL, REPO, pull, scene

LATER = NOW + timedelta(minutes=1)


def test_the_state_github_dates_last_is_the_one_that_counts(tmp_path: Path) -> None:
    facts = [pull(title="New", updated_at=LATER), pull(title="Old", fingerprint="g")]
    with scene(tmp_path, facts) as world, world.knowledge() as knowledge:
        found = the_pull(knowledge.db, REPO, PULL)

    assert found is not None
    assert found.title == "New"


def test_runs_of_forks_find_their_pull_request_by_its_head(tmp_path: Path) -> None:
    pushed = pull(sha=Sha("d" * 40), updated_at=LATER)
    with scene(tmp_path, [pull(), pushed]) as world, world.knowledge() as knowledge:
        assert numbers_of_commit(knowledge.db, REPO, HEAD) == [PULL]
        assert numbers_of_commit(knowledge.db, REPO, Sha("d" * 40)) == [PULL]


def test_closed_pull_requests_are_not_among_the_open_ones(tmp_path: Path) -> None:
    facts = [pull(), pull(number=PullNumber(8), state="closed")]
    with scene(tmp_path, facts) as world, world.knowledge() as knowledge:
        assert [one.number for one in open_pulls(knowledge.db, REPO)] == [PULL]
