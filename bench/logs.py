"""The logs that several parts read: a short one and a long one, filled once a run, their read models up to date."""

import sqlite3
import time
from collections.abc import Iterator

import psycopg
from psycopg.rows import TupleRow
from sqlalchemy import make_url

from bench.history import fill
from bench.product import opened
from bench.scene import POSTGRESQL, SQLITE, Scene, say
from chatops.app import Service

COLUMNS = (
    "position, key, kind, version, stream, source, actor, occurred_at, recorded_at, correlation_id, "
    "causation_id, data"
)
ROWS_AT_ONCE = 10_000


def short_log(scene: Scene) -> str:
    """Return the address of a log of ten thousand events."""
    return scene.once("short", lambda: _filled(scene, "short", scene.scale.few_events))


def long_log(scene: Scene, kind: str) -> str | None:
    """Return the address of the long log, or nothing where there is no PostgreSQL; there it is a copy of SQLite's."""
    if kind == SQLITE:
        return scene.once("long", lambda: _filled(scene, "long", scene.scale.events))
    if scene.postgres is None:
        return None
    return scene.once("long copy", lambda: _copied(scene))


def caught_up(service: Service) -> float:
    """Bring the read models up to date; return the events a second."""
    began = time.perf_counter()
    seen = service.projector.catch_up()
    return seen / (time.perf_counter() - began)


def _filled(scene: Scene, name: str, events: int) -> str:
    address = scene.database(SQLITE, name)
    assert address is not None
    service = opened(scene.folder, address)
    began = time.perf_counter()
    count = fill(service, events)
    say(f"appended {count:,} events, {count / (time.perf_counter() - began):,.0f} a second")
    say(f"projected them, {caught_up(service):,.0f} a second")
    service.database.close()
    return address


def _copied(scene: Scene) -> str:
    source = long_log(scene, SQLITE)
    address = scene.database(POSTGRESQL, "long")
    assert source is not None
    assert address is not None
    service = opened(scene.folder, address)
    with driver_connection(address) as db, db.cursor() as cursor:
        with cursor.copy(f"COPY events ({COLUMNS}) FROM STDIN") as copy:
            for row in _rows(source):
                copy.write_row(row)
        cursor.execute("ANALYZE events")
    say(f"projected a copy in PostgreSQL, {caught_up(service):,.0f} a second")
    service.database.close()
    return address


def driver_connection(address: str) -> psycopg.Connection[TupleRow]:
    """Return a connection of the driver's own to a PostgreSQL database."""
    url = make_url(address)
    return psycopg.connect(
        host=str(url.query["host"]), user=str(url.username), dbname=str(url.database)
    )


def _rows(address: str) -> Iterator[tuple[object, ...]]:
    known = sqlite3.connect(str(make_url(address).database))
    cursor = known.execute(f"SELECT {COLUMNS} FROM events ORDER BY position")  # noqa: S608 - names of our own
    while rows := cursor.fetchmany(ROWS_AT_ONCE):
        yield from rows
    known.close()
