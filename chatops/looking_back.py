"""Which moments of the past can be looked at: read models of each in a file, made when somebody asks, and kept a while.

A file is made from the nearest earlier one, by a process of its own where that takes long, so that those who look at
the present do not wait for it. One is made at a time. On the way some are left at round positions, from which the next
ones are near. All of them are in a temporary folder, which goes with the process, or when the next one starts.
"""

import fcntl
import os
import shutil
import stat
import subprocess
import sys
import tempfile
import threading
import time
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import IO, NamedTuple

import msgspec
import structlog
from msgspec import Struct, field

import chatops.events
import chatops.projections
from chatops.engine.catalogue import catalogue
from chatops.engine.clock import SystemClock
from chatops.engine.codec import Codec
from chatops.engine.database import Database, open_database
from chatops.engine.log import Log
from chatops.engine.mishaps import contained
from chatops.engine.moments import Moment, Moments
from chatops.engine.past import PastLog, Step, Steps, put_together, remove
from chatops.engine.projection import Projection
from chatops.errors import Broken, Unavailable
from chatops.events import Event
from chatops.ports import Clock

logger = structlog.get_logger(__name__)

PREFIX = "chatops-past-"
PATIENCE_SECONDS = 1.0
"""For which a page waits for its moment before it says how far that is."""
MOST_PATIENT = 4
"""Pages that wait at once; each of them holds a thread."""
MOST_WAITING = 8
"""Moments that wait to be made; who asks for more of them is told to ask again."""
NEAR = 2_000
"""Events that are looked at in this process: fewer than it takes to start another one."""
ROUND = (5_000, 50_000, 500_000)
"""At the last multiples of each of these positions a file is left, so that going back is near at every distance."""
ROUNDS = 3
FILES_KEPT = 32
OPEN_KEPT = 6
LEAST_KEPT = 2
"""Files that are kept whatever their size: what is looked at, and what it was made from."""
FAILED_FOR = 30.0
"""Seconds after which a moment that could not be made is tried again."""
STRANGE_AFTER = 60.0
"""Seconds after which a folder that nobody has locked is nobody's."""
NICENESS = 10
MOST_SAID = 2_000
"""Bytes of what a process said in the end."""


class Past(Struct, frozen=True):
    """The read models of a moment, and the log as it was."""

    database: Database
    log: PastLog
    looked: int
    """Up to where the log was looked through for what belongs to the moment."""


class Underway(Struct, frozen=True):
    """A moment that is being made: how much of it is done, from 0 to 1; nothing if others come first.

    `has_failed` if it cannot be made.
    """

    share: float | None
    has_failed: bool = False


class _Key(NamedTuple):
    """What a file holds: the events up to a position, and what had happened by a moment though it was heard later."""

    position: int
    happened_by: datetime | None = None


class _Kept(Struct):
    """A file, who uses it, and whether it is open."""

    file: Path
    looked: int
    size: int
    users: int = 0
    database: Database | None = None


class _Making(Struct):
    """A moment that somebody waits for."""

    key: _Key
    looked: int
    total: int = 0
    done: int = 0
    has_begun: bool = False
    failed_at: float | None = None
    ended: threading.Event = field(default_factory=threading.Event)


