"""Raw deliveries, kept beside the log for a while: what GitHub sent, byte for byte, in little room.

Two deliveries of one event differ in a few numbers, names and times. So each is compressed beside a *sample*: an
earlier delivery of the same event, which is kept once and is the same for a day's others. What takes 8 kB on the wire
and 2 kB when it is compressed alone takes a few hundred bytes then, to be made, written and flushed.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

import msgspec
import zstandard
from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    case,
    delete,
    func,
    insert,
    select,
)

from chatops.engine.clock import from_microseconds, microseconds
from chatops.engine.database import METADATA, Database
from chatops.engine.wording import Columns
from chatops.ports import Clock

DELIVERIES = Table(
    "deliveries",
    METADATA,
    Column("guid", String, primary_key=True),
    Column("event", String, nullable=False),
    Column("received_at", BigInteger, nullable=False),
    Column("appended", Integer, nullable=False),
    Column("sample", Integer, nullable=False, server_default="0"),
    Column("body", LargeBinary),
    Index("deliveries_received_at", "received_at"),
)

SAMPLES = Table(
    "samples",
    METADATA,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("event", String, nullable=False),
    Column("taken_at", BigInteger, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Index("samples_event", "event", "taken_at"),
)

NO_SAMPLE = 0
SHORTEST_SAMPLE, LONGEST_SAMPLE = 64, 65_536
"""Bytes: with less there is nothing to save, and of more only the beginning is taken."""
LEVEL = 1
AT_ONCE = 500
A_DAY = timedelta(days=1) // timedelta(microseconds=1)
"""Microseconds for which a sample serves. What GitHub sends changes over the months, and a sample is gone soon after
the last delivery that was compressed beside it."""
UNUSED_FOR = 2 * A_DAY
"""Microseconds after the retention of what was compressed beside it, clocks of several machines included."""


class Delivery(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One webhook request as it was sent: `body` is the raw bytes, `guid` the sender's id for it."""

    guid: str
    event: str
    body: bytes


class Sample(msgspec.Struct, frozen=True, gc=False):
    """A delivery that others are compressed beside."""

    number: int
    taken_at: int
    compressor: zstandard.ZstdCompressor


class Received(NamedTuple):
    """What came of the deliveries of one event: how many there were, how many became events, and when the last came."""

    event: str
    deliveries: int
    with_news: int
    last_at: datetime


class Ledger(NamedTuple):
    """What was received lately; `since` is the oldest of it, `is_cut` if there is more than was looked at."""

    received: tuple[Received, ...]
    since: datetime | None
    is_cut: bool


def first_received(db: Connection) -> datetime | None:
    """Return when the oldest delivery came that is kept."""
    first = db.execute(select(func.min(DELIVERIES.c.received_at))).scalar()
    return None if first is None else from_microseconds(first)


def newest_deliveries(db: Connection, limit: int) -> Ledger:
    """Return what came of the newest deliveries, those events first that came most."""
    newest = (
        select(DELIVERIES.c.event, DELIVERIES.c.received_at, DELIVERIES.c.appended)
        .order_by(DELIVERIES.c.received_at.desc())
        .limit(limit)
        .subquery()
    )
    number = func.count()
    query = (
        select(
            newest.c.event,
            number,
            func.sum(case((newest.c.appended > 0, 1), else_=0)),
            func.max(newest.c.received_at),
            func.min(newest.c.received_at),
        )
        .group_by(newest.c.event)
        .order_by(number.desc(), newest.c.event)
    )
    rows = [tuple(row) for row in db.execute(query)]
    return Ledger(
        received=tuple(
            Received(event, count, int(with_news), from_microseconds(last))
            for event, count, with_news, last, _ in rows
        ),
        since=from_microseconds(min(row[4] for row in rows)) if rows else None,
        is_cut=sum(row[1] for row in rows) == limit,
    )


