"""Raw deliveries, kept in little room and given back byte for byte; run by both databases."""

from collections.abc import Sequence
from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from chatops.engine.clock import microseconds
from chatops.engine.deliveries import DELIVERIES, SAMPLES, Delivery, Ledger, newest_deliveries
from chatops.engine.log import Batch, Log
from tests.engine.logs import HandClock, fact, opened

LIKE_GITHUB = b'{"action": "completed", "workflow_job": {"id": %d, "name": "job %d", "steps": ['
STEP = b'{"name": "Set up job", "status": "completed", "conclusion": "success", "number": 1}'


def delivery(number: int, event: str = "workflow_job") -> Delivery:
    """Return a delivery that differs from others of its event as GitHub's do."""
    body = LIKE_GITHUB % (number, number % 7) + b", ".join([STEP] * 20) + b"]}}"
    return Delivery(guid=f"{event}-{number}", event=event, body=body)


def keep(log: Log, *deliveries: Delivery) -> None:
    """Append deliveries together, without facts."""
    log.append([Batch(facts=[], delivery=one) for one in deliveries])


def kept(log: Log) -> dict[str, tuple[int, int]]:
    """Return the sample of each delivery, and how many bytes it takes."""
    query = select(DELIVERIES.c.guid, DELIVERIES.c.sample, func.length(DELIVERIES.c.body))
    with log.database.read() as db:
        return {guid: (sample, length) for guid, sample, length in db.execute(query)}


def samples(log: Log) -> Sequence[tuple[int, str]]:
    """Return the numbers and events of the samples."""
    query = select(SAMPLES.c.number, SAMPLES.c.event).order_by(SAMPLES.c.number)
    with log.database.read() as db:
        return [(number, event) for number, event in db.execute(query)]


def test_a_delivery_is_kept_once_as_it_was_sent(database_url: str) -> None:
    with opened(database_url) as log:
        sent = Delivery(guid="g-1", event="workflow_job", body=b'{"a": "\xc3\xbc"}' * 50)
        log.append([Batch(facts=[fact(1)], delivery=sent)])
        log.append([Batch(facts=[fact(1)], delivery=sent)])

        assert log.deliveries.find("g-1") == sent
        assert log.deliveries.find("g-2") is None


def test_deliveries_like_an_earlier_one_take_little_room(database_url: str) -> None:
    with opened(database_url) as log:
        sent = [delivery(number) for number in range(20)]
        keep(log, *sent[:3])
        keep(log, *sent[3:])

        assert [log.deliveries.find(one.guid) for one in sent] == sent
        assert samples(log) == [(1, "workflow_job")]
        assert max(length for _, length in kept(log).values()) < 60


def test_each_event_has_its_own_sample(database_url: str) -> None:
    with opened(database_url) as log:
        sent = [delivery(1, "push"), delivery(2), delivery(3, "push"), delivery(4, "status")]
        keep(log, *sent)

        assert [event for _, event in samples(log)] == ["push", "workflow_job", "status"]
        assert [log.deliveries.find(one.guid) for one in sent] == sent


def test_another_process_uses_the_same_sample(database_url: str) -> None:
    with opened(database_url) as one, opened(database_url, make=False) as other:
        keep(one, delivery(1))
        keep(other, delivery(2))
        keep(one, delivery(3))

        assert samples(one) == [(1, "workflow_job")]
        assert {sample for sample, _ in kept(one).values()} == {1}


def test_a_sample_of_a_transaction_that_failed_is_not_used(database_url: str) -> None:
    with opened(database_url) as log:
        broken = Batch(facts=[fact(1, name="\ud800")], delivery=delivery(1))
        with pytest.raises(UnicodeEncodeError):
            log.append([broken])

        keep(log, delivery(2), delivery(3))

        assert log.deliveries.find("workflow_job-1") is None
        assert log.deliveries.find("workflow_job-3") == delivery(3)
        assert samples(log) == [(1, "workflow_job")]


def test_a_new_day_has_a_new_sample(database_url: str) -> None:
    clock = HandClock()
    with opened(database_url, clock=clock) as log:
        keep(log, delivery(1))
        clock.moment += timedelta(hours=25)
        keep(log, delivery(2))

        assert {guid: sample for guid, (sample, _) in kept(log).items()} == {
            "workflow_job-1": 1,
            "workflow_job-2": 2,
        }
        assert log.deliveries.find("workflow_job-1") == delivery(1)


