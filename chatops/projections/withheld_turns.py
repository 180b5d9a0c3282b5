"""Which night turned red or green without its channel being shown that, and why?"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, ClassVar

import msgspec
from msgspec import Struct
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Index,
    Row,
    String,
    Table,
    Text,
    select,
)

from chatops.engine.clock import from_microseconds, microseconds
from chatops.engine.projection import Projection
from chatops.engine.upsert import upsert
from chatops.events import Event, Recorded
from chatops.events.night_threads import NightNewsWanted

_JOBS = msgspec.json.Decoder(tuple[str, ...])


class WithheldTurns(Projection):
    """One row for each turn of a night that was said in its thread alone, with the jobs that turned it."""

    name: ClassVar[str] = "withheld_turns"
    reads: ClassVar[tuple[type[Event], ...]] = (NightNewsWanted,)

    turns: Table

    def declare(self) -> None:
        self.turns = self.table(
            "withheld_turns",
            Column("key", String, primary_key=True),
            Column("community", String, nullable=False),
            Column("channel", String, nullable=False),
            Column("night", String, nullable=False),
            Column("is_red", Boolean, nullable=False),
            Column("jobs", Text, nullable=False),
            Column("path", String, nullable=False),
            Column("text", Text, nullable=False),
            Column("at", BigInteger, nullable=False),
            Index(f"{self.prefix}withheld_turns_newest", "community", "at"),
        )

    def apply(self, facts: Sequence[Recorded], db: Connection) -> None:
        events = [fact.event for fact in facts]
        upsert(
            db,
            self.turns,
            [_row(one) for one in events if isinstance(one, NightNewsWanted) and one.withheld],
        )


LIVE = WithheldTurns()


class Turn(Struct, frozen=True, kw_only=True):
    """That a night turned, and why its channel was not shown it. `jobs` fail now if it `is_red`, or pass again."""

    channel: str
    night: str
    is_red: bool
    jobs: tuple[str, ...]
    path: str
    text: str
    at: datetime


def newest_turns(db: Connection, community: str, limit: int) -> list[Turn]:
    """Return the turns that channels were not shown, the newest first."""
    turns = LIVE.turns.c
    query = (
        select(LIVE.turns)
        .where(turns.community == community)
        .order_by(turns.at.desc(), turns.key)
        .limit(limit)
    )
    return [_turn(row) for row in db.execute(query)]


def _turn(row: Row[Any]) -> Turn:
    return Turn(
        channel=row.channel,
        night=row.night,
        is_red=row.is_red,
        jobs=_JOBS.decode(row.jobs),
        path=row.path,
        text=row.text,
        at=from_microseconds(row.at),
    )


def _row(event: NightNewsWanted) -> dict[str, Any]:
    return {
        "key": event.key(),
        "community": event.community,
        "channel": event.channel,
        "night": event.night,
        "is_red": event.is_red,
        "jobs": msgspec.json.encode(event.failing if event.is_red else event.fixed).decode(),
        "path": event.path,
        "text": event.withheld,
        "at": microseconds(event.wanted_at),
    }
