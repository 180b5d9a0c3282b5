"""What the engine does when its database cannot: it says why in a sentence, loses nothing, and goes on afterwards."""

import asyncio
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path
from typing import ClassVar

import pytest
from sqlalchemy import (
    Column,
    Connection,
    Integer,
    String,
    Table,
    create_engine,
    func,
    make_url,
    select,
    text,
    update,
)

from chatops.engine.checkpoints import begin_at, checkpoint
from chatops.engine.clock import SystemClock
from chatops.engine.database import Database, open_database
from chatops.engine.log import EVENTS, Appended, Batch, Log
from chatops.engine.projection import Projection, Projector
from chatops.engine.rebuild import rebuild
from chatops.engine.upsert import upsert
from chatops.engine.work import READER, WORK, Crew, Item, WorkList
from chatops.engine.writer import Writer
from chatops.errors import BadInput, Broken, Unavailable
from chatops.events import Event, Recorded
from chatops.events.runs import JobCompleted
from chatops.projections.pulls import Pulls
from tests.engine.logs import batch, fact, opened
from tests.engine.test_work import Doing

PATIENCE = 20.0


class Breaking(Projection):
    """Writes each job down, and takes the database away in the middle when told to."""

    name: ClassVar[str] = "breaking"
    reads: ClassVar[tuple[type[Event], ...]] = (JobCompleted,)
    breaks: ClassVar[bool] = False
    seen: Table

    def declare(self) -> None:
        self.seen = self.table(
            "breaking",
            Column("job_id", Integer, primary_key=True, autoincrement=False),
            Column("filling", String),
        )

    def apply(self, facts: Sequence[Recorded], db: Connection) -> None:
        for one in facts:
            assert isinstance(one.event, JobCompleted)
            upsert(db, self.seen, [{"job_id": one.event.job_id, "filling": "x" * 10_000}])
        if Breaking.breaks:
            take_away(db)


def take_away(db: Connection) -> None:
    """Let the database fail as it does in life: the server ends the session, or the disk is full."""
    if db.dialect.name == "sqlite":
        db.exec_driver_sql("PRAGMA max_page_count = 1")
        try:
            db.execute(text("CREATE TABLE too_much AS SELECT randomblob(10000000) AS x"))
        finally:
            db.exec_driver_sql("PRAGMA max_page_count = 4294967294")
    else:
        db.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))


@pytest.fixture
def log(database_url: str) -> Iterator[Log]:
    Breaking.breaks = False
    with opened(database_url) as made:
        with made.database.write(durable=True) as db:
            Breaking().metadata.create_all(db)
        yield made


