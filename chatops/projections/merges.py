"""Which pull requests were merged into a branch, and when?"""

from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar

from msgspec import Struct
from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Index,
    Integer,
    String,
    Table,
    and_,
    func,
    or_,
    select,
)

from chatops.engine.clock import moment, seconds
from chatops.engine.projection import Projection
from chatops.engine.upsert import upsert
from chatops.events import Event, Recorded
from chatops.events.pulls import PullChanged
from chatops.names import PullNumber, Repo


class Merges(Projection):
    """One row per merged pull request, as it was when it was merged.

    Facts of before that moment was kept tell only when it looked merged; the earliest of them is nearest to it.
    """

    name: ClassVar[str] = "merges"
    reads: ClassVar[tuple[type[Event], ...]] = (PullChanged,)

    merges: Table

    def declare(self) -> None:
        self.merges = self.table(
            "merges",
            Column("repo", String, primary_key=True),
            Column("number", Integer, primary_key=True, autoincrement=False),
            Column("base", String, nullable=False),
            Column("merged_at", BigInteger, nullable=False),
            Column("title", String, nullable=False),
            Index(f"{self.prefix}merges_into", "repo", "base", "merged_at"),
        )

    def apply(self, facts: Sequence[Recorded], db: Connection) -> None:
        first: dict[tuple[Repo, PullNumber], dict[str, object]] = {}
        for fact in facts:
            event = fact.event
            assert isinstance(event, PullChanged)
            at = seconds(event.merged_at or event.updated_at)
            if not event.merged or at is None:
                continue
            row = {
                "repo": event.repo, "number": event.number, "base": event.base, "merged_at": at,
                "title": event.title,
            }  # fmt: skip
            known = first.setdefault((event.repo, event.number), row)
            if _order(row) < _order(known):
                first[event.repo, event.number] = row
        upsert(
            db,
            self.merges,
            list(first.values()),
            newer=lambda new, old: or_(
                new.merged_at < old.merged_at,
                and_(
                    new.merged_at == old.merged_at,
                    or_(new.title < old.title, and_(new.title == old.title, new.base < old.base)),
                ),
            ),
        )


LIVE = Merges()


class Merge(Struct, frozen=True, kw_only=True):
    """A pull request that was merged."""

    repo: Repo
    number: PullNumber
    title: str
    merged_at: datetime | None


def merges_between(
    db: Connection, repo: Repo, base: str, after: datetime, until: datetime, limit: int
) -> tuple[list[Merge], int]:
    """Return what was merged into a branch between two moments, the newest first, and how many there are in all."""
    merges = LIVE.merges.c
    of_them = and_(
        merges.repo == repo,
        merges.base == base,
        merges.merged_at > (seconds(after) or 0),
        merges.merged_at <= (seconds(until) or 0),
    )
    query = (
        select(LIVE.merges)
        .where(of_them)
        .order_by(merges.merged_at.desc(), merges.number.desc())
        .limit(limit)
    )
    found = [
        Merge(repo=row.repo, number=row.number, title=row.title, merged_at=moment(row.merged_at))
        for row in db.execute(query)
    ]
    count = db.scalar(select(func.count()).select_from(LIVE.merges).where(of_them))
    return found, count or 0


def _order(row: dict[str, object]) -> tuple[object, ...]:
    return row["merged_at"], row["title"], row["base"]
