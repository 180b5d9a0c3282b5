"""Projections: facts in, read models out, with the checkpoint in the same transaction as the rows.

`Projector` keeps the live tables current. A projection that fails stops at the batch it could not apply and says
why; the others go on. `rebuild` builds beside the live tables, from the first event, and then switches.
"""

import threading
from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import ClassVar

import msgspec
import structlog
from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    MetaData,
    String,
    Table,
    select,
    text,
)
from sqlalchemy.schema import SchemaItem

from chatops.engine.database import why_away
from chatops.engine.log import METADATA, Log
from chatops.engine.mishaps import contained
from chatops.engine.pace import Pace
from chatops.engine.upsert import upsert
from chatops.errors import Broken, Unavailable
from chatops.events import Event, Recorded

logger = structlog.get_logger(__name__)

CHECKPOINTS = Table(
    "checkpoints",
    METADATA,
    Column("name", String, primary_key=True),
    Column("position", BigInteger, nullable=False),
    Column("error", String),
)
LIVE_PAGE = 5_000
REBUILD_PAGE = 20_000
ROWS_PER_DIGEST = 2_000
SHADOW = "rebuild_"


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


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a projection is: its position, the log's head, and why it stopped if it did."""

    name: str
    position: int
    head: int
    error: str | None

    @property
    def lag(self) -> int:
        """Return how many events it has not seen yet."""
        return self.head - self.position


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
            rows = {row.name: row for row in db.execute(select(CHECKPOINTS))}
            head = self.log.head(db)
        return [
            Progress(name, rows[name].position if name in rows else 0, head,
                     rows[name].error if name in rows else None)
            for name in sorted(self.projections)
        ]  # fmt: skip

    def _project(self, group: Sequence[Projection], position: int, upto: int) -> None:
        """Let projections that are at the same position see the next page; what cannot be read stops who reads it."""
        facts: Sequence[Recorded] = ()
        with contained() as mishap, self.log.database.read() as db:
            facts = self.log.read_kinds(position, upto, _kinds(group), db)
        if mishap.problem is not None and len(group) > 1:
            for projection in group:
                self._project([projection], position, upto)
            return
        if mishap.problem is not None:
            with self.log.database.write(durable=False) as db:
                stopped = _at(db, group[0].name, position)
                if stopped:
                    set_checkpoint(db, group[0].name, position, _said(mishap.problem))
            if stopped:
                self._stop(group[0], position, mishap.problem)
            return
        self._apply(group, facts, position, upto)

    def _apply(
        self, group: Sequence[Projection], facts: Sequence[Recorded], position: int, upto: int
    ) -> None:
        failed: list[tuple[Projection, Exception]] = []
        with self.log.database.write(durable=False) as db:
            there = _those_at(db, [projection.name for projection in group], position)
            for projection in group:
                meant = _meant_for(projection, facts) if projection.name in there else []
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
            _set_checkpoints(db, sorted(there), upto)
            for projection, reason in failed:
                set_checkpoint(db, projection.name, position, _said(reason))
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


def _said(problem: Exception) -> str:
    return f"{type(problem).__name__}: {problem}"


def set_checkpoint(db: Connection, name: str, position: int, error: str | None = None) -> None:
    """Write down how far a reader of the log is, and why it stopped if it did."""
    _set_checkpoints(db, [name], position, error)


def _set_checkpoints(
    db: Connection, names: Sequence[str], position: int, error: str | None = None
) -> None:
    rows = [{"name": name, "position": position, "error": error} for name in names]
    # The comparison encloses nothing, so that its statement is kept.
    upsert(db, CHECKPOINTS, rows, newer=lambda new, old: new.name == old.name)


def begin_at(db: Connection, name: str, position: int) -> None:
    """Let a reader begin at a position; where another process began before, that counts."""
    upsert(db, CHECKPOINTS, [{"name": name, "position": position, "error": None}])


def checkpoint(db: Connection, name: str) -> int | None:
    """Return how far a reader of the log is, nothing if it was never there."""
    position: int | None = db.execute(
        select(CHECKPOINTS.c.position).where(CHECKPOINTS.c.name == name)
    ).scalar()
    return position


def _those_at(db: Connection, names: Sequence[str], position: int) -> set[str]:
    """Return which projections still are where we thought; another replica may have gone on with some."""
    query = (
        select(CHECKPOINTS.c.name, CHECKPOINTS.c.position)
        .where(CHECKPOINTS.c.name.in_(names))
        .order_by(CHECKPOINTS.c.name)
        .with_for_update()
    )
    found = {row.name: row.position for row in db.execute(query)}
    for name in sorted(set(names) - found.keys()):
        begin_at(db, name, 0)
        if _at(db, name, position):
            found[name] = position
    return {name for name, at in found.items() if at == position}


def _at(db: Connection, name: str, position: int) -> bool:
    """Return whether a projection still is where we thought; another replica may have gone on with it."""
    query = select(CHECKPOINTS.c.position).where(CHECKPOINTS.c.name == name).with_for_update()
    current = db.execute(query).scalar()
    if current is None:
        begin_at(db, name, 0)
        current = db.execute(query).scalar()
    return bool(current == position)


def _state(db: Connection, name: str) -> tuple[int, str | None]:
    row = db.execute(select(CHECKPOINTS).where(CHECKPOINTS.c.name == name)).one()
    return row.position, row.error


def _kinds(projections: Iterable[Projection]) -> list[str]:
    return sorted({event.kind for projection in projections for event in projection.reads})


