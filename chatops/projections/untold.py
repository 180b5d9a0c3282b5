"""Whose request has not had a word yet?"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import BigInteger, Boolean, Column, Connection, Index, String, Table, select

from chatops.engine.projection import Projection
from chatops.engine.reply import DONE
from chatops.engine.upsert import upsert
from chatops.events import Event, Recorded
from chatops.events.conversation import (
    CommandOverdue,
    CommandReceived,
    ReactionAdded,
    ReplyPosted,
)
from chatops.names import CommandId

MICROSECONDS = 1_000_000


class Untold(Projection):
    """One row per command: when we heard it, and whether anything was told since. That it was heard is not telling."""

    name: ClassVar[str] = "untold"
    reads: ClassVar[tuple[type[Event], ...]] = (
        CommandReceived,
        ReplyPosted,
        ReactionAdded,
        CommandOverdue,
    )

    waiting: Table

    def declare(self) -> None:
        self.waiting = self.table(
            "waiting",
            Column("command", String, primary_key=True),
            Column("community", String),
            Column("heard_at", BigInteger),
            Column("told", Boolean),
            Index(f"{self.prefix}waiting_since", "heard_at"),
        )

    def apply(self, facts: Sequence[Recorded], db: Connection) -> None:
        rows: dict[str, dict[str, Any]] = {}
        for fact in facts:
            columns = _columns(fact)
            if columns:
                row = rows.setdefault(
                    columns["command"], dict.fromkeys(self.waiting.columns.keys())
                )
                row |= columns
        upsert(db, self.waiting, list(rows.values()), merge=True)


LIVE = Untold()


def untold(db: Connection, community: str, *, after: datetime, before: datetime) -> list[CommandId]:
    """Return the commands heard between two moments of which nothing was told, the oldest first."""
    waiting = LIVE.waiting.c
    query = (
        select(waiting.command)
        .where(
            waiting.heard_at > int(after.timestamp()),
            waiting.heard_at <= int(before.timestamp()),
            waiting.community == community,
            waiting.told.is_(None),
        )
        .order_by(waiting.heard_at, waiting.command)
    )
    return [CommandId(command) for command in db.scalars(query)]


def _columns(fact: Recorded) -> dict[str, Any]:
    match fact.event:
        case CommandReceived() as event:
            return {
                "command": event.command,
                "community": event.community,
                "heard_at": fact.recorded_us // MICROSECONDS,
            }
        case ReactionAdded() as event if event.reaction != DONE:
            return {}
        case ReplyPosted() | ReactionAdded() | CommandOverdue() as event:
            return {"command": event.command, "told": True}
        case _:
            return {}
