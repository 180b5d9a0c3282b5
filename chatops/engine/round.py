"""Rounds: what is looked at again and again. Nobody sends an event about what does not happen, so the clock asks."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import ClassVar

import structlog
from msgspec import Struct
from sqlalchemy import Connection

from chatops.config import Operators
from chatops.engine.bus import SOURCE
from chatops.engine.command import Knowledge
from chatops.engine.database import Database
from chatops.engine.log import Batch
from chatops.engine.work import Open
from chatops.errors import Unavailable
from chatops.events import Event, Fact, Recorded
from chatops.names import CommandId
from chatops.ports import Clock

logger = structlog.get_logger(__name__)


class Outlook(Struct, frozen=True, kw_only=True):
    """What a round may look at: one snapshot of the read models, for each community, and what waits to be done.

    `story` tells what is recorded of a command so far, `backlog` what the crew has not done, `has_slack` whether
    somebody could be told in Slack.
    """

    db: Connection
    now: datetime
    communities: Sequence[Knowledge]
    operators: Operators
    story: Callable[[CommandId], Sequence[Recorded]]
    backlog: Callable[[], Sequence[Open]]
    has_slack: bool = True


class Round(ABC):
    """A look every so often, which finds what only time makes true.

    It is made again after a restart, and by several processes at once: what it finds must have the same keys each time.
    """

    name: ClassVar[str]
    every: ClassVar[timedelta]

    @abstractmethod
    def find(self, outlook: Outlook) -> Iterable[Fact]:
        """Return what shall be recorded because of the time it is."""


class Rounds:
    """Makes one round when it is asked to, and records what it finds."""

    def __init__(
        self,
        database: Database,
        rounds: Iterable[Round],
        *,
        outlook: Callable[[Connection], Outlook],
        append: Callable[[Batch], Awaitable[object]],
        clock: Clock,
    ) -> None:
        self.all: Mapping[str, Round] = {one.name: one for one in rounds}
        self._database = database
        self._outlook = outlook
        self._append = append
        self._clock = clock
        self._made: dict[str, float] = dict.fromkeys(self.all, clock.monotonic())

    async def make(self, name: str) -> int:
        """Make a round; return how much it has found. While the database is away it finds nothing."""
        try:
            facts = await asyncio.to_thread(self._found, self.all[name])
            if facts:
                await self._append(Batch(facts=facts))
        except Unavailable as problem:
            logger.warning("a round was left out", round=name, problem=str(problem))
            return 0
        self._made[name] = self._clock.monotonic()
        return len(facts)

    def ages(self) -> Mapping[str, float]:
        """Return for how many seconds each round was not made; one that fails each time grows old."""
        now = self._clock.monotonic()
        return {name: now - made for name, made in self._made.items()}

    def _found(self, one: Round) -> list[Fact]:
        with self._database.read() as db:
            return list(one.find(self._outlook(db)))


def of_ours(event: Event, because: str) -> Fact:
    """Return a fact that nothing but the clock is the cause of, and what it belongs to."""
    return Fact(event=event, source=SOURCE, correlation_id=because)
