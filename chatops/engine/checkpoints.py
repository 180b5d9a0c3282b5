"""How far each reader of the log is: a row for each, changed in the transaction of what it wrote."""

from collections.abc import Iterable, Sequence

from sqlalchemy import BigInteger, Column, Connection, String, Table, select

from chatops.engine.database import METADATA
from chatops.engine.upsert import upsert

CHECKPOINTS = Table(
    "checkpoints",
    METADATA,
    Column("name", String, primary_key=True),
    Column("position", BigInteger, nullable=False),
    Column("error", String),
)


def set_checkpoint(db: Connection, name: str, position: int, error: str | None = None) -> None:
    """Write down how far a reader of the log is, and why it stopped if it did."""
    set_checkpoints(db, [name], position, error)


def set_checkpoints(
    db: Connection, names: Sequence[str], position: int, error: str | None = None
) -> None:
    """Write down how far several readers are, in one statement."""
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


def common_position(db: Connection, names: Iterable[str]) -> int | None:
    """Return the position up to which all of these readers are that have not stopped; nothing while they differ."""
    query = select(CHECKPOINTS.c.position).where(
        CHECKPOINTS.c.name.in_(sorted(names)), CHECKPOINTS.c.error.is_(None)
    )
    found = set(db.scalars(query))
    return found.pop() if len(found) == 1 else None


def those_at(db: Connection, names: Sequence[str], position: int) -> set[str]:
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
        if is_at(db, name, position):
            found[name] = position
    return {name for name, at in found.items() if at == position}


def is_at(db: Connection, name: str, position: int) -> bool:
    """Return whether a projection still is where we thought; another replica may have gone on with it."""
    query = select(CHECKPOINTS.c.position).where(CHECKPOINTS.c.name == name).with_for_update()
    current = db.execute(query).scalar()
    if current is None:
        begin_at(db, name, 0)
        current = db.execute(query).scalar()
    return bool(current == position)


def state_of(db: Connection, name: str) -> tuple[int, str | None]:
    """Return how far a projection is, and why it stopped if it did."""
    row = db.execute(select(CHECKPOINTS).where(CHECKPOINTS.c.name == name)).one()
    return row.position, row.error
