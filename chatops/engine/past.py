"""The past: the read models as they were at a moment, put together from the log in a file of their own.

Read models are what a set of facts makes of them. So those of a moment are made as they were then, by the same
projections from the facts that were known; no later fact is there that could be shown. The file holds no events: those
are read where they are, through `PastLog`, which knows of no later ones.
"""

import shutil
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from datetime import datetime
from pathlib import Path

import msgspec
from sqlalchemy import ColumnElement, Connection, Select, or_, select, text

from chatops.engine.checkpoints import CHECKPOINTS
from chatops.engine.clock import from_microseconds, microseconds
from chatops.engine.database import METADATA, Database, open_database
from chatops.engine.deliveries import DELIVERIES
from chatops.engine.log import EVENTS, PAGE, READING, STORY, Appended, Batch, Log
from chatops.engine.projection import Projection, kinds_read_by, meant_for
from chatops.engine.work import WORK
from chatops.errors import Broken
from chatops.events import Recorded
from chatops.ports import Clock

PAST_PAGE = 20_000
NOT_TOLD = (CHECKPOINTS, DELIVERIES, WORK)
"""Tables that pages read, and whose past no event tells: in a file of the past they are empty."""
LEFTOVERS = ("-wal", "-shm", "-journal")


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One file to make: what the one before holds, and the facts in `(after, upto]`.

    With `happened_by`, only those of them that had happened by then.
    """

    file: str
    after: int
    upto: int
    happened_by: datetime | None = None


class Steps(msgspec.Struct, frozen=True, kw_only=True):
    """Files to make, each from the one before it; the first from `base`, or from nothing."""

    base: str | None
    steps: tuple[Step, ...]

    @property
    def events(self) -> int:
        """Return how many events have to be looked at."""
        return sum(step.upto - step.after for step in self.steps)


def put_together(
    log: Log,
    kinds: Sequence[type[Projection]],
    wanted: Steps,
    progress: Callable[[int], None] = lambda _done: None,
) -> None:
    """Make the files; `progress` hears how many events were looked at."""
    base, done = wanted.base, 0
    for step in wanted.steps:
        unfinished = Path(f"{step.file}.part")
        remove(unfinished)
        if base is not None:
            shutil.copyfile(base, unfinished)
        with closing(open_database(f"sqlite:///{unfinished}")) as database:
            if base is None:
                _make_tables(database, kinds)
            for seen in _filled(log, [kind() for kind in kinds], database, step):
                progress(done + seen)
        done += step.upto - step.after
        unfinished.replace(step.file)
        base = step.file


def remove(file: Path) -> None:
    """Remove a database's file, and what SQLite has put beside it."""
    for name in (str(file), *(f"{file}{ending}" for ending in LEFTOVERS)):
        Path(name).unlink(missing_ok=True)


def _make_tables(database: Database, kinds: Iterable[type[Projection]]) -> None:
    with database.write(durable=False) as db:
        METADATA.create_all(db, tables=NOT_TOLD)
        for kind in kinds:
            kind().metadata.create_all(db)


def _filled(
    log: Log, projections: Sequence[Projection], database: Database, step: Step
) -> Iterable[int]:
    """Show the projections a step's facts, page by page; yield how many events that were."""
    read = kinds_read_by(projections)
    after = step.after
    while after < step.upto:
        upto = min(after + PAST_PAGE, step.upto)
        with log.database.read() as snapshot:
            if step.happened_by is None:
                facts = log.read_kinds(after, upto, read, snapshot)
            else:
                facts = log.read_happened(after, upto, read, step.happened_by, snapshot)
        with database.write(durable=False) as db:
            for projection in projections:
                if meant := meant_for(projection, facts):
                    projection.apply(meant, db)
        after = upto
        yield upto - step.after


def position_at(log: Log, db: Connection, moment: datetime) -> int:
    """Return the newest position that was recorded by a moment, 0 if there was none; positions are in order of time."""
    low, high = 0, log.head(db)
    while low < high:
        middle = (low + high + 1) // 2
        recorded = log.recorded_at(db, [middle]).get(middle)
        if recorded is None or recorded > moment:
            high = middle - 1
        else:
            low = middle
    return low


class PastLog(Log):
    """The log as it was at a moment. It is read where it is, and nothing of it is later.

    `position` is the newest event that was known then. By event time, what was heard later, up to the position
    `looked`, belongs to it too, if it had happened by `happened_by`.
    """

    def __init__(
        self,
        log: Log,
        clock: Clock,
        *,
        position: int,
        looked: int = 0,
        happened_by: datetime | None = None,
    ) -> None:
        super().__init__(log.database, log.codec, clock)
        self.position = position
        self._known: ColumnElement[bool] = EVENTS.c.position <= position
        if happened_by is not None:
            heard_later = EVENTS.c.position <= looked
            had_happened = EVENTS.c.occurred_at <= microseconds(happened_by)
            self._known = or_(self._known, heard_later & had_happened)

    def append(self, batches: Sequence[Batch]) -> list[Appended]:
        """Refuse: the past does not change."""
        raise Broken(f"Somebody wants to append {len(batches)} batches to the past.")

    def head(self, db: Connection | None = None) -> int:
        """Return the newest position that was known then."""
        del db
        return self.position

    def read(self, after: int, limit: int = PAGE, db: Connection | None = None) -> list[Recorded]:
        """Return up to `limit` events after a position, oldest first, as far as they were there."""
        del db
        return self._found(
            select(*READING).where(EVENTS.c.position > after, self._known).limit(limit)
        )

    def read_kinds(
        self, after: int, upto: int, kinds: Sequence[str], db: Connection
    ) -> list[Recorded]:
        """Return the events of some kinds in `(after, upto]`, as far as they were there."""
        del db
        within = (EVENTS.c.position > after) & (EVENTS.c.position <= upto)
        return self._found(select(*READING).where(within, EVENTS.c.kind.in_(kinds), self._known))

    def asks(self, after: int, upto: int, kinds: Sequence[str], db: Connection) -> bool:
        """Return whether any event in `(after, upto]` that was there is of one of these kinds."""
        return bool(self.read_kinds(after, upto, kinds, db))

    def story(self, correlation_id: str, db: Connection | None = None) -> list[Recorded]:
        """Return as much of a command's story as there was."""
        del db
        return self._found(
            select(*READING).where(
                text(STORY), EVENTS.c.correlation_id == correlation_id, self._known
            )
        )

    def keyed(self, key: str, db: Connection | None = None) -> Recorded | None:
        """Return the event that has taken a key, if it was there."""
        del db
        query = select(*READING).where(EVENTS.c.key == key, self._known)
        return next(iter(self._found(query)), None)

    def at(self, position: int) -> Recorded | None:
        """Return the event at a position, if it was there."""
        query = select(*READING).where(EVENTS.c.position == position, self._known)
        return next(iter(self._found(query)), None)

    def recorded_at(self, db: Connection, positions: Iterable[int]) -> dict[int, datetime]:
        """Return when events that were there were recorded."""
        del db
        query = select(EVENTS.c.position, EVENTS.c.recorded_at).where(
            EVENTS.c.position.in_(list(positions)), self._known
        )
        with self.database.read() as snapshot:
            rows = snapshot.execute(query).all()
        return {row.position: from_microseconds(row.recorded_at) for row in rows}

    def _found(self, query: Select[*tuple[object, ...]]) -> list[Recorded]:
        """Return what is found in a snapshot of the log's own; another database's connection does not know it."""
        with self.database.read() as snapshot:
            rows = snapshot.execute(query.order_by(EVENTS.c.position)).all()
        return [self._recorded(row) for row in rows]
