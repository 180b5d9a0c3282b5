"""One suite for the log, run by both databases."""

import threading
import time

import pytest
from sqlalchemy import text

from chatops.engine.clock import SystemClock
from chatops.engine.log import STORY, Batch
from chatops.engine.past import PastLog
from chatops.errors import Unavailable
from tests.engine.logs import batch, fact, opened
from tests.scene import COMMAND


def test_positions_count_from_one_without_gaps(database_url: str) -> None:
    with opened(database_url) as log:
        first, second = log.append([batch(1, 2), batch(3)])

        assert (first.positions, second.positions) == ((1, 2), (3,))
        assert [recorded.position for recorded in log.all()] == [1, 2, 3]


def test_duplicates_are_skipped_one_by_one(database_url: str) -> None:
    with opened(database_url) as log:
        log.append([batch(1)])

        (mixed, repeated) = log.append([batch(2, 1, 2, 3), batch(3, 4)])

        assert (mixed.positions, mixed.duplicates) == ((2, 3), 2)
        assert (repeated.positions, repeated.duplicates) == ((4,), 1)
        assert len({recorded.key for recorded in log.all()}) == log.head() == 4


def test_a_guarded_batch_is_taken_whole_or_not_at_all(database_url: str) -> None:
    with opened(database_url) as log:
        (first,) = log.append([batch(1, 2, guarded=True)])
        (second,) = log.append([batch(1, 3, guarded=True)])

        assert first.is_new
        assert not second.is_new
        assert log.head() == 2


def test_what_went_in_comes_out(database_url: str) -> None:
    with opened(database_url) as log:
        told = fact(1, name="engine / test (ü, “x”)")
        log.append([Batch(facts=[told])])

        (recorded,) = log.read(0)

        assert recorded.event == told.event
        assert recorded.id == told.id
        assert (recorded.source, recorded.correlation_id) == ("github", "delivery/1")


def test_positions_become_visible_in_order_to_one_who_follows(database_url: str) -> None:
    with opened(database_url) as log:
        ending = threading.Event()
        seen: list[int] = []

        def follow() -> None:
            while not (ending.is_set() and seen and seen[-1] == log.head()):
                seen.extend(recorded.position for recorded in log.read(seen[-1] if seen else 0))

        def write(start: int) -> None:
            with opened(database_url, make=False) as mine:
                for number in range(start, start + 30):
                    mine.append([batch(number)])

        reader = threading.Thread(target=follow)
        writers = [threading.Thread(target=write, args=(1_000 * n + 1,)) for n in range(4)]
        for thread in (reader, *writers):
            thread.start()
        for thread in writers:
            thread.join()
        ending.set()
        reader.join(timeout=20)

        assert seen == list(range(1, 121))


def test_who_has_taken_a_key_is_found_by_it(database_url: str) -> None:
    with opened(database_url) as log:
        log.append([batch(1, 2)])
        (_, second) = log.read(0)

        assert log.keyed(second.key) == second
        assert log.keyed("no/such/key") is None
        assert PastLog(log, SystemClock(), position=2).keyed(second.key) == second
        assert PastLog(log, SystemClock(), position=1).keyed(second.key) is None


def test_a_story_is_found_by_its_index(database_url: str) -> None:
    with opened(database_url) as log:
        log.append([batch(1), Batch(facts=[fact(2, correlation_id=COMMAND)])])

        assert [recorded.position for recorded in log.story(COMMAND)] == [2]
        if log.database.is_sqlite:
            with log.database.read() as db:
                plan = db.execute(
                    text(
                        f"EXPLAIN QUERY PLAN SELECT * FROM events WHERE {STORY} "  # noqa: S608 - ours
                        "AND correlation_id = 'command/x' ORDER BY position"
                    )
                ).all()
            assert "events_story" in str(plan)


def test_a_database_that_is_away_is_said_to_be_away_and_comes_back(database_url: str) -> None:
    with opened(database_url) as log:
        log.append([batch(1)])
        with log.database.write(durable=True) as db:
            db.execute(text("ALTER TABLE events RENAME TO away"))

        with pytest.raises(Exception, match=r"events|does not answer"):
            log.append([batch(2)])
        with log.database.write(durable=True) as db:
            db.execute(text("ALTER TABLE away RENAME TO events"))
        log.append([batch(2)])

        assert log.head() == 2


@pytest.mark.postgres
def test_lost_connections_are_unavailable_and_then_made_again(fresh_postgres: str) -> None:
    with opened(fresh_postgres) as log:
        log.append([batch(1)])
        deadline = time.monotonic() + 10
        with opened(fresh_postgres, make=False) as other, other.database.write(durable=True) as db:
            db.execute(
                text(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                    "WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
            )
        while time.monotonic() < deadline:
            try:
                log.append([batch(2)])
                break
            except Unavailable:
                continue

        assert log.head() == 2
