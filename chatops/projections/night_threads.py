"""Which message does a night have in a channel, and what is it called in Slack?"""

from collections.abc import Collection, Sequence
from typing import Any, ClassVar

from sqlalchemy import Column, Connection, String, Table, select

from chatops.engine.projection import Projection
from chatops.engine.upsert import upsert
from chatops.events import Event, Recorded
from chatops.events.night_threads import NightMessageSent, NightMessageWanted


class NightThreads(Projection):
    """One row for each message that is wanted; it has a name once it is there."""

    name: ClassVar[str] = "night_threads"
    reads: ClassVar[tuple[type[Event], ...]] = (NightMessageWanted, NightMessageSent)

    messages: Table

    def declare(self) -> None:
        self.messages = self.table(
            "night_messages",
            Column("message", String, primary_key=True),
            Column("name", String),
        )

    def apply(self, facts: Sequence[Recorded], db: Connection) -> None:
        rows: dict[str, dict[str, Any]] = {}
        for fact in facts:
            event = fact.event
            assert isinstance(event, NightMessageWanted | NightMessageSent)
            row = rows.setdefault(event.message, {"message": event.message, "name": None})
            if isinstance(event, NightMessageSent):
                row["name"] = event.name
        upsert(db, self.messages, list(rows.values()), merge=True)


LIVE = NightThreads()


def night_messages(db: Connection, messages: Collection[str]) -> dict[str, str]:
    """Return those of some messages that are wanted, each with its name in Slack, empty until it is there."""
    columns = LIVE.messages.c
    query = select(LIVE.messages).where(columns.message.in_(sorted(set(messages))))
    return {row.message: row.name or "" for row in db.execute(query)} if messages else {}