def _meant_for(projection: Projection, facts: Sequence[Recorded]) -> list[Recorded]:
    reads = set(projection.reads)
    return [fact for fact in facts if type(fact.event) in reads]


def digest(projection: Projection, db: Connection) -> str:
    """Return a digest of all rows of a projection's tables, in the order of their keys."""
    state = blake2b(digest_size=16)
    encoder = msgspec.msgpack.Encoder()
    for table in projection.metadata.sorted_tables:
        state.update(table.name.removeprefix(projection.prefix).encode())
        rows = db.execute(
            select(table).order_by(*table.primary_key).execution_options(yield_per=ROWS_PER_DIGEST)
        )
        for some in rows.partitions():
            state.update(encoder.encode([tuple(row) for row in some]))
    return state.hexdigest()


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """The outcome of a rebuild: how many events it read, and the digests before and after."""

    name: str
    events: int
    live: str
    rebuilt: str

    @property
    def is_equal(self) -> bool:
        """Return whether the live tables held what the log says."""
        return self.live == self.rebuilt


def rebuild(
    log: Log,
    kind: type[Projection],
    *,
    switch: bool = True,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> Rebuilt:
    """Build one projection again; see `rebuild_all`."""
    (outcome,) = rebuild_all(log, [kind], switch=switch, progress=progress)
    return outcome


def rebuild_all(
    log: Log,
    kinds: Sequence[type[Projection]],
    *,
    switch: bool = True,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> list[Rebuilt]:
    """Build projections from the first event beside the live tables, compare, and switch over if asked.

    The log is read once for all of them. The live tables serve until the switch, which is one transaction for each: it
    catches up to the live checkpoint, so that both digests speak of the same position. One that cannot be built is
    `Broken`, after the others were.
    """
    shadows = [kind(SHADOW) for kind in kinds]
    with log.database.write(durable=False) as db:
        for shadow in shadows:
            shadow.metadata.drop_all(db)
            shadow.metadata.create_all(db)
    done, head = 0, log.head()
    failed: dict[str, Exception] = {}
    while done < head:
        upto = min(done + REBUILD_PAGE, head)
        for shadow, problem in _fill(log, shadows, done, upto):
            failed[shadow.name] = problem
            shadows.remove(shadow)
        done = upto
        progress(done, head)
        head = max(head, log.head())
    outcomes = []
    for shadow in shadows:
        with contained() as mishap:
            outcomes.append(_finished(log, type(shadow)(), shadow, done, switch=switch))
        if mishap.problem is not None:
            failed[shadow.name] = mishap.problem
    if failed:
        raise Broken(
            " ".join(
                f"{name} cannot be built from the log. {_said(problem)}"
                for name, problem in failed.items()
            )
        ) from next(iter(failed.values()))
    return outcomes


def _fill(
    log: Log, shadows: Sequence[Projection], after: int, upto: int
) -> list[tuple[Projection, Exception]]:
    """Let each shadow see a page; return those that could not."""
    facts: Sequence[Recorded] = ()
    with contained() as mishap, log.database.read() as snapshot:
        facts = log.read_kinds(after, upto, _kinds(shadows), snapshot)
    if mishap.problem is not None and len(shadows) == 1:
        return [(shadows[0], mishap.problem)]
    if mishap.problem is not None:
        return [one for shadow in shadows for one in _fill(log, [shadow], after, upto)]
    failed = []
    for shadow in shadows:
        with contained() as mishap:
            _show(log, shadow, facts)
        if mishap.problem is not None:
            failed.append((shadow, mishap.problem))
    return failed


def _show(log: Log, shadow: Projection, facts: Sequence[Recorded]) -> None:
    if meant := _meant_for(shadow, facts):
        with log.database.write(durable=False) as db:
            log.database.keep_plans(db)
            shadow.apply(meant, db)


def _finished(
    log: Log, live: Projection, shadow: Projection, done: int, *, switch: bool
) -> Rebuilt:
    """Bring a shadow and the live tables to one position, compare them, and switch over if asked."""
    kinds = _kinds([shadow])
    with log.database.write(durable=False) as db:
        _at(db, live.name, -1)
        position, error = _state(db, live.name)
        target = max(done, position)
        shadow.apply(log.read_kinds(done, target, kinds, db), db)
        if error is None:
            live.apply(log.read_kinds(position, target, kinds, db), db)
        before = digest(live, db) if error is None else f"stopped: {error}"
        outcome = Rebuilt(live.name, target, before, digest(shadow, db))
        if switch:
            _switch(db, live, shadow)
            set_checkpoint(db, live.name, target)
        else:
            shadow.metadata.drop_all(db)
            set_checkpoint(db, live.name, position if error else target, error)
    return outcome


def _switch(db: Connection, live: Projection, shadow: Projection) -> None:
    """Put the rebuilt tables in the place of the live ones."""
    for old, new in zip(live.metadata.sorted_tables, shadow.metadata.sorted_tables, strict=True):
        old.drop(db)
        db.execute(text(f"ALTER TABLE {new.name} RENAME TO {old.name}"))
        if db.dialect.name == "postgresql":
            db.execute(text(f"ALTER INDEX {new.name}_pkey RENAME TO {old.name}_pkey"))
        for index, fresh in zip(
            sorted(old.indexes, key=lambda index: str(index.name)),
            sorted(new.indexes, key=lambda index: str(index.name)),
            strict=True,
        ):
            if db.dialect.name == "postgresql":
                db.execute(text(f"ALTER INDEX {fresh.name} RENAME TO {index.name}"))
            else:
                db.execute(text(f"DROP INDEX {fresh.name}"))
                index.create(db)
