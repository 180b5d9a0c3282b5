from datetime import timedelta
from pathlib import Path

import pytest

from chatops.names import PullNumber, Sha
from chatops.projections.pulls import (
    contradicts,
    numbers_of_commit,
    open_pulls,
    open_pulls_in_short,
    pulls_numbered,
    pulls_of_commits,
)
from chatops.projections.pulls import pull as the_pull
from tests.scene import HEAD, NOW, PULL, REPO, Scene, pull, scene

LATER = NOW + timedelta(minutes=1)


def test_the_state_github_dates_last_is_the_one_that_counts(tmp_path: Path) -> None:
    facts = [pull(title="New", updated_at=LATER), pull(title="Old", fingerprint="g")]
    with scene(tmp_path, facts) as world, world.knowledge() as knowledge:
        found = the_pull(knowledge.db, REPO, PULL)

    assert found is not None
    assert found.title == "New"


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"fingerprint": "f"}, {"fingerprint": "a", "state": "closed"}),
        (
            {"fingerprint": "f", "state": "closed"},
            {"fingerprint": "a", "state": "closed", "merged": True},
        ),
        ({"fingerprint": "f", "state": "closed"}, {"fingerprint": "a", "confirmed_at": LATER}),
        (
            {"fingerprint": "f", "confirmed_at": LATER},
            {"fingerprint": "a", "confirmed_at": LATER + timedelta(seconds=1)},
        ),
    ],
)
def test_of_two_states_of_one_second_the_one_that_comes_later_counts(
    tmp_path: Path, first: dict[str, object], second: dict[str, object], *, turned: bool
) -> None:
    facts = [pull(title="First", **first), pull(title="Second", **second)]
    with scene(tmp_path, facts[::-1] if turned else facts) as world:
        apart = the_title(world)
    (tmp_path / "together").mkdir()
    with scene(tmp_path / "together") as world:
        for fact in facts[::-1] if turned else facts:
            world.add([fact])
        one_by_one = the_title(world)

    assert (apart, one_by_one) == ("Second", "Second")


def the_title(world: Scene) -> str:
    with world.knowledge() as knowledge:
        found = the_pull(knowledge.db, REPO, PULL)
    assert found is not None
    return found.title


def test_github_contradicts_only_within_the_second(tmp_path: Path) -> None:
    with scene(tmp_path, [pull()]) as world, world.knowledge() as knowledge:
        assert contradicts(knowledge.db, pull(fingerprint="g"))
        assert not contradicts(knowledge.db, pull())
        assert not contradicts(knowledge.db, pull(fingerprint="g", updated_at=LATER))
        assert not contradicts(knowledge.db, pull(fingerprint="g", number=PullNumber(8)))


def test_runs_of_forks_find_their_pull_request_by_its_head(tmp_path: Path) -> None:
    pushed = pull(sha=Sha("d" * 40), updated_at=LATER)
    with scene(tmp_path, [pull(), pushed]) as world, world.knowledge() as knowledge:
        assert numbers_of_commit(knowledge.db, REPO, HEAD) == [PULL]
        assert numbers_of_commit(knowledge.db, REPO, Sha("d" * 40)) == [PULL]


def test_closed_pull_requests_are_not_among_the_open_ones(tmp_path: Path) -> None:
    facts = [pull(), pull(number=PullNumber(8), state="closed")]
    with scene(tmp_path, facts) as world, world.knowledge() as knowledge:
        assert [one.number for one in open_pulls(knowledge.db, REPO)] == [PULL]


def test_many_commits_find_their_pull_requests_at_once(tmp_path: Path) -> None:
    other = Sha("d" * 40)
    facts = [pull(), pull(number=PullNumber(8)), pull(number=PullNumber(9), sha=other)]
    with scene(tmp_path, facts) as world, world.knowledge() as knowledge:
        commits = [(REPO, sha) for sha in (HEAD, other, Sha("e" * 40))]
        found = pulls_of_commits(knowledge.db, commits)

    assert found == {(REPO, HEAD): (PULL, 8), (REPO, other): (9,)}


def test_in_short_the_open_ones_show_every_change(tmp_path: Path) -> None:
    with scene(tmp_path, [pull(), pull(number=PullNumber(8), state="closed")]) as world:
        with world.knowledge() as knowledge:
            before = open_pulls_in_short(knowledge.db, [REPO])
        world.add([pull(labels=(), fingerprint="g")])
        with world.knowledge() as knowledge:
            after = open_pulls_in_short(knowledge.db, [REPO])
            (read,) = pulls_numbered(knowledge.db, REPO, [PULL, PullNumber(9)])

    assert [number for _, number, *_ in before] == [PULL]
    assert before != after
    assert read.labels == ()
