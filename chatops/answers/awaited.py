"""Of which runs does somebody wait for the end, without our having heard of it?"""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta

from msgspec import Struct
from sqlalchemy import Connection

from chatops.events import Recorded
from chatops.events.reruns import (
    RerunDeferred,
    RerunDropped,
    RerunFinished,
    RerunLost,
    RerunRequested,
    RerunStarted,
)
from chatops.names import CommandId, Repo, RunId
from chatops.projections.commands import unfinished_commands

REACH = timedelta(days=30)
"""GitHub runs nothing again after that."""
SETTLED = timedelta(minutes=3)
"""After that GitHub shows everywhere what it has accepted."""


class Awaited(Struct, frozen=True, kw_only=True):
    """An attempt of which the end is awaited. `is_settled`: where GitHub does not know it by now, it never will."""

    repo: Repo
    run_id: RunId
    attempt: int
    is_settled: bool = False


def awaited_runs(
    db: Connection, story: Callable[[CommandId], Sequence[Recorded]], now: datetime
) -> list[Awaited]:
    """Return the attempts that commands have started, or wait for before they start one, each once."""
    after = int((now - REACH).timestamp())
    found: dict[tuple[RunId, int], Awaited] = {}
    for command in unfinished_commands(db, after):
        for one in _of_story(story(command), now):
            key = (one.run_id, one.attempt)
            if key not in found or one.is_settled:
                found[key] = one
    return [found[key] for key in sorted(found)]


def _of_story(story: Sequence[Recorded], now: datetime) -> Iterator[Awaited]:
    events = [recorded.event for recorded in story]
    ended = {
        (event.run_id, event.attempt)
        for event in events
        if isinstance(event, RerunFinished | RerunLost)
    }
    begun = {event.run_id for event in events if isinstance(event, RerunRequested | RerunDropped)}
    for recorded in story:
        event = recorded.event
        if isinstance(event, RerunStarted):
            is_awaited = (event.run_id, event.attempt) not in ended
        elif isinstance(event, RerunDeferred):
            is_awaited = event.run_id not in begun
        else:
            continue
        if is_awaited:
            yield Awaited(
                repo=event.repo,
                run_id=event.run_id,
                attempt=event.attempt,
                is_settled=now - recorded.recorded_at > SETTLED,
            )
