"""Processes that take work off the one that exports: they make pages of the same snapshot, and copies of pages.

Python does one thing at a time in a process. A piece of work is handed over and done by whoever is free first, this
process included; in whichever it is done, the files are the same, and what comes of it is asked for in the order that
the export wants.

A process that helps has a database connection of its own. Secrets are not handed to it: it reads the environment and
the configuration as this one did, and where it finds something else, it makes no pages and helps with copies alone.
"""

import os
import signal
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from datetime import datetime
from functools import partial
from hashlib import sha256
from multiprocessing import get_context, parent_process
from pathlib import Path
from threading import Thread
from types import TracebackType
from typing import Generic, TypeVar

from msgspec import Struct, field
from sqlalchemy import Connection

from chatops.app import Service
from chatops.config import Configuration, read_configuration
from chatops.errors import BadInput, ChatopsError, Unavailable
from chatops.logs import set_up_logs
from chatops.running.making import Made, Maker, Still, tidy_seldom
from chatops.settings import Settings, read_settings

MOST = 3
ALONE = 10_000
"""A log of fewer events is exported before another process is there to help."""
A_MOMENT = 0.01
"""Seconds for which a process that was asked something leaves the next question to the others."""
Answer = tuple[int, bool]
"""Which process says it, and what it says."""
Result = TypeVar("Result")


def helpers_here(events: int) -> int:
    """Return how many processes help on this machine with a log of so many events: one for each other processor."""
    return min(MOST, (os.cpu_count() or 1) - 1) if events >= ALONE else 0


class Piece(Generic[Result]):
    """A piece of work, done by whoever begins it first: this process, or one that helps."""

    def __init__(self, here: Callable[[], Result], elsewhere: Future[Result] | None = None) -> None:
        self._here = here
        self._elsewhere = elsewhere
        self._results: list[Result] = []

    @property
    def is_done(self) -> bool:
        """Return whether it is done, here or elsewhere, or has failed elsewhere."""
        return bool(self._results) or (self._elsewhere is not None and self._elsewhere.done())

    def try_here(self) -> None:
        """Do it here, if nobody has begun it."""
        if not self._results and (self._elsewhere is None or self._elsewhere.cancel()):
            self._elsewhere = None
            self._results.append(self._here())

    def result(self) -> Result:
        """Return what came of it, once somebody has begun it; what went wrong with it elsewhere is raised here."""
        if self._elsewhere is not None:
            with _all_there():
                return self._elsewhere.result()
        return self._results[0]


