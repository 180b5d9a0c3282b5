"""The log: the one append-only, totally ordered sequence of events.

`append` is one transaction under one lock (SQLite: BEGIN IMMEDIATE; PostgreSQL: an advisory lock), so that
positions count 1, 2, 3 … without gaps and become visible in order: a reader that has seen position N never
later finds a smaller one.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from functools import cache
from typing import Any

import msgspec
from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    String,
    Table,
    func,
    select,
    text,
)

from chatops.engine.clock import from_microseconds, microseconds
from chatops.engine.codec import Codec
from chatops.engine.database import METADATA, Database
from chatops.engine.deliveries import DELIVERIES, Deliveries, Delivery
from chatops.engine.wording import READ, Columns, OnPostgreSQL, OnSQLite, Wording
from chatops.events import Event, Fact, Recorded
from chatops.ports import Clock

EVENTS = Table(
    "events",
    METADATA,
    Column(
        "position",
        BigInteger().with_variant(Integer, "sqlite"),
        primary_key=True,
        autoincrement=False,
    ),
    Column("key", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("version", SmallInteger, nullable=False),
    Column("stream", String, nullable=False),
    Column("source", String, nullable=False),
    Column("actor", String),
    Column("occurred_at", BigInteger, nullable=False),
    Column("recorded_at", BigInteger, nullable=False),
    Column("correlation_id", String, nullable=False),
    Column("causation_id", String),
    Column("data", LargeBinary, nullable=False),
    Index("events_key", "key", unique=True),
)
STORY = "correlation_id LIKE 'command/%'"
"""Only commands' stories are looked up by correlation id; only they pay for the index."""
PAGE = 10_000


@cache
def index_stories() -> None:
    """Add the index of commands' stories to the table: whoever compares schemas needs it, and pays for the dialects."""
    Index(
        "events_story",
        EVENTS.c.correlation_id,
        EVENTS.c.position,
        sqlite_where=text(STORY),
        postgresql_where=text(STORY),
    )


