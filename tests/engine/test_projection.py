from collections.abc import Iterator, Sequence
from typing import ClassVar

import pytest
from sqlalchemy import (
    Column,
    Connection,
    Integer,
    Table,
    func,
    select,
)

from chatops.engine.log import Log
from chatops.engine.projection import Projection, Projector
from chatops.engine.upsert import upsert
from chatops.errors import Broken
from chatops.events import Event, Recorded
from chatops.events.runs import JobCompleted
from chatops.projections.jobs import Jobs
from tests.engine.logs import batch, opened


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
