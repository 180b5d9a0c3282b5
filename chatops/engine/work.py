"""Work that the log asks for, done at least once: claimed under a lease, retried with back-off, parked at the end.

The log is the outbox. `collect` notes what newer facts ask for, in the same transaction as how far it has read; a
worker claims an item, performs it, and only then is it done. A lease is renewed for as long as that takes; a process
that dies leaves it to run out.
Work begins where it was born: facts older than the first start ask for nothing.
"""

import asyncio
import contextlib
import random
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from datetime import timedelta
from functools import partial
from typing import Protocol
from uuid import uuid4

import structlog
from msgspec import Struct
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Index,
    Integer,
    String,
    Table,
    and_,
    case,
    false,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.sql import Update

from chatops.engine.checkpoints import begin_at, checkpoint, set_checkpoint
from chatops.engine.clock import microseconds
from chatops.engine.database import METADATA
from chatops.engine.log import Log
from chatops.engine.mishaps import contained
from chatops.engine.pace import Pace
from chatops.engine.upsert import upsert
from chatops.errors import NotYet, Refused, Transient, Unavailable
from chatops.events import Event, Recorded
from chatops.ports import Clock

logger = structlog.get_logger(__name__)

WORK = Table(
    "work",
    METADATA,
    Column("name", String, primary_key=True),
    Column("subject", String, primary_key=True),
    Column("wanted", BigInteger, nullable=False),
    Column("done", BigInteger, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("next_at", BigInteger, nullable=False),
    Column("leased_by", String),
    Column("leased_until", BigInteger, nullable=False),
    Column("parked", Boolean, nullable=False),
    Column("problem", String),
    Index("work_due", "parked", "next_at"),
)
READER = "work"
LEASE = timedelta(seconds=60)
RENEWALS = 3
"""How often a lease is renewed before it would run out."""
AT_ONCE = 8
TELLING_AT_ONCE = 4
"""So many of them may be what only tells somebody something."""
FIRST_WAIT = timedelta(seconds=2)
LONGEST_WAIT = timedelta(minutes=15)
MOST_TRIES = 12
PAGE = 5_000
NOTED_EVERY = 1_000
STUMBLED = 2.0
OUR_FAULT = "Something went wrong on my side."
"""What people are told of our own mistakes; what it was is for the operator."""

NEVER = 2**62
"""When an item that is done is due again: the index then keeps it out of the way."""


class Item(Struct, frozen=True):
    """A piece of work: which worker, about what, wanted by the fact at which position, tried how often before.

    `again`: somebody has begun it before, and what came of that is not known; a process may have died over it.
    """

    name: str
    subject: str
    wanted: int
    tries: int
    again: bool = False


class Worker(Protocol):
    """Something that does what facts of some kinds ask for."""

    @property
    def name(self) -> str:
        """Return the name its work is stored under."""
        ...

    @property
    def kinds(self) -> Sequence[type[Event]]:
        """Return the kinds of fact it hears."""
        ...

    @property
    def tells(self) -> bool:
        """Return whether it only tells people something: then others come first."""
        ...

    def subject(self, fact: Recorded) -> str | None:
        """Return what the work is about; facts with the same subject are one piece of work. Nothing: not for us."""
        ...

    async def perform(self, item: Item) -> None:
        """Do it. Raise `Transient` to be asked again later, `NotYet` where it is not even to be tried yet."""
        ...

    async def give_up(self, item: Item, problem: str) -> None:
        """Say that it could not be done; it is parked now."""
        ...

    async def delayed(self, item: Item, problem: str, wait: timedelta) -> None:
        """Say that it has to wait."""
        ...


class Open(Struct, frozen=True):
    """An item that is not done, for the operator."""

    name: str
    subject: str
    wanted: int
    tries: int
    wait: timedelta
    parked: bool
    problem: str


class Backlog(Struct, frozen=True):
    """What one worker has not done: how much waits, how much is parked, and the oldest position that wants any of it.

    Of what is parked, `in_vain` was tried until nobody tries any more; the rest was refused outright.
    """

    name: str
    waiting: int
    parked: int
    in_vain: int
    oldest: int


def backlog_by_worker(db: Connection) -> list[Backlog]:
    """Return what is not done, worker by worker; what is done is passed over by an index."""
    query = (
        select(
            WORK.c.name,
            func.sum(case((WORK.c.parked, 0), else_=1)),
            func.sum(case((WORK.c.parked, 1), else_=0)),
            func.sum(case((and_(WORK.c.parked, WORK.c.tries >= MOST_TRIES), 1), else_=0)),
            func.min(WORK.c.wanted),
        )
        .where(
            WORK.c.parked.in_((False, True)),
            WORK.c.next_at < NEVER,
            WORK.c.wanted > WORK.c.done,
        )
        .group_by(WORK.c.name)
        .order_by(WORK.c.name)
    )
    return [Backlog(name, *map(int, counts)) for name, *counts in db.execute(query)]


class WorkList:
    """What is to be done, in the database; any number of processes may take from it."""

    def __init__(self, log: Log, clock: Clock, *, lease: timedelta = LEASE) -> None:
        self.lease = lease
        self._log = log
        self._clock = clock
        self._owner = uuid4().hex
        self._passed = 0

    def be_born(self) -> None:
        """Begin at the log's head, if nobody has begun before. Call it before anything is let in."""
        with self._log.database.write(durable=True) as db:
            if checkpoint(db, READER) is None:
                begin_at(db, READER, self._log.head(db))

    def position(self, db: Connection) -> int:
        """Return up to where it is noted what facts ask for: in the database, or further on in this process."""
        return max(checkpoint(db, READER) or 0, self._passed)

    def collect(self, workers: Sequence[Worker]) -> int:
        """Note what newer facts ask for; return how many events were read."""
        kinds = sorted({kind.kind for worker in workers for kind in worker.kinds})
        with self._log.database.read() as db:
            after, head = checkpoint(db, READER), self._log.head(db)
            if after is None or max(after, self._passed) >= head:
                return 0
            upto = min(after + PAGE, head)
            asking = self._log.asks(max(after, self._passed), upto, kinds, db)
        if not asking and upto - after < NOTED_EVERY:
            # Nothing here is for us; that is noted now and then only, for a note costs the writer its turn.
            self._passed = upto
            return 0
        with self._log.database.write(durable=False) as db:
            if checkpoint(db, READER) != after:
                return 0
            facts = self._log.read_kinds(after, upto, kinds, db)
            self._note(db, workers, facts)
            set_checkpoint(db, READER, upto)
        return upto - after

    def _note(self, db: Connection, workers: Sequence[Worker], facts: Sequence[Recorded]) -> None:
        rows: dict[tuple[str, str], Mapping[str, object]] = {}
        for worker in workers:
            kinds = set(worker.kinds)
            for fact in facts:
                if type(fact.event) not in kinds:
                    continue
                subject = worker.subject(fact)
                if subject is not None:
                    rows[worker.name, subject] = {
                        "name": worker.name, "subject": subject, "wanted": fact.position, "done": 0,
                        "tries": 0, "next_at": 0, "leased_by": None, "leased_until": 0,
                        "parked": False, "problem": None,
                    }  # fmt: skip
        for row in rows.values():
            known = db.execute(
                update(WORK)
                .where(WORK.c.name == row["name"], WORK.c.subject == row["subject"])
                .values(
                    wanted=row["wanted"],
                    next_at=case((WORK.c.next_at == NEVER, 0), else_=WORK.c.next_at),
                )
            ).rowcount
            if not known:
                upsert(db, WORK, [row])

    def claim(self, limit: int, *, last: Collection[str] = (), of_them: int = 0) -> list[Item]:
        """Take up to `limit` pieces of work that are due, under a lease.

        Work under the names `last` comes after all other, and is at most `of_them` pieces.
        """
        now = microseconds(self._clock.now())
        due = and_(
            WORK.c.wanted > WORK.c.done,
            WORK.c.parked == false(),
            WORK.c.next_at <= now,
            WORK.c.leased_until <= now,
        )
        with self._log.database.read() as db:
            if db.execute(select(WORK.c.name).where(due).limit(1)).first() is None:
                return []
        until = microseconds(self._clock.now() + self.lease)
        with self._log.database.write(durable=False) as db:
            query = (
                select(WORK)
                .where(due)
                .order_by(WORK.c.next_at, WORK.c.wanted)
                .with_for_update(skip_locked=True)
            )
            rows = list(db.execute(query.where(WORK.c.name.not_in(last)).limit(limit)))
            if room := min(limit - len(rows), of_them):
                rows.extend(db.execute(query.where(WORK.c.name.in_(last)).limit(room)))
            for row in rows:
                db.execute(
                    self._this(row.name, row.subject).values(
                        leased_by=self._owner, leased_until=until
                    )
                )
        return [
            Item(
                row.name,
                row.subject,
                row.wanted,
                row.tries,
                # Whoever is done with it, whatever came of it, lets go of the lease.
                again=bool(row.tries or row.leased_until or row.problem),
            )
            for row in rows
        ]

    def renew(self, item: Item) -> bool:
        """Hold an item for another while; return whether it still was ours to hold."""
        until = microseconds(self._clock.now() + self.lease)
        with self._log.database.write(durable=False) as db:
            held = db.execute(
                self._this(item.name, item.subject)
                .where(WORK.c.leased_by == self._owner)
                .values(leased_until=until)
            )
        return bool(held.rowcount)

    def finish(self, item: Item) -> None:
        """Note that an item is done, up to the fact that wanted it when it was claimed."""
        again = case((WORK.c.wanted > item.wanted, 0), else_=NEVER)
        self._change(item, done=item.wanted, tries=0, next_at=again, problem=None)

    def postpone(self, item: Item, wait: timedelta, problem: str) -> None:
        """Note that an item is to be tried again after a while."""
        next_at = microseconds(self._clock.now() + wait)
        self._change(item, tries=item.tries + 1, next_at=next_at, problem=problem)

    def put_back(self, item: Item, wait: timedelta) -> None:
        """Note that an item was not tried, and is to be after a while."""
        self._change(item, next_at=microseconds(self._clock.now() + wait))

    def park(self, item: Item, problem: str) -> None:
        """Note that an item is not to be tried until somebody says so."""
        self._change(item, tries=item.tries + 1, parked=True, problem=problem)

    def release(self) -> None:
        """Give back what this process holds and has not done, so that the next one need not wait for the leases."""
        with self._log.database.write(durable=False) as db:
            db.execute(
                update(WORK)
                .where(WORK.c.leased_by == self._owner)
                .values(leased_by=None, leased_until=0)
            )

    def resume(self, name: str | None = None, subject: str | None = None) -> int:
        """Let parked and waiting items be tried now; return how many."""
        wanted = [WORK.c.wanted > WORK.c.done, or_(WORK.c.parked, WORK.c.next_at > 0)]
        wanted += [WORK.c.name == name] if name else []
        wanted += [WORK.c.subject == subject] if subject else []
        with self._log.database.write(durable=True) as db:
            return db.execute(
                update(WORK).where(*wanted).values(parked=False, tries=0, next_at=0, leased_until=0)
            ).rowcount

    def drop(self, name: str, subject: str) -> int:
        """Give a parked item up for good; return whether there was one."""
        with self._log.database.write(durable=True) as db:
            return db.execute(
                self._this(name, subject)
                .where(WORK.c.parked)
                .values(done=WORK.c.wanted, parked=False, next_at=NEVER)
            ).rowcount

    def backlog(self) -> list[Open]:
        """Return what is not done, the longest waiting first."""
        now = microseconds(self._clock.now())
        query = select(WORK).where(WORK.c.wanted > WORK.c.done).order_by(WORK.c.wanted)
        with self._log.database.read() as db:
            return [
                Open(
                    row.name, row.subject, row.wanted, row.tries,
                    timedelta(microseconds=max(0, row.next_at - now)), row.parked, row.problem or "",
                )
                for row in db.execute(query)
            ]  # fmt: skip

    def open_of(self, db: Connection, positions: Iterable[int]) -> int:
        """Return how much of what facts at these positions asked for is still to be done; what is parked is not."""
        query = (
            select(func.count())
            .select_from(WORK)
            .where(
                WORK.c.subject.in_([str(position) for position in positions]),
                WORK.c.wanted > WORK.c.done,
                WORK.c.parked == false(),
            )
        )
        return db.scalar(query) or 0

    def count(self) -> tuple[int, int]:
        """Return how many items wait, and how many are parked."""
        query = (
            select(WORK.c.parked, func.count())
            .where(WORK.c.wanted > WORK.c.done)
            .group_by(WORK.c.parked)
        )
        with self._log.database.read() as db:
            counts = {bool(parked): count for parked, count in db.execute(query)}
        return counts.get(False, 0), counts.get(True, 0)

    @staticmethod
    def _this(name: str, subject: str) -> Update:
        return update(WORK).where(WORK.c.name == name, WORK.c.subject == subject)

    def _change(self, item: Item, **values: object) -> None:
        """Change an item we hold; one whose lease another process took since is not ours to change."""
        with self._log.database.write(durable=False) as db:
            db.execute(
                self._this(item.name, item.subject)
                .where(WORK.c.leased_by == self._owner)
                .values(leased_by=None, leased_until=0, **values)
            )


class Crew:
    """Takes work from the list and lets the workers do it, several at once."""

    def __init__(self, work: WorkList, workers: Sequence[Worker]) -> None:
        self._work = work
        self._workers = {worker.name: worker for worker in workers}
        self._wake = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._telling = frozenset(worker.name for worker in workers if worker.tells)
        self._tasks: dict[asyncio.Task[None], str] = {}

    def wake(self) -> None:
        """Say, from any thread, that there may be something to do."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._wake.set)

    async def run(self, every: float = 0.5) -> None:
        """Work until cancelled; look by itself every so many seconds."""
        self._loop = asyncio.get_running_loop()
        pace = Pace()
        try:
            while True:
                pace.begin()
                busy = False
                try:
                    with contained() as mishap:
                        busy = await self._round()
                    if mishap.problem is not None:
                        logger.error("the crew stumbled; it tries again", exc_info=mishap.problem)
                        await asyncio.sleep(STUMBLED)
                except Unavailable as problem:
                    logger.warning("work waits for the database", problem=str(problem))
                pace.end()
                if not busy:
                    await _wait(self._wake, every)
                    await asyncio.sleep(pace.rest)
                self._wake.clear()
        finally:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            await self._safely(asyncio.to_thread(self._work.release))

    async def settle(self) -> None:
        """Do everything that is due now, for the command line and tests."""
        while await self._round() or self._tasks:
            if self._tasks:
                await asyncio.wait(self._tasks, return_when=asyncio.FIRST_COMPLETED)

    async def _round(self) -> bool:
        read = await asyncio.to_thread(self._work.collect, list(self._workers.values()))
        room = AT_ONCE - len(self._tasks)
        items = await self._claim(room) if room > 0 else []
        for item in items:
            task = asyncio.create_task(self._do(item))
            self._tasks[task] = item.name
            task.add_done_callback(self._tasks.pop)
        return bool(read or items)

    async def _claim(self, room: int) -> list[Item]:
        """Take work. Who is cancelled meanwhile waits for its end: only then is known what has to be given back.

        What only tells waits for its turn at GitHub, one each second, and must not keep others from deciding and doing.
        """
        telling = sum(name in self._telling for name in self._tasks.values())
        claim = partial(
            self._work.claim, room, last=self._telling, of_them=max(0, TELLING_AT_ONCE - telling)
        )
        claiming = asyncio.ensure_future(asyncio.to_thread(claim))
        try:
            return await asyncio.shield(claiming)
        except asyncio.CancelledError:
            await asyncio.wait({claiming})
            raise

    async def _do(self, item: Item) -> None:
        worker = self._workers.get(item.name)
        if worker is None:
            nobody = f"No worker is called {item.name}."
            await self._safely(asyncio.to_thread(self._work.park, item, nobody))
            return
        holding = asyncio.create_task(self._hold(item))
        try:
            await self._try(worker, item)
        finally:
            holding.cancel()
            await asyncio.gather(holding, return_exceptions=True)
        self._wake.set()

    async def _hold(self, item: Item) -> None:
        """Renew the lease of what is being done, however long that takes, so that nobody else begins with it."""
        is_ours = True
        while is_ours:
            await asyncio.sleep(self._work.lease.total_seconds() / RENEWALS)
            try:
                is_ours = await asyncio.to_thread(self._work.renew, item)
            except Unavailable as problem:
                logger.warning("lease not renewed", work=item.name, problem=str(problem))
        logger.warning("work was taken by another process", work=item.name, subject=item.subject)

    async def _try(self, worker: Worker, item: Item) -> None:
        """Let a worker do an item, and note what came of it."""
        try:
            await worker.perform(item)
        except NotYet as early:
            await self._safely(asyncio.to_thread(self._work.put_back, item, early.wait))
        except Unavailable as problem:
            logger.warning(
                "work interrupted", work=item.name, subject=item.subject, problem=str(problem)
            )
            await self._postpone(worker, item, str(problem), retry_after=FIRST_WAIT)
        except Transient as problem:
            await self._postpone(worker, item, str(problem), retry_after=problem.retry_after)
        except Refused as problem:
            # Whoever says no says it again.
            await self._park(worker, item, problem.text)
        except Exception as problem:
            logger.exception("work failed", work=item.name, subject=item.subject)
            detail = f"{type(problem).__name__}: {problem}"
            await self._postpone(worker, item, OUR_FAULT, detail=detail)
        else:
            await self._safely(asyncio.to_thread(self._work.finish, item))

    async def _postpone(
        self,
        worker: Worker,
        item: Item,
        problem: str,
        *,
        retry_after: timedelta | None = None,
        detail: str = "",
    ) -> None:
        """Put an item off. People are told the problem, the operator its detail."""
        wait = max(back_off(item.tries), retry_after or timedelta(0))
        if item.tries + 1 >= MOST_TRIES:
            await self._park(worker, item, problem, detail=detail)
            return
        logger.warning(
            "work waits",
            work=item.name,
            subject=item.subject,
            problem=detail or problem,
            seconds=wait.total_seconds(),
        )
        await self._safely(worker.delayed(item, problem, wait))
        await self._safely(asyncio.to_thread(self._work.postpone, item, wait, detail or problem))

    async def _park(self, worker: Worker, item: Item, problem: str, *, detail: str = "") -> None:
        logger.error("work parked", work=item.name, subject=item.subject, problem=detail or problem)
        await self._safely(worker.give_up(item, problem))
        await self._safely(asyncio.to_thread(self._work.park, item, detail or problem))

    @staticmethod
    async def _safely(step: Awaitable[object]) -> None:
        """Take a step that the database's absence may prevent; the lease then runs out and the item comes again."""
        try:
            await step
        except Unavailable as problem:
            logger.warning("work not noted", problem=str(problem))


def back_off(tries: int, chance: Callable[[], float] = random.random) -> timedelta:
    """Return how long to wait after so many tries: doubling, with jitter, up to a quarter of an hour."""
    longest = min(FIRST_WAIT * 2.0**tries, LONGEST_WAIT)
    return longest * (0.5 + chance() / 2)


async def _wait(event: asyncio.Event, seconds: float) -> None:
    # Not wait_for: where the event comes together with a cancellation, that swallows the cancellation.
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()
