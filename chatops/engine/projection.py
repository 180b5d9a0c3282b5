"""Projections: facts in, read models out, with the checkpoint in the same transaction as the rows.

`Projector` keeps the live tables current. A projection that fails stops at the batch it could not apply and says
why; the others go on.
"""

import threading
from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import ClassVar

import structlog
from msgspec import Struct
from sqlalchemy import Connection, MetaData, Table, select
from sqlalchemy.schema import SchemaItem

from chatops.engine.checkpoints import (
    CHECKPOINTS,
    is_at,
    set_checkpoint,
    set_checkpoints,
    those_at,
)
from chatops.engine.database import why_away
from chatops.engine.log import Log
from chatops.engine.mishaps import contained, in_a_line
from chatops.engine.pace import Pace
from chatops.errors import Unavailable
from chatops.events import Event, Recorded

logger = structlog.get_logger(__name__)

LIVE_PAGE = 5_000


class Projection(ABC):
    """What we know right now about one question: tables, and how facts change them.

    `apply` gets a batch of facts of the kinds in `reads`, in order, folds it in memory and writes each touched row
    once. It must give the same rows for every order of the same facts. Tables are made in `declare`, their names
    beginning with `self.prefix`, so that a rebuild can have its own beside the live ones.
    """

    name: ClassVar[str]
    reads: ClassVar[tuple[type[Event], ...]]

    def __init__(self, prefix: str = "") -> None:
        self.prefix = prefix
        self.metadata = MetaData()
        self.declare()

    @abstractmethod
    def declare(self) -> None:
        """Make the tables."""

    @abstractmethod
    def apply(self, facts: Sequence[Recorded], db: Connection) -> None:
        """Fold a batch of facts into the tables."""

    def table(self, name: str, *columns: SchemaItem) -> Table:
        """Return a table of this projection, its name prefixed."""
        return Table(self.prefix + name, self.metadata, *columns)


class Progress(Struct, frozen=True):
    """How far a projection is: its position, the log's head, and why it stopped if it did."""

    name: str
    position: int
    head: int
    error: str | None

    @property
    def lag(self) -> int:
        """Return how many events it has not seen yet."""
        return self.head - self.position


def progress_of(db: Connection, names: Iterable[str], head: int) -> list[Progress]:
    """Return how far readers of the log are, by name; `head` is its newest position."""
    rows = {row.name: row for row in db.execute(select(CHECKPOINTS))}
    return [
        Progress(name, rows[name].position if name in rows else 0, head,
                 rows[name].error if name in rows else None)
        for name in sorted(names)
    ]  # fmt: skip