def test_deliveries_go_when_their_time_is_over_and_events_stay(database_url: str) -> None:
    with opened(database_url) as log:
        log.append([Batch(facts=[fact(1)], delivery=Delivery(guid="g", event="x", body=b"{}"))])

        assert log.deliveries.forget(timedelta(days=1)) == 0
        assert log.deliveries.forget(timedelta(seconds=-5)) == 1
        assert log.head() == 1


def test_a_sample_goes_only_when_nothing_can_need_it(database_url: str) -> None:
    clock, retention = HandClock(), timedelta(days=30)
    with opened(database_url, clock=clock) as log:
        keep(log, delivery(1))
        clock.moment += timedelta(hours=23)
        keep(log, delivery(2))
        clock.moment += timedelta(days=29, hours=12)

        assert log.deliveries.forget(retention) == 1
        assert log.deliveries.find("workflow_job-2") == delivery(2)
        assert samples(log) == [(1, "workflow_job")]

        clock.moment += timedelta(days=4)
        assert log.deliveries.forget(retention) == 1
        assert samples(log) == []


def test_what_was_kept_before_there_were_samples_is_read_as_ever(database_url: str) -> None:
    with opened(database_url) as log:
        short = Delivery(guid="short", event="ping", body=b'{"zen": "?"}')
        empty = Delivery(guid="empty", event="ping", body=b"")
        keep(log, short, empty)

        assert samples(log) == []
        assert [log.deliveries.find(guid) for guid in ("short", "empty")] == [short, empty]


@given(
    bodies=st.lists(
        st.tuples(st.sampled_from(["push", "status"]), st.binary(max_size=300)), max_size=12
    ),
    cuts=st.sets(st.integers(0, 12)),
)
@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_every_delivery_comes_back_however_they_came_together(
    database_url: str, bodies: list[tuple[str, bytes]], cuts: set[int]
) -> None:
    with opened(database_url) as log:
        before = log.head() + len(kept(log))
        sent = [
            Delivery(guid=f"{before}-{number}", event=event, body=body)
            for number, (event, body) in enumerate(bodies)
        ]
        marks = sorted({0, len(sent), *(cut for cut in cuts if cut < len(sent))})
        for first, last in pairwise(marks):
            keep(log, *sent[first:last])

        assert [log.deliveries.find(one.guid) for one in sent] == sent


def test_the_newest_sample_that_is_young_enough_serves_after_a_restart(database_url: str) -> None:
    clock = HandClock()
    with opened(database_url, clock=clock) as log:
        keep(log, delivery(1))
        taken = microseconds(clock.now())
    clock.moment += timedelta(hours=1)
    with opened(database_url, make=False, clock=clock) as log:
        keep(log, delivery(2))
        with log.database.read() as db:
            assert db.scalars(select(SAMPLES.c.taken_at)).all() == [taken]


def test_the_newest_deliveries_are_counted_by_event(database_url: str) -> None:
    clock = HandClock()
    with opened(database_url, clock=clock) as log:
        began = clock.moment
        for number in range(6):
            clock.moment += timedelta(minutes=1)
            kind = "ping" if number == 4 else "workflow_job"
            facts = [fact(number // 2)] if kind == "workflow_job" else []
            log.append([Batch(facts=facts, delivery=delivery(number, kind))])
        with log.database.read() as db:
            every, some = newest_deliveries(db, 10), newest_deliveries(db, 2)

    # Each second one told what was known already.
    assert [(one.event, one.deliveries, one.with_news) for one in every.received] == [
        ("workflow_job", 5, 3),
        ("ping", 1, 0),
    ]
    assert every.received[0].last_at == began + timedelta(minutes=6)
    assert (every.since, every.is_cut) == (began + timedelta(minutes=1), False)
    assert (some.since, some.is_cut) == (began + timedelta(minutes=5), True)


def test_where_nothing_was_delivered_nothing_is_counted(database_url: str) -> None:
    with opened(database_url) as log, log.database.read() as db:
        assert newest_deliveries(db, 10) == Ledger(received=(), since=None, is_cut=False)
