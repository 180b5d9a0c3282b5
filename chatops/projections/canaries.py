"""When was a canary sent last, and when did one last come back?"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, ClassVar

from msgspec import Struct
from sqlalchemy import BigInteger, Column, Connection, String, Table, select

from chatops.engine.clock import from_microseconds, microseconds
from chatops.engine.projection import Projection
from chatops.engine.upsert import upsert
from chatops.events import Event, Recorded
from chatops.events.canaries import CanaryReturned, CanarySent

SENT, RETURNED = "sent", "returned"


class Canaries(Projection):
    """Two rows: the newest that was sent, and the newest that came back."""

    name: ClassVar[str] = "canaries"
    reads: ClassVar[tuple[type[Event], ...]] = (CanarySent, CanaryReturned)

    canaries: Table

    def declare(self) -> None:
        self.canaries = self.table(
            "canaries",
            Column("what", String, primary_key=True),
            Column("at", BigInteger, nullable=False),
        )

    def apply(self, facts: Sequence[Recorded], db: Connection) -> None:
        newest: dict[str, dict[str, Any]] = {}
        for fact in facts:
            event = fact.event
            assert isinstance(event, CanarySent | CanaryReturned)
            what = SENT if isinstance(event, CanarySent) else RETURNED
            row = {"what": what, "at": microseconds(event.at)}
            if what not in newest or row["at"] > newest[what]["at"]:
                newest[what] = row
        upsert(
            db,
            self.canaries,
            list(newest.values()),
            newer=lambda new, old: new.at > old.at,
        )


LIVE = Canaries()


class Canary(Struct, frozen=True, kw_only=True):
    """When one was sent last, and when the last that came back had been sent; nothing where none was."""

    sent_at: datetime | None
    returned_at: datetime | None


def canary(db: Connection) -> Canary:
    """Return how it is with the canaries."""
    rows = {row.what: from_microseconds(row.at) for row in db.execute(select(LIVE.canaries))}
    return Canary(sent_at=rows.get(SENT), returned_at=rows.get(RETURNED))
