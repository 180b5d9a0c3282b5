"""A database to stand on: SQLite or PostgreSQL, opened the way the log needs it."""

import re
import sqlite3
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager

from msgspec import Struct, field
from sqlalchemy import Connection, Engine, MetaData, create_engine, event, make_url, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import (
    ArgumentError,
    DBAPIError,
    InterfaceError,
    OperationalError,
    PendingRollbackError,
    SQLAlchemyError,
    TimeoutError,  # noqa: A004 - its name, and it is the pool's
)
from sqlalchemy.pool import QueuePool

from chatops.errors import BadInput, Unavailable

METADATA = MetaData()
"""Tables that are not made anew by reading the log again: the log itself, what lies beside it, how far everybody is."""

LOG_LOCK = 7_266_315_501
"""The advisory lock that every append on PostgreSQL holds: it makes positions visible in order."""

BUSY_SECONDS = 10
"""How long a writer waits for another process to let go of the database, on both engines."""

CONNECTIONS = 8
OPTIONS = "-c lock_timeout={}s -c plan_cache_mode=force_custom_plan"
"""A plan that is kept may be one for the empty log of the first second: then every append reads the whole log."""

NO_ANSWER = "The database does not answer."
LOST = "The connection to the database was lost."
BAD_OPTION = "The address of the database has an option that PostgreSQL does not know."
SQLITE_SAYS: Mapping[int, str] = {
    sqlite3.SQLITE_BUSY: "Another process holds the database.",
    sqlite3.SQLITE_LOCKED: "Another process holds the database.",
    sqlite3.SQLITE_PROTOCOL: "Another process holds the database.",
    sqlite3.SQLITE_FULL: "The disk of the database is full.",
    sqlite3.SQLITE_IOERR: "The disk of the database does not work.",
    sqlite3.SQLITE_READONLY: "The database can only be read: its file or folder may not be written.",
    sqlite3.SQLITE_CANTOPEN: (
        "The database file cannot be opened: its folder is missing or may not be written."
    ),
    sqlite3.SQLITE_PERM: "The database file may not be read.",
    sqlite3.SQLITE_AUTH: "The database file may not be read.",
    sqlite3.SQLITE_NOTADB: "The database file is not an SQLite database.",
    sqlite3.SQLITE_CORRUPT: "The database file is damaged.",
    sqlite3.SQLITE_NOMEM: "There is no memory left for the database.",
    sqlite3.SQLITE_INTERRUPT: NO_ANSWER,
}
"""What is said when SQLite cannot do its work; its other errors are mistakes in what it was asked."""

POSTGRESQL_SAYS: Mapping[str, str] = {
    "08": LOST,
    "25006": "The database can only be read.",
    "28": "The database does not accept the user or the password.",
    "3D000": "The server has no database of that name.",
    "40": "Another process was in the way; trying again helps.",
    "53100": "The disk of the database is full.",
    "53": "The database has no room for more: connections, memory or disk.",
    "55P03": "Another process holds the database.",
    "57014": NO_ANSWER,
    "57P": "The database is starting or stopping.",
    "58": "The disk of the database does not work.",
}
"""The same by the beginning of PostgreSQL's error codes; the longest that fits counts."""

NOT_CONNECTED: Mapping[str, str] = {
    r"authentication|role .* does not exist|pg_hba": POSTGRESQL_SAYS["28"],
    r"FATAL: +database .* does not exist": POSTGRESQL_SAYS["3D000"],
    r"too many|connection slots": POSTGRESQL_SAYS["53"],
    r"starting up|shutting down|recovery": POSTGRESQL_SAYS["57P"],
    r"resolve host|translate host name": "The host of the database is not known.",
    r"refused|No such file": "Nobody listens at the address of the database.",
    r"connection option": BAD_OPTION,
    r"time.?out": "The database did not answer in time.",
    r"closed|terminat|lost": LOST,
}
"""The same for what the client library says, which has no codes. Its words are not handed on: they name users."""


