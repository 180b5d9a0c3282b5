"""A database to stand on: SQLite or PostgreSQL, opened the way the log needs it."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from sqlalchemy import Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.pool import QueuePool

from chatops.errors import BadInput, Unavailable

LOG_LOCK = 7_266_315_501
"""The advisory lock that every append on PostgreSQL holds: it makes positions visible in order."""

BUSY_SECONDS = 10
CONNECTIONS = 8


@dataclass(frozen=True, slots=True)
class Database:
    """One engine for writing what must survive a power cut, one for what can be rebuilt, one for reading.

    SQLite has one writer at a time; `turn` lets the threads of this process queue for it in order
    instead of polling the file's lock.
    """

    url: URL
    durable: Engine
    derived: Engine
    reading: Engine
    turn: threading.Lock = field(default_factory=threading.Lock)

    @property
    def is_sqlite(self) -> bool:
        """Return whether this is the embedded database."""
        return self.url.get_backend_name() == "sqlite"

    @contextmanager
    def write(self, *, durable: bool) -> Iterator[Connection]:
        """Open a write transaction: flushed to the disk if `durable`, else only consistent."""
        engine = self.durable if durable else self.derived
        with said_plainly():
            if self.is_sqlite:
                with self.turn, engine.begin() as db:
                    yield db
            else:
                with engine.begin() as db:
                    yield db

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Open a read-only snapshot."""
        with said_plainly(), self.reading.connect() as db:
            yield db

    def answers(self) -> bool:
        """Return whether the database can be asked at all."""
        try:
            with self.read() as db:
                db.execute(text("SELECT 1"))
        except Unavailable:
            return False
        return True

    def close(self) -> None:
        """Close every connection."""
        for engine in (self.durable, self.derived, self.reading):
            engine.dispose()


@contextmanager
def said_plainly() -> Iterator[None]:
    """Turn the drivers' ways of saying that the database is away into ours."""
    try:
        yield
    except (OperationalError, InterfaceError) as problem:
        message = f"The database does not answer: {type(problem.orig).__name__}."
        raise Unavailable(message) from problem
    except DBAPIError as problem:
        if problem.connection_invalidated:
            message = "The connection to the database was lost."
            raise Unavailable(message) from problem
        raise


def open_database(address: str) -> Database:
    """Open `sqlite:///file.db` or `postgresql://…`; nothing is asked of it yet."""
    url = make_url(address)
    match url.get_backend_name():
        case "sqlite":
            if not url.database or url.database == ":memory:":
                raise BadInput(
                    [
                        f"CHATOPS_DATABASE_URL: found {address!r}, expected a file: sqlite:///chatops.db"
                    ]
                )
            return Database(
                url,
                durable=_sqlite(url, "FULL", writes=True),
                derived=_sqlite(url, "NORMAL", writes=True),
                reading=_sqlite(url, "NORMAL", writes=False),
            )
        case "postgresql":
            url = url.set(drivername="postgresql+psycopg")
            engine = _postgresql(url)
            return Database(
                url,
                durable=engine,
                derived=engine.execution_options(),
                reading=engine.execution_options(),
            )
        case other:
            raise BadInput(
                [f"CHATOPS_DATABASE_URL: found {other!r}, expected sqlite:///… or postgresql://…"]
            )


def _sqlite(url: URL, synchronous: str, *, writes: bool) -> Engine:
    """Return an engine whose transactions say at once whether they write (no lock upgrade half way)."""
    engine = create_engine(
        url,
        hide_parameters=True,
        poolclass=QueuePool,
        pool_size=CONNECTIONS,
        max_overflow=CONNECTIONS,
        connect_args={"check_same_thread": False, "timeout": BUSY_SECONDS},
    )

    @event.listens_for(engine, "connect")
    def _prepare(connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = None
        connection.execute(f"PRAGMA busy_timeout = {BUSY_SECONDS * 1000}")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute(f"PRAGMA synchronous = {synchronous}")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA cache_size = -16000")
        if not writes:
            connection.execute("PRAGMA query_only = ON")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def _postgresql(url: URL) -> Engine:
    return create_engine(
        url,
        hide_parameters=True,
        pool_size=CONNECTIONS,
        max_overflow=CONNECTIONS,
        pool_pre_ping=True,
        connect_args={"connect_timeout": 5, "application_name": "chatops"},
    )
