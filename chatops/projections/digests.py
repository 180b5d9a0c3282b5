"""Which digests has a channel got, what did the newest one leave it knowing, and why was there none?"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, ClassVar

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
    func,
    select,
)

from chatops.engine.clock import from_microseconds, microseconds
from chatops.engine.projection import Projection
from chatops.engine.upsert import upsert
from chatops.events import Event, Recorded
from chatops.events.digests import DigestPosted, DigestRefused, DigestWanted, DigestWithheld


class Digests(Projection):
    """One row per channel and day, with what the channel knows after it; and one with what Slack said to it."""

    name: ClassVar[str] = "digests"
    reads: ClassVar[tuple[type[Event], ...]] = (
        DigestWanted,
        DigestWithheld,
        DigestPosted,
        DigestRefused,
    )

    digests: Table
    outcomes: Table

    def declare(self) -> None:
        self.digests = self.table(
            "digests",
            Column("digest", String, primary_key=True),
            Column("community", String, nullable=False),
            Column("channel", String, nullable=False),
            Column("day", String, nullable=False),
            Column("made_from", BigInteger, nullable=False),
            Column("made_at", BigInteger, nullable=False),
            Column("is_wanted", Boolean, nullable=False),
            Column("reason", String, nullable=False),
            Column("failing", String, nullable=False),
            Column("waited", String, nullable=False),
            Index(f"{self.prefix}digests_newest", "community", "channel", "made_at"),
            Index(f"{self.prefix}digests_made_from", "made_from"),
        )
        self.outcomes = self.table(
            "digest_outcomes",
            Column("digest", String, primary_key=True),
            Column("message", String, nullable=False),
            Column("refusal", String, nullable=False),
        )

    def apply(self, facts: Sequence[Recorded], db: Connection) -> None:
        events = [fact.event for fact in facts]
        # A digest's key is taken once, so there is nothing to weigh.
        upsert(
            db,
            self.digests,
            [_row(one) for one in events if isinstance(one, DigestWanted | DigestWithheld)],
        )
        outcomes: dict[str, dict[str, Any]] = {}
        for event in events:
            match event:
                case DigestPosted(digest=digest, message=message):
                    outcomes[digest] = {"digest": digest, "message": message, "refusal": ""}
                case DigestRefused(digest=digest, text=text) if digest not in outcomes:
                    outcomes[digest] = {"digest": digest, "message": "", "refusal": text}
                case _:
                    pass
        # What Slack took in the end was not refused.
        upsert(
            db,
            self.outcomes,
            list(outcomes.values()),
            newer=lambda new, old: (old.message == "") & (new.message != ""),
        )


LIVE = Digests()


class Made(Struct, frozen=True, kw_only=True):
    """A digest that was made, or held back, from the read models of a position.

    `failing` and `waited` are what the channel knows after it.
    """

    digest: str
    channel: str
    day: str
    position: int
    at: datetime
    is_wanted: bool
    reason: str
    failing: frozenset[str]
    waited: frozenset[str]


def newest_digests(db: Connection, community: str, channel: str, limit: int) -> list[Made]:
    """Return the digests of a channel, the newest first."""
    digests = LIVE.digests.c
    query = (
        select(LIVE.digests)
        .where(digests.community == community, digests.channel == channel)
        .order_by(digests.made_at.desc(), digests.digest.desc())
        .limit(limit)
    )
    return [_made(row) for row in db.execute(query)]


def digests_made_from(db: Connection, community: str, position: int) -> list[Made]:
    """Return what digests of a community were made from the read models of a position, by channel."""
    digests = LIVE.digests.c
    query = (
        select(LIVE.digests)
        .where(digests.made_from == position, digests.community == community)
        .order_by(digests.channel, digests.digest)
    )
    return [_made(row) for row in db.execute(query)]


def last_digest_at(db: Connection, community: str) -> datetime | None:
    """Return when the newest digest was made that a channel of a community has got."""
    digests, outcomes = LIVE.digests.c, LIVE.outcomes.c
    query = select(func.max(digests.made_at)).where(
        digests.community == community, digests.digest == outcomes.digest, outcomes.message != ""
    )
    made_at = db.scalar(query)
    return None if made_at is None else from_microseconds(made_at)


def refusal_of(db: Connection, digest: str) -> str:
    """Return what Slack said against a digest, empty where it took it or was not asked yet."""
    outcomes = LIVE.outcomes.c
    query = select(outcomes.refusal).where(outcomes.digest == digest)
    return str(db.scalar(query) or "")


def _made(row: Row[Any]) -> Made:
    return Made(
        digest=row.digest,
        channel=row.channel,
        day=row.day,
        position=row.made_from,
        at=from_microseconds(row.made_at),
        is_wanted=row.is_wanted,
        reason=row.reason,
        failing=frozenset(filter(None, row.failing.split("\n"))),
        waited=frozenset(filter(None, row.waited.split("\n"))),
    )


def _row(event: DigestWanted | DigestWithheld) -> dict[str, Any]:
    return {
        "digest": event.digest,
        "community": event.community,
        "channel": event.channel,
        "day": event.day,
        "made_from": event.position,
        "made_at": microseconds(event.at),
        "is_wanted": isinstance(event, DigestWanted),
        "reason": "" if isinstance(event, DigestWanted) else event.reason,
        "failing": _lines(event.failing),
        "waited": _lines(event.waited),
    }


def _lines(names: Sequence[str]) -> str:
    return "\n".join(" ".join(name.split()) for name in names)
