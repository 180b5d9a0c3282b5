"""Which nightly runs keep a night from being complete? Those that go on, and those that should have begun by now."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from chatops.answers.night_schedule import next_start
from chatops.answers.night_tests import Night, NightRun
from chatops.config import NightlyWorkflow
from chatops.events.digests import AwaitedRun
from chatops.names import Repo, RunId

SETTLING = timedelta(hours=1)
"""For so long after a run has ended it is waited for those of its jobs that we have not heard of."""


def awaited_runs(
    nights: Iterable[Night],
    workflows: Sequence[tuple[Repo, NightlyWorkflow]],
    settled: set[tuple[RunId, int]],
    *,
    now: datetime,
    github_url: str,
) -> tuple[AwaitedRun, ...]:
    """Return the runs that are waited for, in the order of the workflows; of what never ran nothing can be said."""
    newest = newest_runs(nights)
    found = []
    for repo, workflow in workflows:
        run = newest.get((repo, workflow.name))
        if run is None:
            continue
        due_at = None if run.created_at is None else next_start(workflow, run.created_at)
        if due_at is not None and due_at <= now:
            found.append(AwaitedRun(workflow=workflow.name, due_at=due_at))
        elif not run.is_over or _settles(run, settled, now):
            url = f"{github_url}/{repo}/actions/runs/{run.run_id}"
            found.append(AwaitedRun(workflow=workflow.name, run_id=run.run_id, url=url))
    return tuple(found)


def newest_runs(nights: Iterable[Night]) -> dict[tuple[Repo, str], NightRun]:
    """Return the newest run of each workflow of some nights, which come newest first."""
    found: dict[tuple[Repo, str], NightRun] = {}
    for night in nights:
        for run in night.runs:
            key = (run.repo, run.workflow)
            if key not in found or run.run_id > found[key].run_id:
                found[key] = run
    return found


def _settles(run: NightRun, settled: set[tuple[RunId, int]], now: datetime) -> bool:
    """Return whether the last words about a run that has ended may still be on their way."""
    return (
        (run.run_id, run.attempt) not in settled
        and run.completed_at is not None
        and now - run.completed_at < SETTLING
    )
