"""When should the next night have begun? A night that does not come is news, and nobody sends it."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, time, timedelta

from msgspec import Struct

from chatops.answers.night_tests import Night
from chatops.config import NightlyWorkflow
from chatops.names import Repo

GRACE = timedelta(hours=3)
"""GitHub starts scheduled runs late when many are due at once; this much is nothing to speak of."""
SATURDAY = 5


class Late(Struct, frozen=True, kw_only=True):
    """A nightly workflow whose next run should have begun at `due_at`; its newest one began at `began_at`."""

    workflow: str
    began_at: datetime
    due_at: datetime


def next_start(workflow: NightlyWorkflow, began_at: datetime) -> datetime:
    """Return when the night after one that began then should begin, UTC.

    A weekly workflow comes on the weekday of its newest run.
    """
    day = began_at.astimezone(UTC).date()
    day += timedelta(days=7 if workflow.cadence == "weekly" else 1)
    while workflow.cadence == "weekdays" and day.weekday() >= SATURDAY:
        day += timedelta(days=1)
    return datetime.combine(day, time(workflow.hour), UTC)


def late_workflows(
    nights: Iterable[Night],
    workflows: Sequence[tuple[Repo, NightlyWorkflow]],
    now: datetime,
    grace: timedelta = GRACE,
) -> tuple[Late, ...]:
    """Return which workflows are overdue; of one that never ran nothing can be said."""
    newest: dict[tuple[str, str], datetime] = {}
    for night in nights:
        for run in night.runs:
            if run.created_at is not None:
                key = (run.repo, run.workflow)
                newest[key] = max(run.created_at, newest.get(key, run.created_at))
    found = []
    for repo, workflow in workflows:
        began_at = newest.get((repo, workflow.name))
        if began_at is None:
            continue
        due_at = next_start(workflow, began_at)
        if now > due_at + grace:
            found.append(Late(workflow=workflow.name, began_at=began_at, due_at=due_at))
    return tuple(found)
