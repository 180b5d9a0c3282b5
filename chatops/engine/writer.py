"""Group commit: requests that arrive together share one transaction and one flush of the disk.

One thread writes. While it flushes, the next requests gather; it then takes all of them at once. An append
resolves only when its transaction is durable. If a transaction fails, its batches are tried one by one, so that
nobody's bad batch fails a neighbour's; the one that cannot be written at all is `Broken`. Nothing ends the thread.
"""

import asyncio
import queue
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass

import structlog
from msgspec import MsgspecError
from sqlalchemy.exc import SQLAlchemyError

from chatops.engine.log import Appended, Batch, Log
from chatops.errors import Broken, Unavailable

logger = structlog.get_logger(__name__)

MOST_PER_TRANSACTION = 512
MOST_WAITING = 20_000
FEW = 4
GATHERING = 0.002
"""Seconds to let requests gather where the last transaction had more than a few; who asks alone does not wait."""
CANNOT_BE_WRITTEN = (
    SQLAlchemyError, MsgspecError, Broken, ValueError, TypeError, ArithmeticError, LookupError,
    AttributeError, AssertionError, RuntimeError, OSError, MemoryError,
)  # fmt: skip
"""Whatever a batch can do to a transaction: a number too large, half a character, an event that cannot name itself."""


@dataclass(frozen=True, slots=True)
class _Request:
    batch: Batch
    resolve: Callable[[Appended | Exception], None]


class Writer:
    """The one thread of a process that appends to the log."""

    def __init__(self, log: Log, on_append: Callable[[], None] | None = None) -> None:
        self._log = log
        self._on_append = on_append or (lambda: None)
        self._requests: queue.SimpleQueue[_Request | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Start the thread."""
        self._thread = threading.Thread(target=self._run, name="writer", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Write what was asked for until now, then end."""
        if self._thread is not None:
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

        self._ask(_Request(batch, resolve))
        return future.result()

    async def append_soon(self, batch: Batch) -> Appended:
        """Append and wait, from the event loop."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Appended] = loop.create_future()
        self._ask(_Request(batch, _Resolver(loop, future)))
        return await future

    def _ask(self, request: _Request) -> None:
        if self._thread is None:
            message = "The writer does not run."
            raise Broken(message)
        if self._requests.qsize() > MOST_WAITING:
            message = f"More than {MOST_WAITING} requests wait to be written."
            raise Unavailable(message)
        self._requests.put(request)

    def _run(self) -> None:
        before = 0
        while (request := self._requests.get()) is not None:
            if before > FEW:
                # Many ask at once: while this thread sleeps, the loop reads what else has come, and one flush takes it.
                time.sleep(GATHERING)
            requests = [request]
            last = False
            while len(requests) < MOST_PER_TRANSACTION:
                try:
                    following = self._requests.get_nowait()
                except queue.Empty:
                    break
                if following is None:
                    last = True
                    break
                requests.append(following)
            self._write(requests)
            before = len(requests)
            if last:
                return

    def _write(self, requests: Sequence[_Request]) -> None:
        _resolve(list(zip(requests, self._results(requests), strict=True)))

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


class _Resolver:
    """Resolves a future of an event loop; those of one transaction wake the loop once."""

    __slots__ = ("future", "loop")

    def __init__(self, loop: asyncio.AbstractEventLoop, future: asyncio.Future[Appended]) -> None:
        self.loop = loop
        self.future = future

    def __call__(self, result: Appended | Exception) -> None:
        if self.future.done():
            return
        if isinstance(result, Exception):
            self.future.set_exception(result)
        else:
            self.future.set_result(result)


def _resolve(results: Sequence[tuple[_Request, Appended | Exception]]) -> None:
    by_loop: dict[asyncio.AbstractEventLoop, list[tuple[_Resolver, Appended | Exception]]] = {}
    for request, result in results:
        if isinstance(request.resolve, _Resolver):
            by_loop.setdefault(request.resolve.loop, []).append((request.resolve, result))
        else:
            request.resolve(result)
    for loop, resolved in by_loop.items():
        if not loop.is_closed():
            loop.call_soon_threadsafe(_resolve_in_loop, resolved)


def _resolve_in_loop(resolved: Sequence[tuple[_Resolver, Appended | Exception]]) -> None:
    for resolver, result in resolved:
        resolver(result)
