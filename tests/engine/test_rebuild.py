import threading
from collections.abc import Iterator

import pytest
from sqlalchemy import inspect, select, text, update

from chatops.engine.log import Log
from chatops.engine.projection import Projector
from chatops.engine.rebuild import digest, rebuild
from chatops.projections.jobs import LIVE, Jobs
from tests.engine.logs import PROJECTIONS, batch, opened


@pytest.fixture
def log(database_url: str) -> Iterator[Log]:
    with opened(database_url) as made:
        yield made


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


def test_a_digest_is_of_every_row(log: Log) -> None:
    log.append([batch(1, 2)])
    Projector(log, [Jobs()]).catch_up()

    with log.database.write(durable=True) as db:
        whole = digest(Jobs(), db)
        found = set()
        for row in list(db.execute(select(LIVE.jobs))):
            this = LIVE.jobs.c.job_id == row.job_id
            db.execute(update(LIVE.jobs).where(this).values(attempt=row.attempt + 7))
            found.add(digest(Jobs(), db))
            db.execute(update(LIVE.jobs).where(this).values(attempt=row.attempt))
        again = digest(Jobs(), db)

    assert len(found) == 2
    assert whole not in found
    assert again == whole


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