class Projector:
    """Keeps read models current: one pass reads new events once and lets each projection apply them."""

    def __init__(
        self,
        log: Log,
        projections: Iterable[Projection],
        on_advance: Callable[[], None] | None = None,
    ) -> None:
        self.log = log
        self.projections = {projection.name: projection for projection in projections}
        self._on_advance = on_advance or (lambda: None)
        self._stopped: set[str] = set()
        self._wake = threading.Event()
        self._ending = False
        self._pause = threading.Event()
        self._thread: threading.Thread | None = None
        self.position = 0

    def start(self, every: float = 0.25) -> None:
        """Start a thread that projects whenever it is woken, and looks by itself every so many seconds."""
        self._ending = False
        self._pause.clear()
        self._thread = threading.Thread(
            target=self._run, args=(every,), name="projector", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """End the thread after the batch it is at."""
        self._ending = True
        self._pause.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def wake(self) -> None:
        """Say that there is something new."""
        self._wake.set()

    def resume(self, name: str) -> None:
        """Let a stopped projection try again."""
        self._stopped.discard(name)
        with self.log.database.write(durable=False) as db:
            db.execute(CHECKPOINTS.update().where(CHECKPOINTS.c.name == name).values(error=None))
        self.wake()

    def catch_up(self) -> int:
        """Project until nothing is new; return how many events were seen."""
        seen = 0
        while step := self.step():
            seen += step
        return seen

    def step(self, limit: int = LIVE_PAGE) -> int:
        """Project one page for every projection that runs; return how many events were read."""
        with self.log.database.read() as db:
            positions = dict(db.execute(select(CHECKPOINTS.c.name, CHECKPOINTS.c.position)).all())
            head = self.log.head(db)
        groups: dict[int, list[Projection]] = defaultdict(list)
        for name, projection in self.projections.items():
            position = positions.get(name, 0)
            if name not in self._stopped and position < head:
                groups[position].append(projection)
        read = 0
        for position, group in groups.items():
            upto = min(position + limit, head)
            self._project(group, position, upto)
            read += upto - position
        if read:
            running = [
                positions.get(name, 0) for name in self.projections if name not in self._stopped
            ]
            self.position = min(running, default=0)
            self._on_advance()
        return read

    def progress(self) -> list[Progress]:
        """Return how far each projection is."""
        with self.log.database.read() as db:
            return progress_of(db, self.projections, self.log.head(db))

    def _project(self, group: Sequence[Projection], position: int, upto: int) -> None:
        """Let projections that are at the same position see the next page; what cannot be read stops who reads it."""
        facts: Sequence[Recorded] = ()
        with contained() as mishap, self.log.database.read() as db:
            facts = self.log.read_kinds(position, upto, kinds_read_by(group), db)
        if mishap.problem is not None and len(group) > 1:
            for projection in group:
                self._project([projection], position, upto)
            return
        if mishap.problem is not None:
            with self.log.database.write(durable=False) as db:
                stopped = is_at(db, group[0].name, position)
                if stopped:
                    set_checkpoint(db, group[0].name, position, in_a_line(mishap.problem))
            if stopped:
                self._stop(group[0], position, mishap.problem)
            return
        self._apply(group, facts, position, upto)

    def _apply(
        self, group: Sequence[Projection], facts: Sequence[Recorded], position: int, upto: int
    ) -> None:
        failed: list[tuple[Projection, Exception]] = []
        with self.log.database.write(durable=False) as db:
            there = those_at(db, [projection.name for projection in group], position)
            for projection in group:
                meant = meant_for(projection, facts) if projection.name in there else []
                if not meant:
                    continue
                savepoint = db.begin_nested()
                with contained() as mishap:
                    projection.apply(meant, db)
                    savepoint.commit()
                if mishap.problem is not None:
                    # The database that is away is nobody's fault: the page is tried again when it is back.
                    if why_away(mishap.problem) is not None:
                        raise mishap.problem
                    savepoint.rollback()
                    failed.append((projection, mishap.problem))
                    there.discard(projection.name)
            set_checkpoints(db, sorted(there), upto)
            for projection, reason in failed:
                set_checkpoint(db, projection.name, position, in_a_line(reason))
        for projection, reason in failed:
            self._stop(projection, position, reason)

    def _stop(self, projection: Projection, position: int, reason: Exception) -> None:
        """Let a projection rest until somebody says otherwise; why is written down by now."""
        self._stopped.add(projection.name)
        logger.error(
            "projection stopped", projection=projection.name, position=position, exc_info=reason
        )

    def _run(self, every: float) -> None:
        pace = Pace()
        while not self._ending:
            self._wake.wait(every)
            self._pause.wait(pace.rest)
            self._wake.clear()
            pace.begin()
            try:
                with contained() as mishap:
                    while not self._ending and self.step() >= LIVE_PAGE:
                        pass
                if mishap.problem is not None:
                    logger.error("the projector stumbled; it tries again", exc_info=mishap.problem)
                    self._pause.wait(5)
            except Unavailable as problem:
                logger.warning("projector waits for the database", problem=str(problem))
                self._pause.wait(1)
            pace.end()


def kinds_read_by(projections: Iterable[Projection]) -> list[str]:
    """Return the kinds of fact that some of these projections read."""
    return sorted({event.kind for projection in projections for event in projection.reads})


def meant_for(projection: Projection, facts: Sequence[Recorded]) -> list[Recorded]:
    """Return those of the facts that a projection reads."""
    reads = set(projection.reads)
    return [fact for fact in facts if type(fact.event) in reads]
