import asyncio
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack
from datetime import timedelta

import pytest
from sqlalchemy import select
from starlette.types import ASGIApp, Receive, Scope, Send

from chatops.engine.log import Log
from chatops.engine.work import (
    AT_ONCE,
    MOST_TRIES,
    TELLING_AT_ONCE,
    WORK,
    Crew,
    Item,
    WorkList,
    back_off,
    backlog_by_worker,
)
from chatops.errors import NotYet, Refused, Transient
from chatops.events import Event, Recorded
from chatops.events.runs import JobCompleted
from chatops.gateways.github import GitHubGateway
from chatops.names import RunId
from tests.engine.logs import HandClock, batch, opened
from tests.gateways.places import REPO, gateway_to, github, served


class Doing:
    """A worker that writes down what it did, and fails when told to."""

    name = "doing"
    tells = False
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
    assert (held.again, taken.again) == (False, True)
    assert alive.count() == (1, 0)


def test_what_was_begun_before_is_told_from_what_was_not(log: Log, clock: HandClock) -> None:
    work = WorkList(log, clock)
    work.be_born()
    log.append([batch(1)])
    work.collect([Doing()])
    (fresh,) = work.claim(1)
    work.postpone(fresh, timedelta(), "Later.")
    work.resume()
    (tried,) = work.claim(1)
    work.put_back(tried, timedelta())
    (waited,) = work.claim(1)

    assert [one.again for one in (fresh, tried, waited)] == [False, True, True]


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
    work, worker = (
        WorkList(log, clock),
        Doing(NotYet("Another one first.", wait=timedelta(seconds=1))),
    )
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
        before = [work.open_of(db, [1, 2]), work.open_of(db, [3]), work.open_of(db, [])]
    settle(work, worker)
    with log.database.read() as db:
        after = work.open_of(db, [1, 2])

    assert (before, after) == ([2, 0, 0], 0)


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


class Rerunning(Doing):
    """A worker that runs a run again at GitHub."""

    def __init__(self, github: GitHubGateway, run_id: RunId) -> None:
        super().__init__()
        self._github = github
        self._run_id = run_id

    async def perform(self, item: Item) -> None:
        await self._github.rerun_failed(REPO, self._run_id)
        self.done.append(item.subject)


class Slow:
    """Stands in front of a server, and keeps what is to be changed waiting until it is let go."""

    def __init__(self, app: ASGIApp) -> None:
        self.waits, self.let_go = asyncio.Event(), asyncio.Event()
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] == "POST":
            self.waits.set()
            await self.let_go.wait()
        await self._app(scope, receive, send)


@pytest.mark.anyio
async def test_what_takes_longer_than_a_lease_is_done_by_one_alone(
    log: Log, clock: HandClock
) -> None:
    lease = timedelta(seconds=0.3)
    lists = [WorkList(log, clock, lease=lease) for _ in range(2)]
    lists[0].be_born()
    log.append([batch(1)])

    async with github() as place, AsyncExitStack() as stack:
        run = place.run(place.open_pull())
        slow = Slow(place.hub.app)
        place.hub.be_known_at(await stack.enter_async_context(served(slow)))
        gateway = await stack.enter_async_context(gateway_to(place.hub, read=timedelta(minutes=1)))
        workers = [Rerunning(gateway, RunId(run.id)) for _ in lists]
        crews = [Crew(work, [worker]) for work, worker in zip(lists, workers, strict=True)]
        running = [asyncio.create_task(crew.run(every=0.01)) for crew in crews]
        await slow.waits.wait()
        for _ in range(4):
            held_until = _leased_until(log)
            clock.moment += lease * 0.7
            while _leased_until(log) == held_until:  # noqa: ASYNC110 - a table tells nobody
                await asyncio.sleep(0.01)
        slow.let_go.set()
        while lists[0].count() != (0, 0):  # noqa: ASYNC110 - see above
            await asyncio.sleep(0.01)
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    assert sorted(worker.done for worker in workers) == [[], ["1"]]
    assert [call.path for call in place.hub.requests].count(
        f"/repos/{REPO}/actions/runs/{run.id}/rerun-failed-jobs"
    ) == 1


def _leased_until(log: Log) -> int:
    with log.database.read() as db:
        return db.scalar(select(WORK.c.leased_until)) or 0


def test_what_is_not_done_is_counted_by_worker(log: Log, clock: HandClock) -> None:
    work = WorkList(log, clock)
    work.be_born()
    log.append([batch(1, 2)])
    settle(work, Doing())
    log.append([batch(3, 4)])
    settle(work, Doing(Refused("No.", reason="usage")))
    log.append([batch(5)])
    settle(work, Doing(Transient("Later.")))

    with log.database.read() as db:
        (one,) = backlog_by_worker(db)

    assert (one.name, one.waiting, one.parked, one.in_vain, one.oldest) == ("doing", 1, 2, 0, 3)
    assert (one.waiting, one.parked) == work.count()


def test_what_was_tried_for_long_is_parked_in_vain(log: Log, clock: HandClock) -> None:
    work = WorkList(log, clock)
    work.be_born()
    log.append([batch(1)])
    for _ in range(MOST_TRIES):
        settle(work, Doing(Transient("Later.")))
        clock.moment += timedelta(hours=1)

    with log.database.read() as db:
        (one,) = backlog_by_worker(db)

    assert (one.waiting, one.parked, one.in_vain) == (0, 1, 1)


class Telling(Doing):
    """A worker that tells somebody something, and waits for its turn until it is let."""

    name = "telling"
    tells = True

    def __init__(self) -> None:
        super().__init__()
        self.turn = asyncio.Event()
        self.waiting = 0

    async def perform(self, item: Item) -> None:
        self.waiting += 1
        await self.turn.wait()
        await super().perform(item)


def test_whoever_tells_does_not_keep_others_from_doing(log: Log, clock: HandClock) -> None:
    work, teller, doer = WorkList(log, clock), Telling(), Doing()
    work.be_born()
    log.append([batch(*range(1, AT_ONCE + 1))])

    async def play() -> None:
        crew = Crew(work, [teller, doer])
        working = asyncio.create_task(crew.run(every=0.01))
        async with asyncio.timeout(60):
            while len(doer.done) < AT_ONCE or teller.waiting < TELLING_AT_ONCE:  # noqa: ASYNC110 - two things are waited for
                await asyncio.sleep(0.01)
        assert (teller.waiting, teller.done) == (TELLING_AT_ONCE, [])
        teller.turn.set()
        async with asyncio.timeout(60):
            while len(teller.done) < AT_ONCE:  # noqa: ASYNC110 - as above
                await asyncio.sleep(0.01)
        working.cancel()
        await asyncio.wait({working})

    asyncio.run(play())
