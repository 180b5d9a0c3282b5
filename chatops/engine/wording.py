"""What is said to the database word for word: an append, a hundred times a second, and a page of the log.

It goes to the driver directly. SQLAlchemy would arrive at the same words, at ten times the cost of the statements; and
a driver lets go of the interpreter at each of them, which every other thread pays for: so all rows of a table go in one
or two statements, whatever their number.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any

import msgspec
from sqlalchemy import Connection, Table
from sqlalchemy.exc import DBAPIError

from chatops.engine.database import LOG_LOCK

Columns = tuple[object, ...]
"""A row, its values in the order of the table's columns."""

READ = (
    "position", "key", "kind", "version", "source", "actor", "occurred_at", "recorded_at", "correlation_id",
    "causation_id", "data",
)  # fmt: skip
"""The columns of an event that is read; its stream is in the event itself."""

SIZES = (64, 48, 32, 24, 16, 12, 8, 6, 4, 3, 2, 1)
"""How many rows a statement of SQLite's holds: few different ones, since each stays prepared."""


class Wording(ABC):
    """The statements of one kind of database; `driver` is the driver's own connection."""

    def __init__(self, events: Table, deliveries: Table) -> None:
        self._events = events
        self._deliveries = deliveries

    @contextmanager
    def within(self, db: Connection) -> Iterator[Any]:
        """Open the driver's connection below a transaction; its errors come as SQLAlchemy's, like all others."""
        errors = db.dialect.loaded_dbapi.Error
        if not db.in_transaction():
            db.begin()
        try:
            yield db.connection.driver_connection
        except errors as problem:
            raise DBAPIError.instance(
                None, None, problem, errors, hide_parameters=True, dialect=db.dialect
            ) from problem

    @abstractmethod
    def known(self, driver: Any, keys: Sequence[str]) -> tuple[int, set[str]]:  # noqa: ANN401 - a driver's own
        """Take the log for this transaction; return its newest position, and which of these keys it has already."""

    @abstractmethod
    def page(self, driver: Any, after: int, upto: int, kinds: Sequence[str]) -> Sequence[Any]:  # noqa: ANN401
        """Return the events of these kinds in `(after, upto]`, oldest first, with the columns of `READ`."""

    @abstractmethod
    def insert(
        self,
        driver: Any,  # noqa: ANN401 - a driver's own
        events: Sequence[Columns],
        deliveries: Sequence[Columns],
    ) -> None:
        """Write rows of both tables; a delivery that is there stays as it is."""


class OnSQLite(Wording):
    """SQLite has one writer at a time: whoever began has the log."""

    def known(self, driver: Any, keys: Sequence[str]) -> tuple[int, set[str]]:  # noqa: ANN401
        asked = msgspec.json.encode(keys).decode()
        head, found = driver.execute(
            "SELECT (SELECT max(position) FROM events), "
            "(SELECT json_group_array(key) FROM events WHERE key IN (SELECT value FROM json_each(?)))",
            (asked,),
        ).fetchone()
        return head or 0, set(msgspec.json.decode(found))

    def page(self, driver: Any, after: int, upto: int, kinds: Sequence[str]) -> Sequence[Any]:  # noqa: ANN401
        asked = msgspec.json.encode(kinds).decode()
        rows: Sequence[Any] = driver.execute(
            f"{_page('?')} kind IN (SELECT value FROM json_each(?)) ORDER BY position",  # noqa: S608 - our own names
            (after, upto, asked),
        ).fetchall()
        return rows

    def insert(
        self,
        driver: Any,  # noqa: ANN401
        events: Sequence[Columns],
        deliveries: Sequence[Columns],
    ) -> None:
        for table, rows in ((self._events, events), (self._deliveries, deliveries)):
            at = 0
            while at < len(rows):
                many = next(size for size in SIZES if size <= len(rows) - at)
                values = [value for row in rows[at : at + many] for value in row]
                driver.execute(_values(table, many, ignores=table is self._deliveries), values)
                at += many