class Deliveries:
    """The raw deliveries of one database."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._alone = Sample(NO_SAMPLE, 0, zstandard.ZstdCompressor(level=LEVEL))
        self._samples: dict[str, Sample] = {}

    def samples(self, db: Connection, sent: Iterable[Delivery], now: int) -> Mapping[str, Sample]:
        """Return today's sample for each event; one that is missing is taken in this transaction, which has the log."""
        found = {}
        for delivery in sent:
            if delivery.event not in found:
                known = self._samples.get(delivery.event)
                if known is None or known.taken_at + A_DAY <= now:
                    known = _newest(db, delivery.event, now) or self._taken(db, delivery, now)
                found[delivery.event] = known
        return found

    def remember(self, samples: Mapping[str, Sample]) -> None:
        """Use these samples from now on: the transaction that took them is on the disk."""
        self._samples.update(
            (event, sample) for event, sample in samples.items() if sample.number != NO_SAMPLE
        )

    def rows(
        self, sent: Sequence[tuple[Delivery, int]], samples: Mapping[str, Sample], now: int
    ) -> list[Columns]:
        """Return the rows for deliveries and how many events each became; of a redelivery the first stays."""
        bodies: list[bytes] = [b""] * len(sent)
        for event, sample in samples.items():
            places = [at for at, (delivery, _) in enumerate(sent) if delivery.event == event]
            packed = _compressed(sample.compressor, [sent[at][0].body for at in places])
            for at, body in zip(places, packed, strict=True):
                bodies[at] = body
        return [
            (delivery.guid, delivery.event, now, appended, samples[delivery.event].number, body)
            for (delivery, appended), body in zip(sent, bodies, strict=True)
        ]

    def find(self, guid: str) -> Delivery | None:
        """Return a raw delivery while it is still kept."""
        query = (
            select(DELIVERIES, SAMPLES.c.body.label("beside"))
            .join(SAMPLES, SAMPLES.c.number == DELIVERIES.c.sample, isouter=True)
            .where(DELIVERIES.c.guid == guid)
        )
        with self._database.read() as db:
            row = db.execute(query).first()
        if row is None or row.body is None:
            return None
        beside = None if row.beside is None else _dictionary(_plain(row.beside))
        body = zstandard.ZstdDecompressor(dict_data=beside).decompress(row.body)
        return Delivery(guid=row.guid, event=row.event, body=body)

    def known(self, guids: Sequence[str]) -> set[str]:
        """Return which of these deliveries are kept."""
        found: set[str] = set()
        with self._database.read() as db:
            for start in range(0, len(guids), AT_ONCE):
                some = guids[start : start + AT_ONCE]
                found.update(
                    db.scalars(select(DELIVERIES.c.guid).where(DELIVERIES.c.guid.in_(some)))
                )
        return found

    def forget(self, older_than: timedelta) -> int:
        """Drop what is past its retention, and samples that nothing can need any longer. Returns how many went."""
        limit = microseconds(self._clock.now() - older_than)
        with self._database.write(durable=True) as db:
            gone = db.execute(delete(DELIVERIES).where(DELIVERIES.c.received_at < limit)).rowcount
            db.execute(delete(SAMPLES).where(SAMPLES.c.taken_at < limit - A_DAY - UNUSED_FOR))
        return gone

    def _taken(self, db: Connection, delivery: Delivery, now: int) -> Sample:
        body = delivery.body[:LONGEST_SAMPLE]
        if len(body) < SHORTEST_SAMPLE:
            return self._alone
        newest = db.execute(select(func.max(SAMPLES.c.number))).scalar()
        number = (newest or NO_SAMPLE) + 1
        db.execute(
            insert(SAMPLES).values(
                number=number,
                event=delivery.event,
                taken_at=now,
                body=self._alone.compressor.compress(body),
            )
        )
        return Sample(number, now, _beside(body))


def _newest(db: Connection, event: str, now: int) -> Sample | None:
    query = (
        select(SAMPLES)
        .where(SAMPLES.c.event == event, SAMPLES.c.taken_at > now - A_DAY)
        .order_by(SAMPLES.c.taken_at.desc(), SAMPLES.c.number.desc())
        .limit(1)
    )
    row = db.execute(query).first()
    return None if row is None else Sample(row.number, row.taken_at, _beside(_plain(row.body)))


def _beside(body: bytes) -> zstandard.ZstdCompressor:
    dictionary = _dictionary(body)
    dictionary.precompute_compress(level=LEVEL)
    return zstandard.ZstdCompressor(level=LEVEL, dict_data=dictionary)


def _dictionary(body: bytes) -> zstandard.ZstdCompressionDict:
    return zstandard.ZstdCompressionDict(body, dict_type=zstandard.DICT_TYPE_RAWCONTENT)


def _plain(body: bytes) -> bytes:
    return zstandard.ZstdDecompressor().decompress(body)


def _compressed(compressor: zstandard.ZstdCompressor, bodies: Sequence[bytes]) -> list[bytes]:
    """Return bodies compressed, in one call: each call lets go of the interpreter, and waits to have it back."""
    if not all(bodies):
        return [compressor.compress(body) for body in bodies]
    packed = compressor.multi_compress_to_buffer(list(bodies)) if bodies else ()
    return [packed[place].tobytes() for place in range(len(packed))]
