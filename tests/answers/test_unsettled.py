from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from chatops.answers.unsettled import unsettled_nights
from chatops.events import Event
from chatops.events.notices import NightSettled
from chatops.names import RunId
from tests.scene import NOW, REPO, ended, scene, under_way


def nightly(run_id: int, ago: timedelta, attempt: int = 1) -> Event:
    return ended(run_id, "Nightly", trigger="schedule", completed_at=NOW - ago, attempt=attempt)


def unsettled(folder: Path, facts: Sequence[Event]) -> list[tuple[int, int]]:
    with scene(folder, facts) as world, world.knowledge() as knowledge:
        found = unsettled_nights(knowledge)
    assert all(night.waited for night in found)
    return [(night.run_id, night.attempt) for night in found]


@pytest.mark.parametrize(
    ("minutes", "is_over"), [(14, False), (16, True), (23 * 60, True), (25 * 60, False)]
)
def test_a_night_is_waited_for_a_while_and_then_no_more(
    tmp_path: Path, minutes: int, *, is_over: bool
) -> None:
    found = unsettled(tmp_path, [nightly(10, timedelta(minutes=minutes))])

    assert found == ([(10, 1)] if is_over else [])


def test_what_is_settled_is_not_settled_again(tmp_path: Path) -> None:
    hour = timedelta(hours=1)
    settled = NightSettled(repo=REPO, run_id=RunId(10), attempt=1, workflow="Nightly")

    assert unsettled(tmp_path, [nightly(10, hour), nightly(10, hour, attempt=2), settled]) == [
        (10, 2)
    ]


def test_what_runs_and_what_is_no_night_is_not_looked_at(tmp_path: Path) -> None:
    hour = timedelta(hours=1)
    by_hand = ended(11, "Nightly", trigger="workflow_dispatch", completed_at=NOW - hour)

    assert (
        unsettled(
            tmp_path, [under_way(10, "Nightly", trigger="schedule"), by_hand, ended(12, "CI")]
        )
        == []
    )