def _page(value: str) -> str:
    return (
        f"SELECT {', '.join(READ)} FROM events WHERE position > {value} AND position <= {value} AND"  # noqa: S608
    )


@cache
def _values(table: Table, many: int, *, ignores: bool) -> str:
    names = ", ".join(column.name for column in table.columns)
    row = "(" + ", ".join("?" for _ in table.columns) + ")"
    words = f"INSERT INTO {table.name} ({names}) VALUES {', '.join([row] * many)}"  # noqa: S608 - our own names
    return f"{words} ON CONFLICT DO NOTHING" if ignores else words


class OnPostgreSQL(Wording):
    """PostgreSQL gets the rows of a table as one JSON document, and their bytes in one piece, which is cut there."""

    def __init__(self, events: Table, deliveries: Table) -> None:
        super().__init__(events, deliveries)
        sent = "{name} AS MATERIALIZED (SELECT %b::bytea AS bytes, %b::jsonb AS rows)"
        happened, heard = sent.format(name="happened"), sent.format(name="heard")
        new_events = _insert(events, "happened")
        new_deliveries = f"{_insert(deliveries, 'heard')} ON CONFLICT DO NOTHING"
        self._insert_events = f"WITH {happened} {new_events}"
        self._insert_deliveries = f"WITH {heard} {new_deliveries}"
        self._insert_both = f"WITH {happened}, {heard}, kept AS ({new_deliveries}) {new_events}"

    def known(self, driver: Any, keys: Sequence[str]) -> tuple[int, set[str]]:  # noqa: ANN401
        # In two statements: the second must see what was appended while the first waited for its turn.
        driver.execute(f"SELECT pg_advisory_xact_lock({LOG_LOCK})")
        head, found = driver.execute(
            "SELECT (SELECT max(position) FROM events), "
            "ARRAY(SELECT key FROM events WHERE key = ANY(%b::text[]))",
            (list(keys),),
        ).fetchone()
        return head or 0, set(found)

    def page(self, driver: Any, after: int, upto: int, kinds: Sequence[str]) -> Sequence[Any]:  # noqa: ANN401
        rows: Sequence[Any] = driver.execute(
            f"{_page('%b')} kind = ANY(%b::text[]) ORDER BY position",
            (after, upto, list(kinds)),
            binary=True,
        ).fetchall()
        return rows

    def insert(
        self,
        driver: Any,  # noqa: ANN401
        events: Sequence[Columns],
        deliveries: Sequence[Columns],
    ) -> None:
        if events and deliveries:
            driver.execute(self._insert_both, (*_packed(events), *_packed(deliveries)), binary=True)
        elif events:
            driver.execute(self._insert_events, _packed(events), binary=True)
        elif deliveries:
            driver.execute(self._insert_deliveries, _packed(deliveries), binary=True)


def _packed(rows: Sequence[Columns]) -> tuple[bytes, str]:
    """Return the last column of all rows in one piece, and the rows with its place in them instead."""
    placed = []
    at = 1
    for *others, body in rows:
        assert isinstance(body, bytes)
        placed.append((*others, at, len(body)))
        at += len(body)
    return b"".join(row[-1] for row in rows), msgspec.json.encode(placed).decode()  # type: ignore[misc]  # as above


def _insert(table: Table, sent: str) -> str:
    """Return an insert of what `_packed` returned, which the statement calls `sent`."""
    from sqlalchemy.dialects import postgresql  # noqa: PLC0415 - who has SQLite need not wait for it

    dialect = postgresql.dialect()  # type: ignore[no-untyped-call]  # it has no types
    *others, body = table.columns
    cut = len(others)
    taken = [
        f"(r->>{place})::{column.type.compile(dialect)}" for place, column in enumerate(others)
    ]
    taken.append(f"substr({sent}.bytes, (r->>{cut})::int, (r->>{cut + 1})::int)")
    names = ", ".join(column.name for column in (*others, body))
    return (
        f"INSERT INTO {table.name} ({names}) SELECT {', '.join(taken)} "  # noqa: S608 - our own names
        f"FROM {sent}, jsonb_array_elements({sent}.rows) AS r"
    )
