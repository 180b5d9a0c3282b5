"""Processes that take work off the one that makes pages: work on text that needs no database.

Python does one thing at a time in a process. What is handed over here is a plain function of what it is given, and
writes files of its own; in whichever process it runs, the files are the same.
"""

import os
import signal
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import AbstractContextManager, contextmanager
from multiprocessing import get_context, parent_process
from pathlib import Path
from threading import Thread
from types import TracebackType

from msgspec import Struct

from chatops.errors import ChatopsError
from chatops.showing import VIEWS
from chatops.views.exported import Site, exported
from chatops.views.table import table

MOST = 3
ALONE = 100
"""So many pieces of work are done before it is worth it to start a process, which takes half a second."""
MOST_WAITING = 64
"""Pieces of work that are handed over and not done; each holds the text of a page."""


class Written(Struct, frozen=True):
    """How many files were written, and of how many bytes."""

    files: int = 0
    bytes: int = 0

    def __add__(self, other: "Written") -> "Written":
        return Written(self.files + other.files, self.bytes + other.bytes)


Work = Callable[..., Written]


def helpers_here() -> int:
    """Return how many processes can help on this machine: one for each processor but the first."""
    return min(MOST, (os.cpu_count() or 1) - 1)


class Helpers(AbstractContextManager["Helpers"]):
    """Does work in some other processes; with none of them, and at first, where it is called."""

    def __init__(self, count: int, *, alone: int = ALONE) -> None:
        self._count = count
        self._alone = alone
        self._pool: ProcessPoolExecutor | None = None
        self._waiting: deque[Future[Written]] = deque()
        self._done = 0
        self.written = Written()

    def do(self, work: Work, *what: object) -> None:
        """Do a piece of work, here or elsewhere. What goes wrong with it is raised here or by a later call."""
        self._done += 1
        if self._count and self._done > self._alone:
            self._pool = self._pool or ProcessPoolExecutor(
                self._count, mp_context=get_context("spawn"), initializer=_begin
            )
            with _all_there():
                self._waiting.append(self._pool.submit(work, *what))
            self._wait(MOST_WAITING)
        else:
            self.written += work(*what)

    def finish(self) -> Written:
        """Wait until all is done; return what was written."""
        self._wait(0)
        return self.written

    def _wait(self, most: int) -> None:
        while len(self._waiting) > most:
            with _all_there():
                self.written += self._waiting.popleft().result()

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


def _begin() -> None:
    """Make a process that helps end with the one it helps, however that ends; Ctrl-C is for that one to hear."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = parent_process()
    assert parent is not None

    def follow() -> None:
        parent.join()
        os._exit(1)

    Thread(target=follow, name="follow", daemon=True).start()


def write(folder: Path, path: str, body: bytes) -> Written:
    """Write a file."""
    place = folder / path
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(body)
    return Written(1, len(body))


def write_table(folder: Path, path: str, address: str, document: str) -> Written:
    """Write the table of a page from its document; `address` is the page's in the catalogue."""
    rows = VIEWS[address].rows
    assert rows is not None
    return write(folder, path, table(rows, document).encode())


def write_copies(folder: Path, site: Site, as_of: str, pages: Iterable[tuple[str, str]]) -> Written:
    """Put copies in the place of pages: of each page its address in the service, and where it was written as it is."""
    written = Written()
    for address, place in pages:
        page = (folder / place / "index.html").read_bytes().decode()
        copy = exported(page, address, site, folder=place, as_of=as_of)
        written += write(folder, f"{place}/index.html", copy.encode())
    return written