def wait_until(condition: Callable[[], bool]) -> None:
    """Wait until something is so."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "it did not come to be"
        time.sleep(0.01)


def seen(log: Log) -> int:
    with log.database.read() as db:
        return db.scalar(select(func.count()).select_from(Breaking().seen)) or 0


def from_the_future(log: Log, job: int) -> None:
    """Let the log hold a job in a shape that only a newer version knows."""
    with log.database.write(durable=True) as db:
        db.execute(update(EVENTS).where(EVENTS.c.key == f"job/{job}/completed").values(version=99))


# How it is said


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ("sqlite:////nowhere/at/all.db", "cannot be opened: its folder is missing"),
        ("sqlite:////proc/chatops.db", "cannot be opened: its folder is missing"),
        ("sqlite:////", "cannot be opened: its folder is missing"),
        ("postgresql://chatops:hidden@127.0.0.1:1/x", "Nobody listens at the address"),
        ("postgresql://chatops:hidden@/x?host=/nowhere", "Nobody listens at the address"),
        (
            "postgresql://chatops:hidden@127.0.0.1:1/x?nonsense=1",
            "an option that PostgreSQL does not",
        ),
    ],
)
def test_a_database_that_is_not_there_is_said_in_a_sentence(address: str, sentence: str) -> None:
    database = open_database(address)

    with pytest.raises(Unavailable, match=sentence) as said, database.read() as db:
        db.execute(text("SELECT 1"))

    assert "hidden" not in str(said.value)
    assert str(said.value).endswith(".")
    assert not database.answers()


@pytest.mark.parametrize(
    "address",
    [
        "postgresql://chatops:hidden@127.0.0.1:port/x",
        "postgresql://chatops:hidden@a:1,b:2/x?host=c:3&port=4",
        "postgresql:hidden",
        "hidden",
    ],
)
def test_an_address_that_cannot_be_read_is_not_shown(address: str) -> None:
    with pytest.raises(BadInput, match="CHATOPS_DATABASE_URL: found an address") as said:
        open_database(address)

    assert "hidden" not in str(said.value)


def test_a_file_that_is_no_database_is_said_to_be_none(tmp_path: Path) -> None:
    path = tmp_path / "chatops.db"
    path.write_text("job_stats.json, renamed by somebody in a hurry" * 100)

    with (
        pytest.raises(Unavailable, match="is not an SQLite database"),
        open_database(f"sqlite:///{path}").read() as db,
    ):
        db.execute(text("SELECT 1"))


def test_a_file_that_may_only_be_read_is_said_to_be_so(tmp_path: Path) -> None:
    path = tmp_path / "chatops.db"
    sqlite3.connect(path).close()
    database = open_database(f"sqlite:///file:{path}?immutable=1&uri=true")

    with pytest.raises(Unavailable, match="can only be read"), database.write(durable=True) as db:
        db.execute(text("CREATE TABLE x (y)"))


@pytest.mark.postgres
def test_a_server_that_refuses_us_is_quoted_without_names(fresh_postgres: str) -> None:
    for wrong, sentence in (
        (fresh_postgres.replace("test_", "none_"), "no database of that name"),
        (fresh_postgres.replace("chatops@", "stranger@"), "does not accept the user"),
    ):
        database = open_database(wrong.replace("+psycopg", ""))

        with pytest.raises(Unavailable, match=sentence) as said, database.read() as db:
            db.execute(text("SELECT 1"))

        assert "stranger" not in str(said.value)
        assert "none_" not in str(said.value)
        database.close()


@pytest.mark.postgres
def test_a_database_that_was_made_without_an_encoding_will_do(fresh_postgres: str) -> None:
    name = f"{make_url(fresh_postgres).database}_ascii"
    server = create_engine(fresh_postgres, isolation_level="AUTOCOMMIT")
    with server.connect() as db:
        db.execute(text(f"CREATE DATABASE {name} ENCODING 'SQL_ASCII' TEMPLATE template0"))
    address = make_url(fresh_postgres).set(database=name).render_as_string(hide_password=False)

    with opened(address) as log:
        log.append([Batch(facts=[fact(1, name="engine (ü, “x”, 🚀)")])])
        [recorded] = log.read(0)

    with server.connect() as db:
        db.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    server.dispose()
    assert isinstance(recorded.event, JobCompleted)
    assert recorded.event.name == "engine (ü, “x”, 🚀)"


def test_a_mistake_of_ours_is_not_taken_for_a_database_that_is_away(log: Log) -> None:
    for statement in ("SELECT * FROM nowhere", "SELEKT", "SELECT 1 FROM events WHERE nothing = 1"):
        with pytest.raises(Exception) as said, log.database.read() as db:  # noqa: PT011 - of whatever kind
            db.execute(text(statement))

        assert not isinstance(said.value, Unavailable)


def test_what_is_read_together_is_of_one_moment(log: Log) -> None:
    log.append([batch(1)])
    with log.database.read() as db:
        first = log.head(db)
        log.append([batch(2)])
        second = log.head(db)

    assert (first, second) == (1, 1)
    assert log.head() == 2


def test_a_reader_cannot_write(log: Log) -> None:
    with pytest.raises(Exception), log.database.read() as db:  # noqa: B017, PT011 - each has its own words
        db.execute(text("DELETE FROM events"))


# Who waits for whom


@contextmanager
def held(database: Database) -> Iterator[None]:
    """Let another process hold the database against writers."""
    other = open_database(database.url.render_as_string(hide_password=False))
    with other.durable.begin() as db:
        if not database.is_sqlite:
            db.execute(text("LOCK TABLE events IN ACCESS EXCLUSIVE MODE"))
        yield
    other.close()


def test_who_holds_the_database_too_long_is_named_and_then_writing_goes_on(
    log: Log, database_url: str
) -> None:
    impatient = open_database(database_url, busy_seconds=1)
    waiting = Log(impatient, log.codec, SystemClock())
    with held(log.database):
        started = time.monotonic()
        with pytest.raises(Unavailable, match="Another process holds the database"):
            waiting.append([batch(1)])
        waited = time.monotonic() - started

    waiting.append([batch(2)])
    impatient.close()

    assert 0.9 < waited < 5
    assert log.head() == 1


@pytest.mark.postgres
def test_a_connection_that_comes_back_after_the_end_is_closed(
    fresh_postgres: str, recwarn: pytest.WarningsRecorder
) -> None:
    database = open_database(fresh_postgres)
    with database.read() as db:
        line = db.connection.dbapi_connection
        database.close()
    assert line is not None
    late = database.derived.pool

    assert line.closed
    with database.write(durable=True) as db:
        db.execute(text("SELECT 1"))
    assert late.checkedin() == 0  # type: ignore[attr-defined]  # of a pool that has a queue


# Who looks together


def test_others_see_the_very_same_whatever_is_written_meanwhile(
    log: Log, database_url: str
) -> None:
    log.append([batch(1, 2)])
    with (
        opened(database_url, make=False) as another,
        closing(open_database(database_url, busy_seconds=0)) as busy,
        ExitStack() as looks,
    ):
        joined: list[Connection] = []

        def join(name: str) -> None:
            # Nobody can write to SQLite just now; PostgreSQL knows the snapshot by its name.
            with suppress(Unavailable):
                Log(busy, log.codec, SystemClock()).append([batch(3)])
            joined.append(looks.enter_context(another.database.joined(name)))

        db = looks.enter_context(log.database.read_with(join))
        log.append([batch(4)])

        assert [log.head(db), *map(another.head, joined)] == [2, 2]
        assert another.head() > 2


def test_what_goes_wrong_with_others_holds_nobody_up(log: Log) -> None:
    def fail(_name: str) -> None:
        raise Broken("They are gone.")

    with pytest.raises(Broken), log.database.read_with(fail):
        pass

    assert log.append([batch(1)])[0].is_new


# Projections


def test_a_projection_whose_database_goes_away_is_not_stopped_by_it(log: Log) -> None:
    projector = Projector(log, [Breaking(), Pulls()])
    log.append([batch(1, 2)])
    Breaking.breaks = True
    with pytest.raises(Unavailable):
        projector.catch_up()
    nothing = seen(log)
    Breaking.breaks = False

    projector.catch_up()

    assert nothing == 0
    assert seen(log) == 2
    assert [(one.position, one.error) for one in projector.progress()] == [(2, None), (2, None)]


def test_the_thread_of_projections_outlives_its_database(log: Log) -> None:
    projector = Projector(log, [Breaking()])
    Breaking.breaks = True
    projector.start(every=0.01)
    log.append([batch(1)])
    projector.wake()
    time.sleep(0.2)
    Breaking.breaks = False

    wait_until(lambda: seen(log) == 1)
    projector.stop()


def test_the_thread_of_projections_outlives_whatever_happens_to_its_tables(log: Log) -> None:
    projector = Projector(log, [Breaking()])
    with log.database.write(durable=True) as db:
        db.execute(text("ALTER TABLE checkpoints RENAME TO moved"))
    projector.start(every=0.01)
    log.append([batch(1)])
    time.sleep(0.2)
    with log.database.write(durable=True) as db:
        db.execute(text("ALTER TABLE moved RENAME TO checkpoints"))

    wait_until(lambda: seen(log) == 1)
    projector.stop()


def test_what_only_a_newer_version_can_read_stops_who_reads_it_and_nobody_else(log: Log) -> None:
    log.append([batch(1)])
    from_the_future(log, 1)
    projector = Projector(log, [Pulls(), Breaking()])

    projector.catch_up()

    stopped, other = projector.progress()
    assert stopped.position == 0
    assert "version 99" in (stopped.error or "")
    assert (other.position, other.error) == (1, None)


def test_a_rebuild_that_cannot_be_done_says_so_and_leaves_what_is_there(log: Log) -> None:
    log.append([batch(1)])
    projector = Projector(log, [Breaking()])
    projector.catch_up()
    log.append([batch(2)])
    from_the_future(log, 2)

    with pytest.raises(Broken, match="breaking cannot be built from the log"):
        rebuild(log, Breaking)

    assert seen(log) == 1


# Work and policies


def test_whoever_begins_second_does_not_move_the_beginning(log: Log) -> None:
    """Two processes that start together may both look before the other one is there."""
    log.append([batch(1)])
    second = threading.Thread(target=WorkList(log, SystemClock()).be_born)
    with log.database.write(durable=True) as db:
        begin_at(db, READER, 0)
        second.start()
        time.sleep(0.3)
    second.join(timeout=PATIENCE)

    with log.database.read() as db:
        assert checkpoint(db, READER) == 0


def test_a_crew_that_cannot_read_what_is_asked_says_so_and_goes_on_when_it_can(log: Log) -> None:
    async def play() -> list[str]:
        work, worker = WorkList(log, SystemClock()), Doing()
        work.be_born()
        log.append([batch(1)])
        from_the_future(log, 1)
        crew = Crew(work, [worker])
        working = asyncio.create_task(crew.run(every=0.01))
        await asyncio.sleep(0.3)
        assert not working.done()
        with log.database.write(durable=True) as db:
            db.execute(update(EVENTS).values(version=1))
        await asyncio.to_thread(wait_until, lambda: bool(worker.done))
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)
        return worker.done

    assert asyncio.run(play()) == ["1"]


@pytest.mark.parametrize("steps", range(6))
def test_a_crew_that_is_woken_while_it_is_told_to_stop_stops(log: Log, steps: int) -> None:
    async def play() -> bool:
        work = WorkList(log, SystemClock())
        work.be_born()
        crew = Crew(work, [Doing()])
        working = asyncio.create_task(crew.run(every=60))
        await asyncio.sleep(0.1)
        crew.wake()
        for _ in range(steps):
            await asyncio.sleep(0)
        working.cancel()
        done, _ = await asyncio.wait({working}, timeout=2)
        working.cancel()
        return bool(done)

    assert asyncio.run(play())


def test_a_crew_that_is_told_to_stop_keeps_nothing(log: Log) -> None:
    """Whatever it is at: what it took and has not done, the next one may do at once."""

    class Slow(Doing):
        async def perform(self, item: Item) -> None:
            await asyncio.sleep(60)

    async def play(number: int) -> None:
        work = WorkList(log, SystemClock())
        work.be_born()
        log.append([batch(number)])
        working = asyncio.create_task(Crew(work, [Slow()]).run(every=60))
        await asyncio.sleep(0.0015 * number)
        working.cancel()
        await asyncio.wait({working}, timeout=5)

    for number in range(1, 13):
        asyncio.run(play(number))

        with log.database.read() as db:
            held = db.execute(select(WORK.c.subject).where(WORK.c.leased_by.is_not(None))).all()
        assert held == []


def test_two_crews_that_note_the_same_facts_note_them_once(log: Log) -> None:
    lists = [WorkList(log, SystemClock()) for _ in range(4)]
    lists[0].be_born()
    log.append([batch(*range(1, 200))])
    threads = [threading.Thread(target=one.collect, args=([Doing()],)) for one in lists]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    taken = [item.subject for one in lists for item in one.claim(100)]

    assert len(taken) == len(set(taken)) == 199
    assert lists[0].count() == (199, 0)


# The writer


class Nameless(JobCompleted, frozen=True, kw_only=True):
    """An event that cannot say what it is."""

    def key(self) -> str:
        raise AttributeError("no name")


def test_nothing_that_is_to_be_written_ends_the_writer(log: Log) -> None:
    nameless = fact(4)
    event = nameless.event
    assert isinstance(event, JobCompleted)
    broken = Nameless(**{name: getattr(event, name) for name in event.__struct_fields__})
    batches = [
        batch(1),
        Batch(facts=[fact(2, name="half a pair \ud800")]),
        Batch(facts=[type(nameless)(event=broken, source="x", correlation_id="y")]),
        Batch(facts=[type(nameless)(event=event, source="a\x00b", correlation_id="y\ud800")]),
        batch(9),
    ]

    async def send() -> list[Appended | BaseException]:
        writer = Writer(log)
        writer.start()
        try:
            results = await asyncio.gather(
                *(writer.append_soon(one) for one in batches), return_exceptions=True
            )
            return [*results, await writer.append_soon(batch(10))]
        finally:
            writer.stop()

    results = asyncio.run(asyncio.wait_for(send(), PATIENCE))

    kinds = [type(result) for result in results]
    assert kinds == [Appended, Broken, Broken, Broken, Appended, Appended]
    assert log.head() == 3
