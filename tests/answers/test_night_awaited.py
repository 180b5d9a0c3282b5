from datetime import datetime, timedelta

from chatops.answers.night_awaited import awaited_runs
from chatops.answers.night_tests import Night, NightRun
from chatops.config import NightlyWorkflow
from chatops.events.digests import AwaitedRun
from chatops.names import RunId
from tests.scene import NOW, REPO

NIGHTLY = NightlyWorkflow(name="Nightly", file="nightly.yaml", hour=0)
LATER = NightlyWorkflow(name="Later", file="later.yaml", hour=5)
RUN = RunId(10)


def night(
    days_ago: int,
    *,
    workflow: str = "Nightly",
    status: str = "completed",
    ended: timedelta = timedelta(hours=5),
    number: int = 10,
) -> Night:
    began = NOW.replace(hour=0) - timedelta(days=days_ago)
    run = NightRun(
        repo=REPO, workflow=workflow, run_id=RunId(number), number=number, attempt=1, status=status,
        conclusion="", created_at=began,
        completed_at=NOW - ended if status == "completed" else None,
    )  # fmt: skip
    return Night(key=f"{began:%Y-%m-%d}", label="", day=began.date(), runs=(run,))


def waited(
    *nights: Night, settled: tuple[int, ...] = (), now: datetime = NOW
) -> list[tuple[str, bool]]:
    """Return what is waited for, and whether it has not begun."""
    found = awaited_runs(
        nights,
        [(REPO, NIGHTLY), (REPO, LATER)],
        {(RunId(number), 1) for number in settled},
        now=now,
        github_url="https://github.example",
    )
    return [(one.workflow, one.due_at is not None) for one in found]


def test_a_night_that_is_over_is_complete() -> None:
    assert waited(night(0)) == []


def test_a_night_that_runs_is_waited_for() -> None:
    (one,) = awaited_runs(
        [night(0, status="in_progress")], [(REPO, NIGHTLY)], set(), now=NOW,
        github_url="https://github.example",
    )  # fmt: skip

    assert one == AwaitedRun(
        workflow="Nightly", run_id=RUN, url=f"https://github.example/{REPO}/actions/runs/10"
    )


def test_a_night_that_should_have_begun_is_waited_for() -> None:
    assert waited(night(1)) == [("Nightly", True)]
    assert waited(night(1), settled=(10,), now=NOW.replace(hour=0) - timedelta(minutes=1)) == []


def test_what_never_ran_is_not_waited_for() -> None:
    assert waited() == []
    assert waited(night(0)) == []


def test_each_workflow_is_waited_for_by_its_own_hour() -> None:
    nights = night(0), night(1, workflow="Later", number=9)

    assert waited(*nights) == [("Later", True)]
    assert waited(*nights, settled=(9, 10), now=NOW.replace(hour=4)) == []


def test_a_run_that_has_just_ended_waits_until_it_is_settled() -> None:
    just = night(0, ended=timedelta(minutes=10))

    assert waited(just) == [("Nightly", False)]
    assert waited(just, settled=(10,)) == []
    assert waited(night(0, ended=timedelta(minutes=61))) == []