class Helpers(AbstractContextManager["Helpers"]):
    """Does work with so many other processes; with none of them, and before they have begun, alone."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._pool: ProcessPoolExecutor | None = None
        self._open: deque[Piece[object]] = deque()
        """What may not be begun by now, in the order in which it was handed over."""
        self._can_make = False

    def begin(self, service: Service) -> None:
        """Let the processes begin, which takes them a second or two. They look for a service like this one."""
        if self._count == 0:
            return
        self._pool = ProcessPoolExecutor(
            self._count,
            mp_context=get_context("spawn"),
            initializer=_begin,
            initargs=(_fingerprint(service.settings, service.configuration),),
        )
        # As many begin as are asked to do something. Ctrl-C is for this process to hear, from their first moment on.
        heard = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            for _ in range(self._count):
                self._pool.submit(_could_make)
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, heard)

    @contextmanager
    def look(
        self, service: Service, community: str, now: datetime, folder: Path
    ) -> Iterator[Connection]:
        """Look at a snapshot, at the very same one in every process if that can be had."""

        def join(name: str) -> None:
            self._can_make = self._all_say(partial(_join, name, community, now, folder))

        with ExitStack() as looks:
            db: Connection | None = None
            if self._pool is not None and self._all_say(_could_make):
                with suppress(Unavailable):
                    db = looks.enter_context(service.database.read_with(join))
            if db is None:
                db = looks.enter_context(service.database.read())
            yield db

    def make(self, maker: Maker, addresses: Sequence[str]) -> Piece[list[Made | None]]:
        """Hand over that some pages are made."""
        return self.do(
            partial(maker.make, addresses), partial(_make, addresses) if self._can_make else None
        )

    def do(
        self, here: Callable[[], Result], elsewhere: Callable[[], Result] | None = None
    ) -> Piece[Result]:
        """Hand over a piece of work; without `elsewhere` it is for this process."""
        future: Future[Result] | None = None
        if elsewhere is not None and self._pool is not None:
            with _all_there():
                future = self._pool.submit(elsewhere)
        piece = Piece(here, future)
        self._open.append(piece)  # type: ignore[arg-type]  # Whatever comes of it.
        return piece

    def result(self, piece: Piece[Result]) -> Result:
        """Return what came of a piece of work. While another process is at it, do what nobody has begun."""
        while not piece.is_done and self._open:
            self._open.popleft().try_here()
        return piece.result()

    def _all_say(self, question: Callable[[], Answer]) -> bool:
        """Return whether every process says yes."""
        assert self._pool is not None
        said: dict[int, bool] = {}
        with _all_there():
            # Whoever is there first may be asked several times, and is slow to answer.
            while missing := self._count - len(said):
                asked = [self._pool.submit(question) for _ in range(missing)]
                said |= dict(answer.result() for answer in asked)
        return all(said.values())

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)


@contextmanager
def _all_there() -> Iterator[None]:
    """Say it in a sentence where a process that helps is there no more."""
    try:
        yield
    except BrokenProcessPool as problem:
        message = (
            "A process that helped to write the pages was ended from outside, perhaps for lack of memory. "
            "Nothing was changed; try again."
        )
        raise ChatopsError(message) from problem


def _fingerprint(settings: Settings, configuration: Configuration) -> str:
    """Return what tells a service from others, without saying its secrets."""
    told = f"{settings!r} {settings.database_url} {configuration!r}"
    return sha256(told.encode()).hexdigest()


# --- in a process that helps ------------------------------------------------


class _Own(Struct):
    """What a process that helps has of its own."""

    service: Service | None = None
    maker: Maker | None = None
    looks: ExitStack = field(default_factory=ExitStack)


OWN = _Own()


def _begin(like: str) -> None:
    """Make a process that helps end with the one it helps, however that ends."""
    parent = parent_process()
    assert parent is not None

    def follow() -> None:
        parent.join()
        os._exit(1)

    Thread(target=follow, name="follow", daemon=True).start()
    tidy_seldom()
    with suppress(BadInput):
        OWN.service = _service(like)


def _service(like: str) -> Service | None:
    """Return the product as the environment and the configuration say, if it is like the one that is helped."""
    settings = read_settings(os.environ)
    configuration = read_configuration(settings.config)
    if _fingerprint(settings, configuration) != like:
        return None
    set_up_logs(settings.log_format, brief=True)
    return Service(settings, configuration, role="web")


def _could_make() -> Answer:
    """Answer whether this process could make pages."""
    time.sleep(A_MOMENT)
    return os.getpid(), OWN.service is not None


def _join(name: str, community: str, now: datetime, folder: Path) -> Answer:
    """Look at the snapshot that the one who is helped looks at; answer whether that worked."""
    assert OWN.service is not None
    if OWN.maker is None:
        service = OWN.service
        with suppress(Unavailable):
            db = OWN.looks.enter_context(service.database.joined(name))
            sight = service.pages.sight(db, service.configuration.communities[community], now)
            OWN.maker = Maker(Still(sight), folder)
    time.sleep(A_MOMENT)
    return os.getpid(), OWN.maker is not None


def _make(addresses: Sequence[str]) -> list[Made | None]:
    assert OWN.maker is not None
    return OWN.maker.make(addresses)
