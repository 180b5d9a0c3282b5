from datetime import timedelta
from pathlib import Path

import pytest

from chatops.events import Event
from chatops.events.notices import NightSettled
from chatops.events.runs import JobQueued
from chatops.names import JobId, Repo, RunId
from chatops.policies.settle_nights import SettleNights
from tests.commands.nights import MIDNIGHT, night
from tests.scene import NOW, REPO, decided, ended, job, scene

RUN = RunId(1_000)
WAITING = JobQueued(repo=REPO, run_id=RUN, attempt=1, job_id=JobId(5), name="tank")


def settled(folder: Path, *facts: Event) -> list[NightSettled]:
    """Let the policy look at the last fact."""
    with scene(folder) as world:
        last = world.add(facts)[-1]
        found = decided(world, SettleNights(), last)
    assert all(isinstance(event, NightSettled) for event in found)
    return found  # type: ignore[return-value]  # as asserted


def test_a_night_is_settled_when_the_run_ends_last(tmp_path: Path) -> None:
    run, nozzle = night(0, nozzle="success")

    (event,) = settled(tmp_path, nozzle, run)

    assert (event.run_id, event.attempt, event.workflow) == (RUN, 1, "Nightly")
    assert event.ended_at == MIDNIGHT + timedelta(hours=1)
    assert not event.waited


def test_it_is_settled_by_the_last_job_where_that_is_heard_last(tmp_path: Path) -> None:
    run, nozzle, tank = night(0, nozzle="success", tank="failure")

    assert [event.run_id for event in settled(tmp_path, run, nozzle, tank)] == [RUN]


def test_it_waits_for_a_job_that_has_not_ended(tmp_path: Path) -> None:
    run, nozzle = night(0, nozzle="success")

    assert settled(tmp_path, WAITING, run, nozzle) == []


def test_a_job_does_not_settle_a_run_that_goes_on(tmp_path: Path) -> None:
    _, nozzle = night(0, nozzle="success")

    assert settled(tmp_path, nozzle) == []


def test_each_attempt_is_settled_for_itself(tmp_path: Path) -> None:
    facts = night(0, nozzle=["failure", "success"])

    assert [event.attempt for event in settled(tmp_path, *facts)] == [2]


def test_what_was_carried_over_counts_as_ended(tmp_path: Path) -> None:
    facts = night(0, nozzle=["failure", "success"], tank="success")

    assert [event.attempt for event in settled(tmp_path, *facts)] == [2]


@pytest.mark.parametrize(
    "run",
    [
        ended(10, "Nightly", trigger="workflow_dispatch"),
        ended(10, "CI", trigger="schedule"),
        ended(10, "Nightly", trigger="schedule", repo=Repo("acme/other")),
    ],
)
def test_what_is_no_night_is_not_settled(tmp_path: Path, run: Event) -> None:
    assert settled(tmp_path, job(1, 10, "nozzle"), run) == []


@pytest.mark.parametrize(("hours", "is_news"), [(23, True), (25, False)])
def test_what_ended_long_ago_is_history(tmp_path: Path, hours: int, *, is_news: bool) -> None:
    run = ended(10, "Nightly", trigger="schedule", completed_at=NOW - timedelta(hours=hours))

    assert bool(settled(tmp_path, job(1, 10, "nozzle"), run)) == is_news


def test_a_run_of_which_no_job_was_heard_is_waited_for(tmp_path: Path) -> None:
    assert settled(tmp_path, night(0, nozzle="success")[0]) == []


def test_the_same_night_has_the_same_key_whatever_settles_it(tmp_path: Path) -> None:
    run, nozzle = night(0, nozzle="success")
    (tmp_path / "other").mkdir()

    (one,), (other,) = settled(tmp_path, run, nozzle), settled(tmp_path / "other", nozzle, run)

    assert one.key() == other.key()


def test_a_job_without_a_run_settles_nothing(tmp_path: Path) -> None:
    assert settled(tmp_path, job(1, 77, "nozzle")) == []
