"""Group commit: requests that arrive together share one transaction and one flush of the disk.

One thread writes. Requests gather in the event loop until no more of them come, or for a few milliseconds; the thread
takes all of them at once, and the next ones gather while it writes. An append resolves only when its transaction is
durable. If a transaction fails, its batches are tried one by one, so that nobody's bad batch fails a neighbour's; the
one that cannot be written at all is `Broken`. Nothing ends the thread.
"""

import asyncio
import queue
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import NamedTuple

import structlog
from msgspec import MsgspecError
from sqlalchemy.exc import SQLAlchemyError

from chatops.engine.log import Appended, Batch, Log
from chatops.errors import Broken, Unavailable

logger = structlog.get_logger(__name__)

MOST_PER_TRANSACTION = 512
MOST_WAITING = 20_000
FEW = 4
"""Where the last transaction had no more than these, the next one does not wait for company."""
QUIET = 0.00005
"""Seconds without another request after which those that came are written. The loop is at rest then, and leaves the
interpreter to the thread: the two of them taking it from each other costs more than the transaction."""
GATHERING = 0.005
"""Seconds after which they are written in any case."""
CANNOT_BE_WRITTEN = (
    SQLAlchemyError, MsgspecError, Broken, ValueError, TypeError, ArithmeticError, LookupError,
    AttributeError, AssertionError, RuntimeError, OSError, MemoryError,
)  # fmt: skip
"""Whatever a batch can do to a transaction: a number too large, half a character, an event that cannot name itself."""


Done = Callable[[Appended | Exception], None]
"""Is told what became of a batch."""


class _InLoop(NamedTuple):
    """Somebody who waits in an event loop; those of one transaction wake the loop once."""

    loop: asyncio.AbstractEventLoop
    done: Done


class _Request(NamedTuple):
    batch: Batch
    resolve: Done | _InLoop


class Writer:
    """The one thread of a process that appends to the log."""

    def __init__(self, log: Log, on_append: Callable[[], None] | None = None) -> None:
        self._log = log
        self._on_append = on_append or (lambda: None)
        self._requests: queue.SimpleQueue[list[_Request] | None] = queue.SimpleQueue()
        self._gathering: list[_Request] = []
        self._began = self._quiet_since = 0.0
        self._seen = self._handed_over = 0
        self._asked = self._written = 0
        self._counting = threading.Lock()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Start the thread."""
        self._thread = threading.Thread(target=self._run, name="writer", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Write what was asked for until now, then end."""
        if self._thread is not None:
            self._hand_over()
            self._requests.put(None)
            self._thread.join()
            self._thread = None

    def append(self, batch: Batch) -> Appended:
        """Append and wait, from a thread."""
        future: Future[Appended] = Future()

        def resolve(result: Appended | Exception) -> None:
            if isinstance(result, Exception):
                future.set_exception(result)
            else:
                future.set_result(result)

        if (problem := self._hindrance()) is not None:
            raise problem
        self._count()
        self._requests.put([_Request(batch, resolve)])
        return future.result()

    async def append_soon(self, batch: Batch) -> Appended:
        """Append and wait, from the event loop."""
        future: asyncio.Future[Appended] = asyncio.get_running_loop().create_future()

        def done(result: Appended | Exception) -> None:
            if future.done():
                return
            if isinstance(result, Exception):
                future.set_exception(result)
            else:
                future.set_result(result)

        self.append_then(batch, done)
        return await future

    def append_then(self, batch: Batch, done: Done) -> None:
        """Append, from the event loop, without waiting: `done` is called in the loop, with what became of it."""
        if (problem := self._hindrance()) is not None:
            done(problem)
            return
        loop = asyncio.get_running_loop()
        self._count()
        self._gathering.append(_Request(batch, _InLoop(loop, done)))
        if len(self._gathering) == 1:
            self._began = time.monotonic()
            self._seen = 0
            loop.call_soon(self._look, loop)

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        """Hand over what has gathered, once nobody else is coming."""
        now, many = time.monotonic(), len(self._gathering)
        if many > self._seen:
            self._seen, self._quiet_since = many, now
        if (
            self._handed_over > FEW
            and many < MOST_PER_TRANSACTION
            and now - self._quiet_since < QUIET
            and now - self._began < GATHERING
        ):
            loop.call_soon(self._look, loop)
        else:
            self._hand_over()

    def _hand_over(self) -> None:
        gathered, self._gathering = self._gathering, []
        if gathered:
            self._handed_over = len(gathered)
            self._requests.put(gathered)

    def _count(self) -> None:
        with self._counting:
            self._asked += 1

    def _hindrance(self) -> Exception | None:
        """Return why nothing can be asked of the thread now."""
        if self._thread is None:
            return Broken("The writer does not run.")
        if self._asked - self._written > MOST_WAITING:
            return Unavailable(f"More than {MOST_WAITING} requests wait to be written.")
        return None

    def _run(self) -> None:
        while (requests := self._requests.get()) is not None:
            last = False
            while len(requests) < MOST_PER_TRANSACTION:
                try:
                    following = self._requests.get_nowait()
                except queue.Empty:
                    break
                if following is None:
                    last = True
                    break
                requests.extend(following)
            self._write(requests)
            if last:
                return

    def _write(self, requests: Sequence[_Request]) -> None:
        results = self._results(requests)
        self._written += len(requests)
        _resolve(list(zip(requests, results, strict=True)))

    def _results(self, requests: Sequence[_Request]) -> Sequence[Appended | Exception]:
        try:
            results = self._log.append([request.batch for request in requests])
        except Unavailable as problem:
            return [problem] * len(requests)
        except CANNOT_BE_WRITTEN as problem:
            if len(requests) > 1:
                return [result for request in requests for result in self._results([request])]
            logger.exception("batch not written")
            broken = Broken(f"This cannot be written down: {type(problem).__name__}.")
            broken.__cause__ = problem
            return [broken]
        if any(result.is_new for result in results):
            self._on_append()
        return results


def _resolve(results: Sequence[tuple[_Request, Appended | Exception]]) -> None:
    by_loop: dict[asyncio.AbstractEventLoop, list[tuple[Done, Appended | Exception]]] = {}
    for request, result in results:
        if isinstance(request.resolve, _InLoop):
            by_loop.setdefault(request.resolve.loop, []).append((request.resolve.done, result))
        else:
            request.resolve(result)
    for loop, resolved in by_loop.items():
        if not loop.is_closed():
            loop.call_soon_threadsafe(_resolve_in_loop, resolved)


def _resolve_in_loop(resolved: Sequence[tuple[Done, Appended | Exception]]) -> None:
    for done, result in resolved:
        done(result)
