"""Brings what a lost webhook should have brought: asks GitHub how the runs that somebody waits for are now."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import structlog

from chatops.engine.log import Batch
from chatops.errors import Refused
from chatops.events import Event, Fact
from chatops.intake.objects import job_events, run_events
from chatops.names import Repo, RunId
from chatops.ports import GitHub

logger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Awaited:
    """A run that a command asked to run again, after `attempt`, and of which the end is not known."""

    repo: Repo
    run_id: RunId
    attempt: int


async def sweep(
    github: GitHub, append: Callable[[Batch], Awaitable[object]], awaited: Sequence[Awaited]
) -> int:
    """Look at each awaited run; record what is new. Returns how many runs were looked at."""
    for one in awaited:
        try:
            run = await github.run(one.repo, one.run_id)
            events: list[Event] = list(run_events(run))
            attempt = int(run.get("run_attempt") or 1)
            if attempt > one.attempt and run.get("status") == "completed":
                async for job in github.jobs(one.repo, one.run_id, attempt):
                    events.extend(job_events(job, one.repo))
        except Refused as problem:
            logger.warning("run not swept", run=one.run_id, problem=problem.text)
            continue
        facts = [
            Fact(event=event, source="backfill", correlation_id=f"sweep/{one.run_id}/{attempt}")
            for event in events
        ]
        if facts:
            await append(Batch(facts=facts))
    return len(awaited)