class Pasts:
    """Makes the past, and keeps some of it."""

    def __init__(
        self,
        log: Log,
        clock: Clock,
        *,
        database_url: str,
        megabytes: int,
        near: int = NEAR,
        patience: float = PATIENCE_SECONDS,
    ) -> None:
        self.moments = Moments(log, clock)
        self._log = log
        self._clock = clock
        self._url = database_url
        self._room = megabytes * 1_000_000
        self._near = near
        self._patience = patience
        self._lock = threading.Lock()
        self._kept: OrderedDict[_Key, _Kept] = OrderedDict()
        self._replaced: list[_Kept] = []
        self._makings: OrderedDict[_Key, _Making] = OrderedDict()
        self._folder: Path | None = None
        self._held: IO[bytes] | None = None
        self._thread: threading.Thread | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._patient = threading.Semaphore(MOST_PATIENT)
        self._is_closed = False
        self._number = 0

    # --- life ---------------------------------------------------------------

    def open(self) -> None:
        """Begin; remove what processes left that did not come to their end."""
        self._is_closed = False
        for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
            with suppress(OSError):
                found = folder.lstat()
                is_ours = found.st_uid == os.geteuid() and stat.S_ISDIR(found.st_mode)
                if is_ours and time.time() - found.st_mtime > STRANGE_AFTER:
                    with (folder / "lock").open("ab") as lock:
                        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                        shutil.rmtree(folder)

    def close(self) -> None:
        """End, with everything that was made."""
        with self._lock:
            self._is_closed = True
            self._makings.clear()
            if self._process is not None:
                self._process.kill()
            thread = self._thread
        if thread is not None:
            thread.join()
        with self._lock:
            for kept in (*self._kept.values(), *self._replaced):
                if kept.database is not None:
                    kept.database.close()
            self._kept.clear()
            self._replaced.clear()
            if self._folder is not None:
                shutil.rmtree(self._folder, ignore_errors=True)
            if self._held is not None:
                self._held.close()
            self._folder = self._held = None

    # --- looking ------------------------------------------------------------

    @contextmanager
    def look(self, moment: Moment) -> Iterator[Past | Underway]:
        """Yield the past of a moment, or how far its making is if that takes more than a second."""
        kept = self._taken(moment)
        if kept is None:
            making = self._made_soon(moment)
            if making is None:
                yield Underway(None)
                return
            if making.failed_at is None and self._patient.acquire(blocking=False):
                try:
                    making.ended.wait(self._patience)
                finally:
                    self._patient.release()
            kept = self._taken(moment)
            if kept is None:
                yield _how_far(making)
                return
        try:
            assert kept.database is not None
            log = PastLog(
                self._log,
                self._clock,
                position=moment.position,
                looked=kept.looked,
                happened_by=moment.at if moment.by_event else None,
            )
            yield Past(kept.database, log, kept.looked)
        finally:
            with self._lock:
                kept.users -= 1

    def _taken(self, moment: Moment) -> _Kept | None:
        """Return what is kept of a moment, in use; nothing if it has to be made, or be made again."""
        key = _key(moment)
        with self._lock:
            kept = self._kept.get(key)
            if kept is None or self._is_closed:
                return None
            kept.users += 1
            self._kept.move_to_end(key)
            if kept.database is None:
                kept.database = open_database(f"sqlite:///{kept.file}")
        if not moment.by_event or not self._has_news(kept, moment.at):
            return kept
        with self._lock:
            kept.users -= 1
        return None

    def _has_news(self, kept: _Kept, happened_by: datetime) -> bool:
        """Return whether something was heard since that had happened by then; else it is looked through by now."""
        with self._log.database.read() as db:
            head = self._log.head(db)
            if self._log.has_happened(kept.looked, head, happened_by, db):
                return True
        kept.looked = max(kept.looked, head)
        return False

    # --- making -------------------------------------------------------------

    def _made_soon(self, moment: Moment) -> _Making | None:
        """Return the making of a moment, begun or waiting; nothing if too many wait."""
        key = _key(moment)
        looked = self._log.head() if moment.by_event else moment.position
        with self._lock:
            making = self._makings.get(key)
            if making is not None and (
                making.failed_at is None or self._clock.monotonic() - making.failed_at < FAILED_FOR
            ):
                return making
            if len(self._makings) >= MOST_WAITING or self._is_closed:
                return None
            making = self._makings[key] = _Making(key, looked)
            if self._thread is None:
                self._thread = threading.Thread(target=self._make_all, name="past", daemon=True)
                self._thread.start()
            return making

    def _make_all(self) -> None:
        """Make what is asked for, one after the other, until nothing is."""
        while True:
            with self._lock:
                waiting = (one for one in self._makings.values() if one.failed_at is None)
                making = next(waiting, None)
                if making is None:
                    self._thread = None
                    return
            problem = self._why_not_made(making)
            with self._lock:
                if problem is None:
                    self._makings.pop(making.key, None)
                else:
                    making.failed_at = self._clock.monotonic()
            if problem is not None and not self._is_closed:
                logger.error(
                    "a moment of the past could not be put together",
                    position=making.key.position,
                    exc_info=problem,
                )
            making.ended.set()

    def _why_not_made(self, making: _Making) -> Exception | None:
        """Make a moment; return why it could not be, if it could not."""
        try:
            with contained() as mishap:
                self._make(making)
        except Unavailable as problem:
            return problem
        return mishap.problem

    def _make(self, making: _Making) -> None:
        with self._lock:
            base_key, base = self._nearest(making)
            if base is not None:
                base.users += 1
        try:
            steps = self._steps(making, base_key, base)
            making.total, making.has_begun = steps.events, True
            began = self._clock.monotonic()
            if steps.events <= self._near:
                put_together(self._log, _projections(), steps, partial(setattr, making, "done"))
            else:
                self._make_elsewhere(making, steps)
            logger.info(
                "put a moment of the past together",
                position=making.key.position,
                events=steps.events,
                seconds=round(self._clock.monotonic() - began, 3),
            )
        finally:
            if base is not None:
                with self._lock:
                    base.users -= 1
        with self._lock:
            for step in steps.steps:
                key = _Key(step.upto) if step.happened_by is None else making.key
                file = Path(step.file)
                self._replace(key, _Kept(file, step.upto, file.stat().st_size))
            self._make_room()

    def _nearest(self, making: _Making) -> tuple[_Key, _Kept | None]:
        """Return what is kept that is nearest before a moment."""
        if making.key in self._kept:
            return making.key, self._kept[making.key]
        before = [
            key
            for key in self._kept
            if key.happened_by is None and key.position <= making.key.position
        ]
        nearest = max(before, default=_Key(0))
        return nearest, self._kept.get(nearest)

    def _steps(self, making: _Making, base_key: _Key, base: _Kept | None) -> Steps:
        """Return the way from what there is to a moment, by the round positions between."""
        target, at = making.key, base.looked if base is not None else 0
        steps = []
        if base is None or base_key.happened_by is None:
            rounds = {
                (target.position // each - back) * each for each in ROUND for back in range(ROUNDS)
            }
            places = sorted({one for one in rounds if one > at} | {target.position})
            for place in places:
                if place > at or base is None:
                    steps.append(Step(file=self._file(), after=at, upto=place))
                    at = place
        if target.happened_by is not None:
            steps.append(
                Step(
                    file=self._file(), after=at, upto=making.looked, happened_by=target.happened_by
                )
            )
        return Steps(base=str(base.file) if base is not None else None, steps=tuple(steps))

    def _make_elsewhere(self, making: _Making, steps: Steps) -> None:
        """Let a process of its own make it, which leaves this one its processor."""
        with tempfile.TemporaryFile() as said, self._another_process(said) as process:
            assert process.stdin is not None
            assert process.stdout is not None
            # The address may hold a password, so it is neither an argument nor in the environment.
            wanted = _Wanted(self._url, steps)
            with process.stdin as stdin:
                stdin.write(msgspec.json.encode(wanted))
            for line in process.stdout:
                making.done = int(line)
            if process.wait() != 0:
                said.seek(0)
                words = said.read()[-MOST_SAID:].decode(errors="replace")
                raise Broken(f"The process that puts the past together ended: {words}")

    @contextmanager
    def _another_process(self, said: IO[bytes]) -> Iterator[subprocess.Popen[bytes]]:
        """Start a process, and end it in the end."""
        command = [sys.executable, "-m", "chatops.looking_back"]
        with subprocess.Popen(  # noqa: S603 - none of it comes from outside
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=said
        ) as process:
            try:
                with self._lock:
                    self._process = process
                    if self._is_closed:
                        process.kill()
                yield process
            finally:
                with self._lock:
                    self._process = None
                process.kill()

    # --- what is kept -------------------------------------------------------

    def _file(self) -> str:
        """Return the name of a new file, in a folder that is locked for as long as it is ours."""
        with self._lock:
            if self._folder is None:
                self._folder = Path(tempfile.mkdtemp(prefix=PREFIX))
                self._held = (self._folder / "lock").open("ab")
                fcntl.flock(self._held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self._number += 1
            return str(self._folder / f"{self._number}.db")

    def _replace(self, key: _Key, kept: _Kept) -> None:
        before = self._kept.pop(key, None)
        self._kept[key] = kept
        if before is not None:
            self._replaced.append(before)

    def _make_room(self) -> None:
        """Drop what was replaced, and what was not looked at for longest, until the rest has room."""
        for kept in [one for one in self._replaced if not one.users]:
            self._replaced.remove(kept)
            _dropped(kept)
        for key in list(self._kept):
            size = sum(kept.size for kept in self._kept.values())
            is_full = size > self._room or len(self._kept) > FILES_KEPT
            if not is_full or len(self._kept) <= LEAST_KEPT:
                break
            if not self._kept[key].users:
                _dropped(self._kept.pop(key))
        opened = [kept for kept in self._kept.values() if kept.database is not None]
        for kept in opened[:-OPEN_KEPT]:
            if not kept.users and kept.database is not None:
                kept.database.close()
                kept.database = None


class _Wanted(msgspec.Struct, frozen=True):
    """What the process is told that makes the past."""

    database_url: str
    steps: Steps


def _key(moment: Moment) -> _Key:
    return _Key(moment.position, moment.at if moment.by_event else None)


def _dropped(kept: _Kept) -> None:
    """Let go of a file; who still reads it has it open."""
    if kept.database is not None:
        kept.database.close()
    remove(kept.file)


def _how_far(making: _Making) -> Underway:
    if making.failed_at is not None:
        return Underway(None, has_failed=True)
    if not making.has_begun:
        return Underway(None)
    return Underway(min(making.done / making.total, 1.0) if making.total else 0.0)


def _projections() -> Sequence[type[Projection]]:
    return catalogue(chatops.projections, Projection)


def main() -> None:
    """Make what standard input asks for, and say on standard output how far it is."""
    wanted = msgspec.json.decode(sys.stdin.buffer.read(), type=_Wanted)
    os.nice(NICENESS)

    def progress(done: int) -> None:
        sys.stdout.write(f"{done}\n")
        sys.stdout.flush()

    with closing(open_database(wanted.database_url)) as database:
        log = Log(database, Codec(catalogue(chatops.events, Event)), SystemClock())
        put_together(log, _projections(), wanted.steps, progress)


if __name__ == "__main__":
    main()