class Batch(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What one sender wants recorded together.

    Duplicates are skipped one by one. With `guarded`, the first fact guards the rest: if the log has it already,
    none of the batch is taken (a decision is made once, and whole).
    """

    facts: Sequence[Fact]
    delivery: Delivery | None = None
    guarded: bool = False


class Appended(msgspec.Struct, frozen=True, gc=False):
    """What became of a batch: the positions of the facts that were new, in order."""

    positions: tuple[int, ...]
    duplicates: int

    @property
    def is_new(self) -> bool:
        """Return whether anything was recorded."""
        return bool(self.positions)


READING = [EVENTS.c[name] for name in READ]


class Log:
    """The log in SQL, for both databases."""

    def __init__(self, database: Database, codec: Codec, clock: Clock) -> None:
        self.database = database
        self.codec = codec
        self._clock = clock
        self.deliveries = Deliveries(database, clock)
        kind = OnSQLite if database.is_sqlite else OnPostgreSQL
        self._wording: Wording = kind(EVENTS, DELIVERIES)

    def append(self, batches: Sequence[Batch]) -> list[Appended]:
        """Record the batches in one durable transaction; when this returns, they are on the disk."""
        prepared = [[(fact, fact.event.key()) for fact in batch.facts] for batch in batches]
        now = microseconds(self._clock.now())
        wording = self._wording
        with self.database.write(durable=True) as db, wording.within(db) as driver:
            head, known = wording.known(driver, [key for facts in prepared for _, key in facts])
            rows: list[Columns] = []
            results = []
            for batch, facts in zip(batches, prepared, strict=True):
                fresh = _fresh(facts, known, guarded=batch.guarded)
                first = head + len(rows) + 1
                rows.extend(
                    self._row(fact, key, position, now)
                    for position, (fact, key) in enumerate(fresh, start=first)
                )
                results.append(
                    Appended(tuple(range(first, first + len(fresh))), len(facts) - len(fresh))
                )
            sent = [
                (batch.delivery, len(result.positions))
                for batch, result in zip(batches, results, strict=True)
                if batch.delivery is not None
            ]
            samples = self.deliveries.samples(db, (delivery for delivery, _ in sent), now)
            wording.insert(driver, rows, self.deliveries.rows(sent, samples, now))
        self.deliveries.remember(samples)
        return results

    def head(self, db: Connection | None = None) -> int:
        """Return the newest position, 0 for an empty log."""
        if db is not None:
            return self._head(db)
        with self.database.read() as snapshot:
            return self._head(snapshot)

    def read(self, after: int, limit: int = PAGE, db: Connection | None = None) -> list[Recorded]:
        """Return up to `limit` events after a position, oldest first."""
        if db is None:
            with self.database.read() as snapshot:
                return self.read(after, limit, snapshot)
        query = (
            select(*READING)
            .where(EVENTS.c.position > after)
            .order_by(EVENTS.c.position)
            .limit(limit)
        )
        return [self._recorded(row) for row in db.execute(query).all()]

    def read_kinds(
        self, after: int, upto: int, kinds: Sequence[str], db: Connection
    ) -> list[Recorded]:
        """Return the events of some kinds in `(after, upto]`, oldest first; the others are not decoded."""
        wording, recorded = self._wording, self._recorded
        with wording.within(db) as driver:
            rows = wording.page(driver, after, upto, kinds)
        return [recorded(row) for row in rows]

    def read_happened(
        self, after: int, upto: int, kinds: Sequence[str], by: datetime, db: Connection
    ) -> list[Recorded]:
        """Return of the events of some kinds in `(after, upto]` those that had happened by a moment, oldest first."""
        query = (
            select(*READING)
            .where(
                EVENTS.c.position > after,
                EVENTS.c.position <= upto,
                EVENTS.c.occurred_at <= microseconds(by),
                EVENTS.c.kind.in_(kinds),
            )
            .order_by(EVENTS.c.position)
        )
        return [self._recorded(row) for row in db.execute(query).all()]

    def has_happened(self, after: int, upto: int, by: datetime, db: Connection) -> bool:
        """Return whether anything in `(after, upto]` had happened by a moment."""
        query = (
            select(EVENTS.c.position)
            .where(
                EVENTS.c.position > after,
                EVENTS.c.position <= upto,
                EVENTS.c.occurred_at <= microseconds(by),
            )
            .limit(1)
        )
        return db.execute(query).first() is not None

    def asks(self, after: int, upto: int, kinds: Sequence[str], db: Connection) -> bool:
        """Return whether any event in `(after, upto]` is of one of these kinds."""
        query = (
            select(EVENTS.c.position)
            .where(EVENTS.c.position > after, EVENTS.c.position <= upto, EVENTS.c.kind.in_(kinds))
            .limit(1)
        )
        return db.execute(query).first() is not None

    def all(self, after: int = 0, upto: int | None = None) -> Iterator[Recorded]:
        """Yield every event after a position, page by page, each page its own short snapshot."""
        while True:
            page = self.read(after)
            for recorded in page:
                if upto is not None and recorded.position > upto:
                    return
                yield recorded
            if len(page) < PAGE:
                return
            after = page[-1].position

    def story(self, correlation_id: str, db: Connection | None = None) -> list[Recorded]:
        """Return the events of one command's correlation id, in order."""
        if db is None:
            with self.database.read() as snapshot:
                return self.story(correlation_id, snapshot)
        query = (
            select(*READING)
            .where(text(STORY), EVENTS.c.correlation_id == correlation_id)
            .order_by(EVENTS.c.position)
        )
        return [self._recorded(row) for row in db.execute(query).all()]

    def keyed(self, key: str, db: Connection | None = None) -> Recorded | None:
        """Return the event that has taken a key."""
        if db is None:
            with self.database.read() as snapshot:
                return self.keyed(key, snapshot)
        row = db.execute(select(*READING).where(EVENTS.c.key == key)).first()
        return None if row is None else self._recorded(row)

    def at(self, position: int) -> Recorded | None:
        """Return the event at a position."""
        with self.database.read() as db:
            row = db.execute(select(*READING).where(EVENTS.c.position == position)).first()
        return None if row is None else self._recorded(row)

    def recorded_at(self, db: Connection, positions: Iterable[int]) -> dict[int, datetime]:
        """Return when the events at some positions were recorded."""
        query = select(EVENTS.c.position, EVENTS.c.recorded_at).where(
            EVENTS.c.position.in_(list(positions))
        )
        return {row.position: from_microseconds(row.recorded_at) for row in db.execute(query)}

    @staticmethod
    def _head(db: Connection) -> int:
        head: int | None = db.execute(select(func.max(EVENTS.c.position))).scalar()
        return head or 0

    def _row(self, fact: Fact, key: str, position: int, now: int) -> Columns:
        """Return an event in the order of its columns."""
        event: Event = fact.event
        happened_at = fact.occurred_at or event.happened_at()
        return (
            position,
            key,
            event.kind,
            event.version,
            event.stream(),
            fact.source,
            fact.actor,
            now if happened_at is None else microseconds(happened_at),
            now,
            fact.correlation_id,
            fact.causation_id,
            self.codec.encode(event),
        )

    def _recorded(self, row: Sequence[Any]) -> Recorded:
        (
            position, key, kind, version, source, actor,
            occurred_at, recorded_at, correlation_id, causation_id, data,
        ) = row  # fmt: skip
        return Recorded(
            position=position,
            key=key,
            event=self.codec.decode(kind, version, data),
            source=source,
            actor=actor,
            occurred_us=occurred_at,
            recorded_us=recorded_at,
            correlation_id=correlation_id,
            causation_id=causation_id,
        )


def _fresh(
    facts: Sequence[tuple[Fact, str]], known: set[str], *, guarded: bool
) -> list[tuple[Fact, str]]:
    """Return the facts the log does not have yet, and remember that it is about to."""
    if guarded and facts and facts[0][1] in known:
        return []
    fresh = []
    for fact, key in facts:
        if key not in known:
            known.add(key)
            fresh.append((fact, key))
    return fresh
