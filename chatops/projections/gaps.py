"""Which deliveries of GitHub's have not come, how often was asked for them, and when was that looked at last?"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar

from msgspec import Struct
from sqlalchemy import BigInteger, Column, Connection, Integer, String, Table, func, select

from chatops.engine.clock import from_microseconds, microseconds
from chatops.engine.projection import Projection
from chatops.engine.upsert import upsert
from chatops.events import Event, Recorded
from chatops.events.deliveries import (
    DeliveriesAudited,
    DeliveryAskedAgain,
    DeliveryMended,
    DeliveryMissed,
)

REMEMBERED = timedelta(days=3)
"""How long GitHub keeps what it sent, and can send it again."""
AUDIT = 1
MOST_OPEN = 1_000


class Gaps(Projection):
    """A row for each delivery that was missed, asked for or mended; and one for the newest look at GitHub's list."""

    name: ClassVar[str] = "gaps"
    reads: ClassVar[tuple[type[Event], ...]] = (
        DeliveriesAudited, DeliveryAskedAgain, DeliveryMended, DeliveryMissed,
    )  # fmt: skip

    missed: Table
    asked: Table
    mended: Table
    audits: Table

    def declare(self) -> None:
        self.missed = self.table(
            "gaps",
            Column("guid", String, primary_key=True),
            Column("number", BigInteger, nullable=False),
            Column("event", String, nullable=False),
            Column("said", String, nullable=False),
            Column("delivered_at", BigInteger, nullable=False),
        )
        self.asked = self.table(
            "gaps_asked",
            Column("guid", String, primary_key=True),
            Column("times", Integer, nullable=False),
            Column("at", BigInteger, nullable=False),
        )
        self.mended = self.table(
            "gaps_mended",
            Column("guid", String, primary_key=True),
            Column("at", BigInteger, nullable=False),
        )
        self.audits = self.table(
            "audits",
            Column("number", Integer, primary_key=True, autoincrement=False),
            Column("since", BigInteger, nullable=False),
            Column("until", BigInteger, nullable=False),
            Column("listed", BigInteger, nullable=False),
        )

    def apply(self, facts: Sequence[Recorded], db: Connection) -> None:
        missed, mended = dict[str, Any](), dict[str, Any]()
        asked = dict[str, dict[str, Any]]()
        audits = list[DeliveriesAudited]()
        for fact in facts:
            match fact.event:
                case DeliveryMissed() as gap:
                    missed.setdefault(
                        gap.guid,
                        {
                            "guid": gap.guid, "number": gap.number, "event": gap.event,
                            "said": gap.said, "delivered_at": microseconds(gap.delivered_at),
                        },
                    )  # fmt: skip
                case DeliveryAskedAgain() as again:
                    row = {"guid": again.guid, "times": again.time, "at": microseconds(again.at)}
                    known = asked.setdefault(again.guid, row)
                    if again.time > known["times"]:
                        asked[again.guid] = row
                case DeliveryMended() as repair:
                    at = microseconds(repair.at)
                    mended.setdefault(repair.guid, {"guid": repair.guid, "at": at})
                case DeliveriesAudited() as audit:
                    audits.append(audit)
        upsert(db, self.missed, list(missed.values()))
        upsert(db, self.asked, list(asked.values()), newer=lambda new, old: new.times > old.times)
        upsert(db, self.mended, list(mended.values()))
        if audits:
            newest = max(audits, key=lambda one: one.until)
            row = {
                "number": AUDIT,
                "since": microseconds(newest.since),
                "until": microseconds(newest.until),
                "listed": newest.listed,
            }
            upsert(db, self.audits, [row], newer=lambda new, old: new.until > old.until)


LIVE = Gaps()


class Gap(Struct, frozen=True, kw_only=True):
    """A delivery that has not come: what it was of, how GitHub found it ended, and how often was asked for it again."""

    guid: str
    number: int
    event: str
    said: str
    delivered_at: datetime
    times: int = 0
    asked_at: datetime | None = None


class Audit(Struct, frozen=True, kw_only=True):
    """The newest look at GitHub's list: from when to when, and how many deliveries were in it."""

    since: datetime
    until: datetime
    listed: int


def open_gaps(db: Connection) -> tuple[Gap, ...]:
    """Return the deliveries that have not come, the newest first, up to a thousand."""
    missed, asked, mended = LIVE.missed, LIVE.asked, LIVE.mended
    query = (
        select(missed, asked.c.times, asked.c.at)
        .join(asked, asked.c.guid == missed.c.guid, isouter=True)
        .join(mended, mended.c.guid == missed.c.guid, isouter=True)
        .where(mended.c.guid.is_(None))
        .order_by(missed.c.delivered_at.desc(), missed.c.guid)
        .limit(MOST_OPEN)
    )
    return tuple(
        Gap(
            guid=row.guid,
            number=row.number,
            event=row.event,
            said=row.said,
            delivered_at=from_microseconds(row.delivered_at),
            times=row.times or 0,
            asked_at=from_microseconds(row.at) if row.at is not None else None,
        )
        for row in db.execute(query)
    )


def mended_gaps(db: Connection) -> int:
    """Return how many deliveries came after all."""
    return db.execute(select(func.count()).select_from(LIVE.mended)).scalar_one()


def last_audit(db: Connection) -> Audit | None:
    """Return the newest look at GitHub's list."""
    row = db.execute(select(LIVE.audits)).first()
    if row is None:
        return None
    return Audit(
        since=from_microseconds(row.since), until=from_microseconds(row.until), listed=row.listed
    )
