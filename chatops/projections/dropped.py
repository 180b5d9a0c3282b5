"""Which reruns that had to wait did somebody take back?"""

from collections.abc import Sequence
from typing import ClassVar

from sqlalchemy import BigInteger, Column, Connection, String, Table, select

from chatops.engine.projection import Projection
from chatops.engine.upsert import upsert
from chatops.events import Event, Recorded
from chatops.events.reruns import RerunDropped
from chatops.names import CommandId, RunId


class Dropped(Projection):
    """One row per rerun that a command had asked for and another command took back before it began."""

    name: ClassVar[str] = "dropped"
    reads: ClassVar[tuple[type[Event], ...]] = (RerunDropped,)

    reruns: Table

    def declare(self) -> None:
        self.reruns = self.table(
            "dropped_reruns",
            Column("command", String, primary_key=True),
            Column("run_id", BigInteger, primary_key=True, autoincrement=False),
        )

    def apply(self, facts: Sequence[Recorded], db: Connection) -> None:
        rows: dict[tuple[CommandId, RunId], dict[str, object]] = {}
        for fact in facts:
            event = fact.event
            assert isinstance(event, RerunDropped)
            if event.of:
                rows[event.of, event.run_id] = {"command": event.of, "run_id": event.run_id}
        upsert(db, self.reruns, list(rows.values()))


LIVE = Dropped()


def is_dropped(db: Connection, command: CommandId, run_id: RunId) -> bool:
    """Return whether somebody took back what a command wanted of a run."""
    reruns = LIVE.reruns.c
    query = select(reruns.run_id).where(reruns.command == command, reruns.run_id == run_id)
    return db.scalar(query) is not None
