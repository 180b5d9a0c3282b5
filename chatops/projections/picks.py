"""To which other branches was a change to go, once it is merged?"""

from collections.abc import Sequence
from typing import ClassVar

import msgspec
from msgspec import Struct
from sqlalchemy import Column, Connection, Index, Integer, String, Table, select

from chatops.engine.projection import Projection
from chatops.engine.upsert import upsert
from chatops.events import Event, Recorded
from chatops.events.picks import PickPromised
from chatops.names import CommandId, PullNumber, Repo


class Picks(Projection):
    """One row per request that came before the merge."""

    name: ClassVar[str] = "picks"
    reads: ClassVar[tuple[type[Event], ...]] = (PickPromised,)

    promised: Table

    def declare(self) -> None:
        self.promised = self.table(
            "picks_promised",
            Column("command", String, primary_key=True),
            Column("repo", String, nullable=False),
            Column("number", Integer, nullable=False),
            Column("branches", String, nullable=False),
            Column("said_by", String, nullable=False),
            Index(f"{self.prefix}picks_promised_of_pull", "repo", "number"),
        )

    def apply(self, facts: Sequence[Recorded], db: Connection) -> None:
        rows: dict[str, dict[str, object]] = {}
        for fact in facts:
            event = fact.event
            assert isinstance(event, PickPromised)
            rows[fact.key] = {
                "command": event.command,
                "repo": event.repo,
                "number": event.number,
                "branches": msgspec.json.encode(event.branches).decode(),
                "said_by": event.by,
            }
        upsert(db, self.promised, list(rows.values()))


LIVE = Picks()


class Promise(Struct, frozen=True, kw_only=True):
    """A request that waits for a merge."""

    command: CommandId
    branches: tuple[str, ...]
    by: str


def promised(db: Connection, repo: Repo, number: PullNumber) -> list[Promise]:
    """Return what was promised for when a pull request is merged."""
    picks = LIVE.promised.c
    query = (
        select(LIVE.promised)
        .where(picks.repo == repo, picks.number == number)
        .order_by(picks.command)
    )
    return [
        Promise(
            command=row.command,
            branches=tuple(msgspec.json.decode(row.branches)),
            by=row.said_by,
        )
        for row in db.execute(query)
    ]
