"""Rows into a table of a read model, each once, in as few words as the driver understands."""

from collections.abc import Callable, Mapping, Sequence
from operator import itemgetter
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Connection, Insert, LargeBinary, Table, func
from sqlalchemy.dialects import sqlite
from sqlalchemy.sql import ColumnElement

WORTH_A_DOCUMENT = 8
"""So many rows go to PostgreSQL in one statement."""


def upsert(
    db: Connection,
    table: Table,
    rows: Sequence[Mapping[str, Any]],
    *,
    newer: Callable[[Any, Any], ColumnElement[bool]] | None = None,
    merge: bool = False,
) -> None:
    """Write each row once: insert it, or change the one with its primary key.

    `newer(new, old)` says when the new row replaces the old one whole; with `merge`, columns of the new row that are
    null keep the old value; with neither, the first row stays.
    """
    if not rows:
        return
    kept = (table, db.dialect.name, tuple(rows[0]), newer.__code__ if newer else merge)
    said = _UPSERTS.get(kept)
    if said is None:
        statement = _upsert_statement(db, table, rows[0], newer, merge=merge)
        said = _said_plainly(statement, db, table, rows[0])
        if said is None or (newer is not None and newer.__closure__):
            db.execute(statement, rows)
            return
        _UPSERTS[kept] = said
    said.send(db, rows)


class _Said(NamedTuple):
    """An upsert in the words of its driver: a rebuild writes millions of rows.

    On PostgreSQL many rows go as one JSON document in one statement, a tenth of the work in the driver; but such a one
    may not touch a row twice, and JSON has no bytes.
    """

    words: str
    names: Sequence[str] | None = None
    """The order of the columns, for a driver that wants them in one."""
    document: str = ""
    values: Callable[[Mapping[str, Any]], object] = len
    """A row as the document has it."""
    key: Callable[[Mapping[str, Any]], object] = len

    def _as_document(self, rows: Sequence[Mapping[str, Any]]) -> bool:
        many = len(rows)
        return (
            bool(self.document)
            and many >= WORTH_A_DOCUMENT
            and len({self.key(row) for row in rows}) == many
        )

    def send(self, db: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
        if self._as_document(rows):
            document = msgspec.json.encode([self.values(row) for row in rows]).decode()
            db.exec_driver_sql(self.document, (document,))
            return
        if self.names is None:
            db.exec_driver_sql(self.words, list(rows))
        else:
            db.exec_driver_sql(
                self.words, [tuple([row[name] for name in self.names]) for row in rows]
            )


_UPSERTS: dict[object, _Said] = {}


def _said_plainly(
    statement: Insert, db: Connection, table: Table, row: Mapping[str, Any]
) -> _Said | None:
    """Return a statement as its driver gets it; nothing if it holds more than the values of a row."""
    compiled = statement.compile(dialect=db.dialect, column_keys=list(row))
    if set(compiled.binds) != set(row):
        return None
    words = compiled.string
    if compiled.positional:
        return _Said(words, compiled.positiontup)
    columns = [column for column in table.columns if column.name in row]
    if any(isinstance(column.type, LargeBinary) for column in columns):
        return _Said(words)
    before, conflict, rule = words.partition(" ON CONFLICT ")
    assert conflict, before
    taken = ", ".join(
        f"(r->>{place})::{column.type.compile(db.dialect)}" for place, column in enumerate(columns)
    )
    names = [column.name for column in columns]
    document = (
        f"INSERT INTO {table.name} ({', '.join(names)}) SELECT {taken} "  # noqa: S608 - our own names
        f"FROM jsonb_array_elements(%s::jsonb) AS r{conflict}{rule}"
    )
    key = itemgetter(*table.primary_key.columns.keys())
    return _Said(words, None, document, _in_order(names), key)


def _in_order(names: Sequence[str]) -> Callable[[Mapping[str, Any]], object]:
    """Return how to take these columns of a row, always as a sequence."""
    return itemgetter(*names) if len(names) > 1 else lambda row: (row[names[0]],)


def _insert(table: Table, dialect: str) -> sqlite.Insert:
    """Return an insert that can say what is to be done with a row that is there: both databases say it alike."""
    if dialect == "sqlite":
        return sqlite.insert(table)
    from sqlalchemy.dialects import postgresql  # noqa: PLC0415 - who has SQLite need not wait for it

    return postgresql.insert(table)  # type: ignore[return-value]  # it has the same words


def _upsert_statement(
    db: Connection,
    table: Table,
    row: Mapping[str, Any],
    newer: Callable[[Any, Any], ColumnElement[bool]] | None,
    *,
    merge: bool,
) -> Insert:
    statement = _insert(table, db.dialect.name)
    key = [column.name for column in table.primary_key]
    changing = [column for column in table.columns if column.name not in key and column.name in row]
    new = statement.excluded
    if newer is not None:
        statement = statement.on_conflict_do_update(
            index_elements=key,
            set_={column.name: new[column.name] for column in changing},
            where=newer(new, table.c),
        )
    elif merge:
        statement = statement.on_conflict_do_update(
            index_elements=key,
            set_={column.name: func.coalesce(new[column.name], column) for column in changing},
        )
    else:
        statement = statement.on_conflict_do_nothing(index_elements=key)
    return statement
