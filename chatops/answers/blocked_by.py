"""What kind of thing keeps an open pull request from being merged, and what exactly?

Each is of one kind, the one that somebody has to see to first: what failed comes before what is waited for.
"""

from collections.abc import Sequence
from enum import StrEnum

from msgspec import Struct

from chatops.answers.night_cells import UNSETTLED, State
from chatops.answers.owners import Area
from chatops.answers.pull_checks import PullChecks
from chatops.answers.pull_status import hindrances

AWAITED_SHOWN = 3
APPROVAL = "action_required"
"""How GitHub ends a run that somebody has to let run first."""
WENT_WRONG = frozenset({State.FAILED, State.INFRA, State.UNKNOWN, State.CANCELLED})


class Blocker(StrEnum):
    """By what a pull request is blocked."""

    FAILED = "failed"
    """A required check failed or was cancelled, or the gate is red."""
    WAITING = "waiting"
    """Somebody has to add or take off a label, to let its workflows run, or to approve it."""
    MISSING = "missing"
    """What is required was skipped, or nobody has reported it."""
    RUNNING = "running"
    """What is required still runs."""
    NOTHING = "nothing"
    """CI does not keep it from being merged."""
    DRAFT = "draft"
    """Its author still works on it."""
    UNKNOWN = "unknown"
    """Nobody has told what is required."""


class Blocked(Struct, frozen=True, kw_only=True):
    """By what kind of thing a pull request is blocked; by what, in the words of `status pr`, and by what besides CI."""

    by: Blocker
    what: tuple[str, ...]
    besides: tuple[str, ...] = ()

    @property
    def all(self) -> tuple[str, ...]:
        """Return everything that is in its way."""
        return self.what + self.besides


def blocked(
    checks: PullChecks, awaited: Sequence[Area] | None = None, *, lacks_issue: bool = False
) -> Blocked:
    """Return what keeps a pull request from being merged; `awaited` are the files nobody has approved."""
    besides = _unapproved(awaited or ())
    if lacks_issue:
        besides.append("it has to name an issue in its title or text")
    if any(run.conclusion == APPROVAL for run in checks.runs):
        besides.append("a workflow waits for somebody to let it run")
    return Blocked(
        by=_kind(checks, waits=bool(besides)),
        what=tuple(hindrances(checks)),
        besides=tuple(besides),
    )


def _kind(checks: PullChecks, *, waits: bool) -> Blocker:
    states = {check.state for check in checks.holding_up}
    if checks.pull.is_draft:
        return Blocker.DRAFT
    if states & WENT_WRONG:
        return Blocker.FAILED
    if checks.hold or checks.labels_missing or waits:
        return Blocker.WAITING
    if checks.needs is None:
        return Blocker.UNKNOWN
    if states - UNSETTLED:
        return Blocker.MISSING
    if states:
        return Blocker.RUNNING
    return Blocker.FAILED if hindrances(checks) else Blocker.NOTHING


def _unapproved(awaited: Sequence[Area]) -> list[str]:
    if not awaited:
        return []
    places = ", ".join(f"`{area.place}`" for area in awaited[:AWAITED_SHOWN])
    more = len(awaited) - AWAITED_SHOWN
    return [f"an owner has yet to approve {places}{f' and {more} more' if more > 0 else ''}"]