class Database(Struct, frozen=True):
    """One engine for writing what must survive a power cut, one for what can be rebuilt, one for reading.

    SQLite has one writer at a time; `turn` lets the threads of this process queue for it in order
    instead of polling the file's lock.
    """

    url: URL
    durable: Engine
    derived: Engine
    reading: Engine
    turn: threading.Lock = field(default_factory=threading.Lock)
    ended: threading.Event = field(default_factory=threading.Event)

    @property
    def is_sqlite(self) -> bool:
        """Return whether this is the embedded database."""
        return self.url.get_backend_name() == "sqlite"

    @contextmanager
    def write(self, *, durable: bool) -> Iterator[Connection]:
        """Open a write transaction: flushed to the disk if `durable`, else only consistent."""
        engine = self.durable if durable else self.derived
        with said_plainly(), self._let_go_in_the_end(engine):
            if self.is_sqlite:
                with self.turn, engine.begin() as db:
                    yield db
            else:
                with engine.begin() as db:
                    yield db

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Open a read-only snapshot."""
        with (
            said_plainly(),
            self._let_go_in_the_end(self.reading),
            self.reading.connect() as db,
        ):
            yield db

    @contextmanager
    def read_with(self, join: Callable[[str], object]) -> Iterator[Connection]:
        """Open a read-only snapshot that others have, too.

        `join` is told its name, by which `joined` opens the very same one in another process until that returns.
        SQLite's have no names: until then nobody can write.
        """
        with ExitStack() as meanwhile:
            if self.is_sqlite:
                meanwhile.enter_context(self.write(durable=False))
            with self.read() as db:
                join(
                    _begun(db) if self.is_sqlite else db.scalar(text("SELECT pg_export_snapshot()"))
                )
                meanwhile.close()
                yield db

    @contextmanager
    def joined(self, name: str) -> Iterator[Connection]:
        """Open the snapshot that another process has told the name of."""
        with self.read() as db:
            if self.is_sqlite:
                _begun(db)
            else:
                db.exec_driver_sql(f"SET TRANSACTION SNAPSHOT '{name}'")
            yield db

    def keep_plans(self, db: Connection) -> None:
        """Let PostgreSQL keep its plans in this transaction, which says the same a thousand times."""
        if not self.is_sqlite:
            db.exec_driver_sql("SET LOCAL plan_cache_mode = auto")

    def answers(self) -> bool:
        """Return whether the database can be asked at all."""
        try:
            with self.read() as db:
                db.execute(text("SELECT 1"))
        except Unavailable:
            return False
        return True

    @contextmanager
    def _let_go_in_the_end(self, engine: Engine) -> Iterator[None]:
        """Keep no connection that comes back after the end, from a thread that nobody waits for any longer."""
        pool = engine.pool
        try:
            yield
        finally:
            if self.ended.is_set():
                pool.dispose()

    def close(self) -> None:
        """Close every connection; one that is in use is closed by who uses it."""
        self.ended.set()
        for engine in (self.durable, self.derived, self.reading):
            engine.dispose()


def _begun(db: Connection) -> str:
    """Let SQLite begin to read: what it reads from then on is as it is now. Return the name that this has not."""
    db.execute(text("SELECT 1 FROM sqlite_master")).first()
    return ""


@contextmanager
def said_plainly() -> Iterator[None]:
    """Turn the drivers' ways of saying that the database is away into ours."""
    try:
        yield
    except SQLAlchemyError as problem:
        away = why_away(problem)
        if away is None:
            raise
        raise Unavailable(away) from problem


def why_away(problem: BaseException) -> str | None:
    """Return why the database cannot do its work now; nothing if it was asked for something wrong."""
    if isinstance(problem, TimeoutError):
        return "Every connection to the database is in use."
    if isinstance(problem, PendingRollbackError):
        return LOST
    if not isinstance(problem, DBAPIError):
        return None
    original = problem.orig
    if isinstance(original, sqlite3.Error):
        code = getattr(original, "sqlite_errorcode", None)
        return None if code is None else SQLITE_SAYS.get(code & 0xFF)
    code = getattr(original, "sqlstate", None)
    if code is not None:
        fitting = [begin for begin in POSTGRESQL_SAYS if code.startswith(begin)]
        return POSTGRESQL_SAYS[max(fitting, key=len)] if fitting else None
    said = str(original)
    known = (text for words, text in NOT_CONNECTED.items() if re.search(words, said))
    if isinstance(problem, OperationalError | InterfaceError) or problem.connection_invalidated:
        return next(known, NO_ANSWER)
    return BAD_OPTION if BAD_OPTION in known else None


def _unreadable() -> BadInput:
    text = (
        "CHATOPS_DATABASE_URL: found an address that cannot be read (not shown: it may hold a password), expected "
        "sqlite:///file.db or postgresql://user:password@host:port/name; odd characters in it are written as %XX"
    )
    return BadInput([text])


def open_database(address: str, *, busy_seconds: int = BUSY_SECONDS) -> Database:
    """Open `sqlite:///file.db` or `postgresql://…`; nothing is asked of it yet."""
    try:
        url = make_url(address)
    except (ArgumentError, ValueError) as problem:
        # The address may hold a password, so it is not shown, and neither is what the parser says of it.
        raise _unreadable() from problem
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
                durable=_sqlite(url, "FULL", busy_seconds, writes=True),
                derived=_sqlite(url, "NORMAL", busy_seconds, writes=True),
                reading=_sqlite(url, "NORMAL", busy_seconds, writes=False),
            )
        case "postgresql":
            url = url.set(drivername="postgresql+psycopg")
            engine = _postgresql(url, busy_seconds)
            return Database(
                url,
                durable=engine,
                derived=engine.execution_options(),
                reading=engine.execution_options(
                    isolation_level="REPEATABLE READ", postgresql_readonly=True
                ),
            )
        case other:
            raise BadInput(
                [f"CHATOPS_DATABASE_URL: found {other!r}, expected sqlite:///… or postgresql://…"]
            )


def _sqlite(url: URL, synchronous: str, busy_seconds: int, *, writes: bool) -> Engine:
    """Return an engine whose transactions say at once whether they write (no lock upgrade half way)."""
    engine = create_engine(
        url,
        hide_parameters=True,
        poolclass=QueuePool,
        pool_size=CONNECTIONS,
        max_overflow=CONNECTIONS,
        connect_args={"check_same_thread": False, "timeout": busy_seconds},
    )

    @event.listens_for(engine, "connect")
    def _prepare(connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = None
        connection.execute(f"PRAGMA busy_timeout = {busy_seconds * 1000}")
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


def _postgresql(url: URL, busy_seconds: int) -> Engine:
    engine = create_engine(
        url,
        hide_parameters=True,
        pool_size=CONNECTIONS,
        max_overflow=CONNECTIONS,
        pool_pre_ping=True,
        connect_args={
            "application_name": "chatops",
            # A database that was made without saying how it writes would otherwise hand us bytes.
            "client_encoding": "utf8",
            "connect_timeout": 5,
            # A server that vanished without a word is noticed in seconds, not after the system's two hours.
            "tcp_user_timeout": busy_seconds * 1000,
            **({} if "options" in url.query else {"options": OPTIONS.format(busy_seconds)}),
        },
    )
    try:
        engine.dialect.create_connect_args(url)
    except (ArgumentError, ValueError) as problem:
        raise _unreadable() from problem
    return engine
