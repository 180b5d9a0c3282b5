import asyncio
from collections.abc import Iterator, Sequence
from datetime import timedelta

import pytest

from chatops.engine.log import Log
from chatops.engine.work import MOST_TRIES, Crew, Item, WorkList, back_off
from chatops.errors import NotYet, Transient
from chatops.events import Event, Recorded
from chatops.events.runs import JobCompleted
from tests.engine.logs import HandClock, batch, opened


class Doing:
    """A worker that writes down what it did, and fails when told to."""

    name = "doing"
    kinds: Sequence[type[Event]] = (JobCompleted,)

    def __init__(self, problem: Exception | None = None) -> None:
        self.problem = problem
        self.done: list[str] = []
        self.given_up: list[str] = []
        self.waited: list[timedelta] = []

    def subject(self, fact: Recorded) -> str | None:
        return str(fact.position)

    async def perform(self, item: Item) -> None:
        if self.problem is not None:
            raise self.problem
        self.done.append(item.subject)

    async def give_up(self, item: Item, problem: str) -> None:
        self.given_up.append(problem)

    async def delayed(self, item: Item, problem: str, wait: timedelta) -> None:
        self.waited.append(wait)


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def log(database_url: str) -> Iterator[Log]:
    with opened(database_url) as made:
        yield made


def settle(work: WorkList, worker: Doing) -> None:
    asyncio.run(Crew(work, [worker]).settle())


def test_work_begins_where_it_was_born(log: Log, clock: HandClock) -> None:
    log.append([batch(1, 2)])
    work, worker = WorkList(log, clock), Doing()
    work.be_born()
    log.append([batch(3)])

    settle(work, worker)

    assert worker.done == ["3"]


def test_two_crews_never_do_the_same(log: Log, clock: HandClock) -> None:
    first, second = WorkList(log, clock), WorkList(log, clock)
    first.be_born()
    log.append([batch(*range(1, 21))])
    first.collect([Doing()])

    taken = first.claim(10) + second.claim(20)

    assert len(taken) == len({item.subject for item in taken}) == 20


def test_a_lease_that_ran_out_is_taken_by_another(log: Log, clock: HandClock) -> None:
    dead, alive = WorkList(log, clock), WorkList(log, clock)
    dead.be_born()
    log.append([batch(1)])
    dead.collect([Doing()])
    (held,) = dead.claim(1)
    clock.moment += timedelta(minutes=2)

    (taken,) = alive.claim(1)
    dead.finish(held)

    assert taken.subject == held.subject
    assert alive.count() == (1, 0)


def test_what_stumbles_waits_at_least_as_long_as_it_was_told(log: Log, clock: HandClock) -> None:
    work, worker = (
        WorkList(log, clock),
        Doing(Transient("Later.", retry_after=timedelta(minutes=5))),
    )
    work.be_born()
    log.append([batch(1)])
    settle(work, worker)
    worker.problem = None
    clock.moment += timedelta(minutes=4)
    settle(work, worker)
    early = list(worker.done)
    clock.moment += timedelta(minutes=1, seconds=1)
    settle(work, worker)

    assert (early, worker.done) == ([], ["1"])
    assert worker.waited == [timedelta(minutes=5)]


def test_what_is_out_of_turn_comes_again_soon_and_was_not_tried(log: Log, clock: HandClock) -> None:
    work, worker = WorkList(log, clock), Doing(NotYet("Another one first."))
    work.be_born()
    log.append([batch(1)])
    for _ in range(MOST_TRIES + 1):
        settle(work, worker)
        clock.moment += timedelta(seconds=1)
    (waiting,) = work.backlog()
    worker.problem = None
    settle(work, worker)

    assert (waiting.tries, waiting.parked, waiting.problem) == (0, False, "")
    assert (worker.done, worker.waited, worker.given_up) == (["1"], [], [])


def test_what_facts_ask_for_is_open_until_it_is_done(log: Log, clock: HandClock) -> None:
    work, worker = WorkList(log, clock), Doing()
    work.be_born()
    log.append([batch(1, 2)])
    work.collect([worker])
    with log.database.read() as db:
        before = [work.is_open(db, [1, 2]), work.is_open(db, [3]), work.is_open(db, [])]
    settle(work, worker)
    with log.database.read() as db:
        after = work.is_open(db, [1, 2])

    assert (before, after) == ([True, False, False], False)


def test_what_never_works_is_parked_until_somebody_says_so(log: Log, clock: HandClock) -> None:
    work, worker = WorkList(log, clock), Doing(Transient("No."))
    work.be_born()
    log.append([batch(1)])
    for _ in range(MOST_TRIES):
        settle(work, worker)
        clock.moment += timedelta(hours=1)
    (parked,) = work.backlog()
    worker.problem = None
    settle(work, worker)
    untouched = list(worker.done)
    work.resume()
    settle(work, worker)

    assert (parked.parked, parked.problem) == (True, "No.")
    assert worker.given_up == ["No."]
    assert (untouched, worker.done) == ([], ["1"])


def test_what_was_parked_can_be_dropped(log: Log, clock: HandClock) -> None:
    work, worker = WorkList(log, clock), Doing(Transient("No."))
    work.be_born()
    log.append([batch(1)])
    for _ in range(MOST_TRIES):
        settle(work, worker)
        clock.moment += timedelta(hours=1)

    assert work.drop("doing", "1") == 1
    assert work.backlog() == []


def test_what_is_wanted_again_while_it_is_done_is_done_again(log: Log, clock: HandClock) -> None:
    class Same(Doing):
        def subject(self, fact: Recorded) -> str | None:
            return "same"

    work, worker = WorkList(log, clock), Same()
    work.be_born()
    log.append([batch(1)])
    work.collect([worker])
    (held,) = work.claim(1)
    log.append([batch(2)])
    work.collect([worker])
    work.finish(held)

    (again,) = work.claim(1)

    assert again.wanted == 2


@pytest.mark.parametrize("tries", range(20))
def test_waits_grow_and_stay_within_a_quarter_of_an_hour(tries: int) -> None:
    shortest, longest = back_off(tries, lambda: 0.0), back_off(tries, lambda: 1.0)

    assert timedelta(seconds=1) <= shortest < longest <= timedelta(minutes=15)
