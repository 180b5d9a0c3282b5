"""Read models of a moment, put together in files of their own."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import inspect

from chatops.engine.database import open_database
from chatops.engine.log import Batch, Log
from chatops.engine.past import PastLog, Step, Steps, position_at, put_together
from chatops.engine.projection import Projection, Projector
from chatops.engine.rebuild import digest
from tests.engine.logs import PROJECTIONS, HandClock, fact, opened


def digests(log: Log) -> dict[str, str]:
    """Return a digest of every read model as it is now."""
    Projector(log, [kind() for kind in PROJECTIONS]).catch_up()
    with log.database.read() as db:
        return {kind.name: digest(kind(), db) for kind in PROJECTIONS}


def in_file(file: Path) -> dict[str, str]:
    database = open_database(f"sqlite:///{file}")
    try:
        with database.read() as db:
            return {kind.name: digest(kind(), db) for kind in PROJECTIONS}
    finally:
        database.close()


def test_each_file_holds_what_was_there_at_its_position(database_url: str, tmp_path: Path) -> None:
    then = {}
    with opened(database_url) as log:
        for number in range(1, 7):
            log.append([Batch(facts=[fact(number)])])
            then[number] = digests(log)
        files = {number: tmp_path / f"{number}.db" for number in (2, 3, 5)}
        seen: list[int] = []

        put_together(
            log,
            PROJECTIONS,
            Steps(
                base=None,
                steps=(
                    Step(file=str(files[2]), after=0, upto=2),
                    Step(file=str(files[5]), after=2, upto=5),
                ),
            ),
            seen.append,
        )
        put_together(
            log,
            PROJECTIONS,
            Steps(base=str(files[2]), steps=(Step(file=str(files[3]), after=2, upto=3),)),
        )

    for number, file in files.items():
        assert in_file(file) == then[number]
    assert seen == [2, 5]
    assert sorted(tmp_path.glob("*.part*")) == []


def test_what_had_happened_is_told_from_what_was_heard(database_url: str, tmp_path: Path) -> None:
    clock = HandClock()
    with opened(database_url, clock=clock) as log:
        log.append([Batch(facts=[fact(1)])])
        happened = log.read(0)[0].occurred_at
        log.append([Batch(facts=[fact(2, completed_at=happened + timedelta(hours=1)), fact(3)])])
        step = Step(file=str(tmp_path / "past.db"), after=1, upto=3, happened_by=happened)
        put_together(
            log,
            PROJECTIONS,
            Steps(base=None, steps=(Step(file=str(tmp_path / "base.db"), after=0, upto=1), step)),
        )
        with log.database.read() as db:
            is_late = log.has_happened(1, 3, happened, db)
            is_later_still = log.has_happened(3, 3, happened, db)
        past = PastLog(log, clock, position=1, looked=3, happened_by=happened)

        assert [one.position for one in past.read(0)] == [1, 3]
    assert is_late
    assert not is_later_still
    with opened(f"sqlite:///{tmp_path / 'same.db'}") as same:
        same.append([Batch(facts=[fact(1), fact(3)])])
        expected = digests(same)
    found = in_file(tmp_path / "past.db")
    timeless = {"freshness", "run_news", "untold"}
    assert {name: value for name, value in found.items() if name not in timeless} == {
        name: value for name, value in expected.items() if name not in timeless
    }


def test_what_no_event_tells_is_not_in_the_file(tmp_path: Path) -> None:
    with opened(f"sqlite:///{tmp_path / 'log.db'}") as log:
        log.append([Batch(facts=[fact(1)])])
        put_together(
            log,
            PROJECTIONS,
            Steps(base=None, steps=(Step(file=str(tmp_path / "past.db"), after=0, upto=1),)),
        )
    database = open_database(f"sqlite:///{tmp_path / 'past.db'}")
    try:
        with database.read() as db:
            tables = set(inspect(db).get_table_names())
    finally:
        database.close()

    assert not tables & {"events", "sessions", "samples", "fetched"}
    assert {"deliveries", "work"} <= tables


def test_a_moment_has_the_newest_position_that_was_recorded_by_then(tmp_path: Path) -> None:
    clock = HandClock()
    began = clock.moment = datetime(2026, 1, 5, tzinfo=UTC)
    with opened(f"sqlite:///{tmp_path / 'log.db'}", clock=clock) as log:
        for number in range(1, 12):
            clock.moment = began + timedelta(minutes=number // 2)
            log.append([Batch(facts=[fact(number)])])
        with log.database.read() as db:
            found = [
                position_at(log, db, began + timedelta(seconds=seconds))
                for seconds in (-1, 0, 59, 60, 61, 299, 300, 9_999)
            ]

    assert found == [0, 1, 1, 3, 3, 9, 11, 11]


def test_an_empty_log_has_no_position(tmp_path: Path) -> None:
    with opened(f"sqlite:///{tmp_path / 'log.db'}") as log, log.database.read() as db:
        assert position_at(log, db, datetime(2026, 1, 5, tzinfo=UTC)) == 0


@pytest.mark.parametrize("kind", PROJECTIONS, ids=lambda kind: kind.name)
def test_every_read_model_can_be_made_of_nothing(kind: type[Projection], tmp_path: Path) -> None:
    with opened(f"sqlite:///{tmp_path / 'log.db'}") as log:
        put_together(
            log,
            [kind],
            Steps(base=None, steps=(Step(file=str(tmp_path / "past.db"), after=0, upto=0),)),
        )

    assert (tmp_path / "past.db").is_file()
