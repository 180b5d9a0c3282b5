import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any, ClassVar

import pytest
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Integer,
    MetaData,
    String,
    Table,
    delete,
    func,
    inspect,
    select,
    text,
    update,
)

from chatops.engine.log import Log
from chatops.engine.projection import Projection, Projector, rebuild, upsert
from chatops.errors import Broken
from chatops.events import Event, Recorded
from chatops.events.runs import JobCompleted
from chatops.projections.jobs import Jobs
from tests.engine.logs import PROJECTIONS, batch, opened


class Counted(Projection):
    """Counts jobs, and stumbles over one of them when told to."""

    name: ClassVar[str] = "counted"
    reads: ClassVar[tuple[type[Event], ...]] = (JobCompleted,)
    stumbles_over: ClassVar[int] = 0
    table_of_jobs: Table

    def declare(self) -> None:
        self.table_of_jobs = self.table(
            "counted", Column("job_id", Integer, primary_key=True, autoincrement=False)
        )

    def apply(self, facts: Sequence[Recorded], db: Connection) -> None:
        for fact in facts:
            assert isinstance(fact.event, JobCompleted)
            upsert(db, self.table_of_jobs, [{"job_id": fact.event.job_id}])
            if fact.event.job_id == self.stumbles_over:
                raise Broken("It stumbled.")


@pytest.fixture
def log(database_url: str) -> Iterator[Log]:
    with opened(database_url) as made:
        with made.database.write(durable=True) as db:
            Counted().metadata.create_all(db)
        Counted.stumbles_over = 0
        yield made


def counted(log: Log) -> int:
    with log.database.read() as db:
        return db.scalar(select(func.count()).select_from(Counted().table_of_jobs)) or 0


def test_a_projection_that_fails_stops_and_says_why_and_the_others_go_on(log: Log) -> None:
    Counted.stumbles_over = 3
    projector = Projector(log, [Counted(), Jobs()])
    log.append([batch(1, 2)])
    projector.catch_up()
    log.append([batch(3, 4)])
    projector.catch_up()

    counting, jobs = projector.progress()
    assert (counting.position, counting.error) == (2, "Broken: It stumbled.")
    assert (jobs.position, jobs.error) == (4, None)
    assert counted(log) == 2


def test_a_stopped_projection_goes_on_where_it_was(log: Log) -> None:
    Counted.stumbles_over = 2
    projector = Projector(log, [Counted()])
    log.append([batch(1, 2, 3)])
    projector.catch_up()

    Counted.stumbles_over = 0
    projector.resume("counted")
    projector.catch_up()

    (progress,) = projector.progress()
    assert (progress.position, progress.error, progress.lag) == (3, None, 0)
    assert counted(log) == 3


def test_a_rebuild_switches_and_can_be_done_again(log: Log) -> None:
    projector = Projector(log, [kind() for kind in PROJECTIONS])
    log.append([batch(*range(1, 50))])
    projector.catch_up()
    with log.database.read() as db:
        before = {
            table: sorted(str(index["name"]) for index in inspect(db).get_indexes(table))
            for table in inspect(db).get_table_names()
        }

    outcomes = [rebuild(log, kind) for _ in range(2) for kind in PROJECTIONS]

    with log.database.read() as db:
        after = {
            table: sorted(str(index["name"]) for index in inspect(db).get_indexes(table))
            for table in inspect(db).get_table_names()
        }
    assert all(outcome.is_equal for outcome in outcomes)
    assert after == before


def test_verifying_notices_a_row_that_was_changed_by_hand(log: Log) -> None:
    log.append([batch(1, 2, 3)])
    Projector(log, [Jobs()]).catch_up()
    jobs = Jobs().jobs
    with log.database.write(durable=True) as db:
        db.execute(update(jobs).where(jobs.c.job_id == 2).values(conclusion="success"))

    seen = rebuild(log, Jobs, switch=False)
    repaired = rebuild(log, Jobs)

    assert not seen.is_equal
    assert not repaired.is_equal
    assert rebuild(log, Jobs, switch=False).is_equal


