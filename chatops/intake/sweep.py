"""Brings what a lost webhook should have brought: asks GitHub how the runs that somebody waits for are now."""

from collections.abc import Awaitable, Callable, Sequence

import structlog

from chatops.answers.awaited import Awaited
from chatops.engine.log import Batch
from chatops.errors import Refused, Transient
from chatops.events import Event, Fact
from chatops.events.runs import RunLookedUp
from chatops.intake.objects import job_events, run_events
from chatops.ports import GitHub

logger = structlog.get_logger(__name__)

GONE = ("not_found", "gone")
"""Reasons for which GitHub does not show a run that it once had."""


async def sweep(
    github: GitHub, append: Callable[[Batch], Awaitable[object]], awaited: Sequence[Awaited]
) -> int:
    """Look at each awaited run; record what is new. Returns how many runs were seen.

    A run that GitHub does not show, or stumbles over, does not keep the others waiting; a limit does.
    """
    seen = 0
    for one in awaited:
        try:
            events = await _news(github, one)
        except Refused as problem:
            logger.warning("run not swept", run=one.run_id, problem=problem.text)
            continue
        except Transient as problem:
            if problem.retry_after is not None:
                raise
            logger.warning("run not swept", run=one.run_id, problem=str(problem))
            continue
        seen += 1
        facts = [
            Fact(event=event, source="backfill", correlation_id=f"sweep/{one.run_id}")
            for event in events
        ]
        if facts:
            await append(Batch(facts=facts))
    return seen


async def _news(github: GitHub, one: Awaited) -> list[Event]:
    """Return what there is to tell of a run, and of each attempt that ended since: another may have begun meanwhile."""
    try:
        run = await github.run(one.repo, one.run_id)
    except Refused as refusal:
        if refusal.reason not in GONE or not one.is_settled:
            raise
        return [_looked_up(one, known=False)]
    events: list[Event] = list(run_events(run))
    newest = int(run.get("run_attempt") or 1)
    if newest < one.attempt and one.is_settled:
        return [*events, _looked_up(one, known=False)]
    last = newest if run.get("status") == "completed" else newest - 1
    for attempt in range(one.attempt, last + 1):
        if attempt < newest:
            events.extend(run_events(await github.run(one.repo, one.run_id, attempt)))
        async for job in github.jobs(one.repo, one.run_id, attempt):
            events.extend(job_events(job, one.repo))
    if one.attempt <= last:
        events.append(_looked_up(one, known=True))
    return events


def _looked_up(one: Awaited, *, known: bool) -> RunLookedUp:
    return RunLookedUp(repo=one.repo, run_id=one.run_id, attempt=one.attempt, known=known)
