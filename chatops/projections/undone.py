"""Which commands were taken back, and by which others?"""

from collections.abc import Collection, Sequence
from typing import ClassVar

from sqlalchemy import Column, Connection, String, Table, select

from chatops.engine.projection import Projection
from chatops.engine.upsert import upsert
from chatops.events import Event, Recorded
from chatops.events.conversation import CommandTakenBack
from chatops.names import CommandId


class Undone(Projection):
    """One row per command that was taken back."""

    name: ClassVar[str] = "undone"
    reads: ClassVar[tuple[type[Event], ...]] = (CommandTakenBack,)

    undone: Table

    def declare(self) -> None:
        self.undone = self.table(
            "undone",
            Column("command", String, primary_key=True),
            Column("taken_back_by", String, nullable=False),
        )

    def apply(self, facts: Sequence[Recorded], db: Connection) -> None:
        rows = {
            fact.event.undone: {"command": fact.event.undone, "taken_back_by": fact.event.command}
            for fact in facts
            if isinstance(fact.event, CommandTakenBack)
        }
        upsert(db, self.undone, list(rows.values()))


LIVE = Undone()


def taken_back(db: Connection, commands: Collection[CommandId]) -> set[CommandId]:
    """Return those of a few commands that were taken back."""
    undone = LIVE.undone.c
    return set(db.scalars(select(undone.command).where(undone.command.in_(sorted(commands)))))