def test_people_read_and_the_log_grows_during_a_rebuild(log: Log) -> None:
    projector = Projector(log, [Jobs()])
    log.append([batch(*range(1, 2_000))])
    projector.catch_up()
    ending, looked = threading.Event(), []

    def look() -> None:
        while not ending.is_set():
            with log.database.read() as db:
                looked.append(db.scalar(text("SELECT count(*) FROM jobs")))

    def grow() -> None:
        for number in range(5_000, 5_040):
            log.append([batch(number)])

    threads = [threading.Thread(target=look), threading.Thread(target=grow)]
    for thread in threads:
        thread.start()
    rebuild(log, Jobs)
    threads[1].join()
    ending.set()
    threads[0].join()
    projector.catch_up()

    assert min(looked) >= 1_999
    assert rebuild(log, Jobs, switch=False).is_equal


THINGS = Table(
    "things",
    MetaData(),
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("place", String, primary_key=True),
    Column("said", String),
    Column("holds", Boolean),
    Column("weight", Integer, nullable=False),
)
ODD = ("", "it's", '"\\\n\t', "{1,2}", "null", "NULL", "ä 🎉", "%s %b ?", ":name")


def thing(number: int, said: str | None, weight: int, *, holds: bool | None) -> dict[str, object]:
    return {"id": number, "place": "here", "said": said, "holds": holds, "weight": weight}


@pytest.fixture
def things(log: Log) -> Callable[[], list[tuple[object, ...]]]:
    with log.database.write(durable=True) as db:
        THINGS.create(db)

    def read() -> list[tuple[object, ...]]:
        with log.database.read() as db:
            return [tuple(row) for row in db.execute(select(THINGS).order_by(THINGS.c.id))]

    return read


@pytest.mark.parametrize("many", [1, 7, 8, 1_000])
def test_rows_come_out_as_they_were_written_however_many_there_are(
    log: Log, things: Callable[[], list[tuple[object, ...]]], many: int
) -> None:
    rows = [
        thing(
            2**62 + number,
            None if number % 10 == 9 else ODD[number % 9],
            -number,
            holds=(True, False, None)[number % 3],
        )
        for number in range(many)
    ]

    with log.database.write(durable=False) as db:
        upsert(db, THINGS, rows)

    assert things() == [tuple(row.values()) for row in rows]


@pytest.mark.parametrize("many", [2, 40])
def test_which_row_wins_does_not_depend_on_how_many_are_written(
    log: Log, things: Callable[[], list[tuple[object, ...]]], many: int
) -> None:
    old = [thing(number, "old", number % 2 * 2, holds=True) for number in range(many)]
    new = [thing(number, None, 1, holds=False) for number in range(many)]

    def after(**how: Any) -> set[tuple[object, ...]]:  # noqa: ANN401 - what `upsert` takes
        with log.database.write(durable=False) as db:
            db.execute(delete(THINGS))
            upsert(db, THINGS, old)
            upsert(db, THINGS, new, **how)
        return {row[2:] for row in things()}

    assert after() == {("old", True, 0), ("old", True, 2)}
    assert after(merge=True) == {("old", False, 1)}
    assert after(newer=lambda new, old: new.weight > old.weight) == {
        (None, False, 1),
        ("old", True, 2),
    }


def test_a_row_that_comes_twice_in_one_call_is_folded_in_its_order(
    log: Log, things: Callable[[], list[tuple[object, ...]]]
) -> None:
    rows = [thing(number % 10, str(number), number, holds=None) for number in range(30)]

    with log.database.write(durable=False) as db:
        upsert(db, THINGS, rows, newer=lambda new, old: new.weight > old.weight)

    assert [row[2] for row in things()] == [str(number) for number in range(20, 30)]
