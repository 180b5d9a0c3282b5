"""Read models built again from the first event, beside the live ones, which serve until the switch."""

import gc
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from hashlib import blake2b

import msgspec
from msgspec import Struct
from sqlalchemy import Connection, select, text
from sqlalchemy.schema import CreateTable

from chatops.engine.checkpoints import is_at, set_checkpoint, state_of
from chatops.engine.log import Log
from chatops.engine.mishaps import contained, in_a_line
from chatops.engine.projection import Projection, kinds_read_by, meant_for
from chatops.errors import Broken
from chatops.events import Recorded

REBUILD_PAGE = 20_000
ROWS_PER_DIGEST = 2_000
SHADOW = "rebuild_"


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


class Rebuilt(Struct, frozen=True):
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
            # Rows are written by their primary keys; the indexes are made once the rows are there.
            for table in shadow.metadata.sorted_tables:
                db.execute(CreateTable(table))
    with _no_collection():
        return _built(log, shadows, switch=switch, progress=progress)


@contextmanager
def _no_collection() -> Iterator[None]:
    """Let the garbage collector rest: facts and rows refer to nothing in a circle, and there are millions of them."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _built(
    log: Log, shadows: list[Projection], *, switch: bool, progress: Callable[[int, int], None]
) -> list[Rebuilt]:
    """Fill the shadows from the log, compare them with the live tables, and switch over if asked."""
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
            if switch:
                _index(log, shadow)
            outcomes.append(_finished(log, type(shadow)(), shadow, done, switch=switch))
        if mishap.problem is not None:
            failed[shadow.name] = mishap.problem
    if failed:
        raise Broken(
            " ".join(
                f"{name} cannot be built from the log. {in_a_line(problem)}"
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
        facts = log.read_kinds(after, upto, kinds_read_by(shadows), snapshot)
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
    if meant := meant_for(shadow, facts):
        with log.database.write(durable=False) as db:
            log.database.keep_plans(db)
            shadow.apply(meant, db)


def _finished(
    log: Log, live: Projection, shadow: Projection, done: int, *, switch: bool
) -> Rebuilt:
    """Bring a shadow and the live tables to one position, compare them, and switch over if asked."""
    kinds = kinds_read_by([shadow])
    with log.database.write(durable=False) as db:
        is_at(db, live.name, -1)
        position, error = state_of(db, live.name)
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


def _index(log: Log, shadow: Projection) -> None:
    """Make the indexes of a shadow, where they can be renamed: then nobody waits for them at the switch."""
    with log.database.write(durable=False) as db:
        if db.dialect.name == "postgresql":
            for table in shadow.metadata.sorted_tables:
                for index in table.indexes:
                    index.create(db)


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
                index.create(db)
