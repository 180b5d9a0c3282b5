"""Which moment is meant by a position or a time, and what is near it."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from chatops.engine.log import Batch, Log
from chatops.engine.moments import LOOKED_AROUND, Moments
from chatops.errors import Refused
from chatops.events import Event
from tests.engine.logs import HandClock, fact, opened

MINUTE = timedelta(minutes=1)


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def log(tmp_path: Path, clock: HandClock) -> Iterator[Log]:
    with opened(f"sqlite:///{tmp_path / 'log.db'}", clock=clock) as log:
        yield log


def is_odd(event: Event) -> bool:
    return getattr(event, "job_id", 0) % 2 == 1


def test_the_moment_of_an_event_is_when_it_was_recorded(log: Log, clock: HandClock) -> None:
    began = clock.moment
    log.append([Batch(facts=[fact(1)])])
    clock.moment += MINUTE
    log.append([Batch(facts=[fact(2)])])
    moments = Moments(log, clock)

    assert moments.at_position(1).at == began
    assert moments.newest() == moments.at_position(2)
    assert moments.at_time(began + MINUTE / 2, "then").position == 1
    assert moments.at_time(began + MINUTE, "then", by_event=True).by_event


def test_what_is_no_moment_of_the_log_is_refused(log: Log, clock: HandClock) -> None:
    moments = Moments(log, clock)
    for look in (moments.newest, lambda: moments.at_time(clock.moment, "now")):
        with pytest.raises(Refused, match="Nothing is recorded yet"):
            look()
    log.append([Batch(facts=[fact(1)])])

    with pytest.raises(Refused, match="There is no event 2: the log holds those from 1 to 1"):
        moments.at_position(2)
    with pytest.raises(Refused, match="still to come"):
        moments.at_time(clock.moment + MINUTE, "later")
    with pytest.raises(Refused, match="Nothing was known at"):
        moments.at_time(clock.moment - MINUTE, "before")
    assert moments.at_time(clock.moment - MINUTE, "before", by_event=True).position == 0


def test_single_steps_are_to_what_belongs_to_a_community(log: Log, clock: HandClock) -> None:
    log.append([Batch(facts=[fact(number) for number in range(1, 8)])])
    moments = Moments(log, clock)

    ways = moments.ways(moments.at_position(5), is_odd)

    assert (ways.before, ways.after, ways.first_at) == (3, 7, clock.moment)
    assert moments.ways(moments.at_position(1), is_odd).before is None
    assert moments.ways(moments.at_position(7), is_odd).after is None


def test_where_nothing_near_belongs_a_step_is_as_far_as_was_looked(
    log: Log, clock: HandClock
) -> None:
    log.append([Batch(facts=[fact(2 * number) for number in range(1, LOOKED_AROUND + 9)])])
    moments = Moments(log, clock)

    ways = moments.ways(moments.at_position(1), is_odd)

    assert ways.after == LOOKED_AROUND + 1
