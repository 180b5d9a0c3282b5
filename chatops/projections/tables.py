"""Which jobs did the list show that the bot wrote last on a pull request, row by row?"""

from collections.abc import Sequence
from typing import ClassVar

import msgspec
from sqlalchemy import BigInteger, Column, Connection, Integer, String, Table, and_, or_, select

from chatops.engine.clock import microseconds
from chatops.engine.projection import Projection
from chatops.engine.upsert import upsert
from chatops.events import Event, Recorded
from chatops.events.tables import RowsShown
from chatops.names import PullNumber, Repo


class Tables(Projection):
    """One row per pull request: the newest list, by the time it was made for, then by the command that asked for it."""

    name: ClassVar[str] = "tables"
    reads: ClassVar[tuple[type[Event], ...]] = (RowsShown,)

    tables: Table

    def declare(self) -> None:
        self.tables = self.table(
            "tables_shown",
            Column("repo", String, primary_key=True),
            Column("number", Integer, primary_key=True, autoincrement=False),
            Column("shown_at", BigInteger, nullable=False),
            Column("command", String, nullable=False),
            Column("rows", String, nullable=False),
        )

    def apply(self, facts: Sequence[Recorded], db: Connection) -> None:
        newest: dict[tuple[Repo, PullNumber], RowsShown] = {}
        for fact in facts:
            event = fact.event
            assert isinstance(event, RowsShown)
            key = (event.repo, event.number)
            seen = newest.get(key)
            if seen is None or _order(event) > _order(seen):
                newest[key] = event
        upsert(
            db,
            self.tables,
            [_row(event) for event in newest.values()],
            newer=lambda new, old: or_(
                new.shown_at > old.shown_at,
                and_(new.shown_at == old.shown_at, new.command > old.command),
            ),
        )


LIVE = Tables()


def rows_shown(db: Connection, repo: Repo, number: PullNumber) -> tuple[str, ...]:
    """Return the names in the list that was shown last on a pull request, the first row first."""
    tables = LIVE.tables.c
    rows = db.scalar(select(tables.rows).where(tables.repo == repo, tables.number == number))
    return () if rows is None else msgspec.json.decode(rows, type=tuple[str, ...])


def _order(event: RowsShown) -> tuple[int, str]:
    return microseconds(event.shown_at), event.command


def _row(event: RowsShown) -> dict[str, object]:
    return {
        "repo": event.repo,
        "number": event.number,
        "shown_at": _order(event)[0],
        "command": event.command,
        "rows": msgspec.json.encode(event.rows).decode(),
    }
