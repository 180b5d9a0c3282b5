"""Which tests go on under another name, since when, and who said so?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import BigInteger, Column, Connection, String, Table, and_, or_, select

from chatops.engine.clock import from_microseconds, microseconds
from chatops.engine.projection import Projection
from chatops.engine.upsert import upsert
from chatops.events import Event, Recorded
from chatops.events.renames import JobRenamed, JobRenameWithdrawn
from chatops.names import CommandId, Repo


class Renames(Projection):
    """One row per name that was ever given up: the newest word about it. Without a new name it was taken back."""

    name: ClassVar[str] = "renames"
    reads: ClassVar[tuple[type[Event], ...]] = (JobRenamed, JobRenameWithdrawn)

    renames: Table

    def declare(self) -> None:
        self.renames = self.table(
            "renames",
            Column("repo", String, primary_key=True),
            Column("old", String, primary_key=True),
            Column("new", String, nullable=False),
            Column("said_at", BigInteger, nullable=False),
            Column("command", String, nullable=False),
            Column("said_by", String, nullable=False),
        )

    def apply(self, facts: Sequence[Recorded], db: Connection) -> None:
        rows: dict[tuple[str, str], dict[str, Any]] = {}
        for fact in facts:
            row = _row(fact.event)
            if row is None:
                continue
            place = (row["repo"], row["old"])
            if place not in rows or _weight(row) > _weight(rows[place]):
                rows[place] = row
        upsert(
            db,
            self.renames,
            list(rows.values()),
            newer=lambda new, old: or_(
                new.said_at > old.said_at,
                and_(new.said_at == old.said_at, new.command > old.command),
            ),
        )


LIVE = Renames()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rename:
    """That a test goes on under another name."""

    repo: Repo
    old: str
    new: str
    command: CommandId
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Lineage:
    """Which names are one test's, in some repositories. A name that was taken up again is a name once more."""

    renames: tuple[Rename, ...] = ()
    _next: Mapping[tuple[Repo, str], Rename] = field(default_factory=dict, compare=False)

    def current(self, repo: Repo, name: str) -> str:
        """Return the name that a test has now."""
        for _ in range(len(self._next)):
            rename = self._next.get((repo, name))
            if rename is None:
                break
            name = rename.new
        return name

    def of(self, repo: Repo, name: str) -> tuple[Rename, ...]:
        """Return by which renames a test came to its name, the newest first."""
        found: list[Rename] = []
        wanted = {name}
        while True:
            before = [
                one
                for one in self._next.values()
                if one.repo == repo and one.new in wanted and one not in found
            ]
            if not before:
                return tuple(sorted(found, key=lambda one: one.at, reverse=True))
            found.extend(before)
            wanted = {one.old for one in before}

    def names(self, repo: Repo, name: str) -> list[str]:
        """Return the names a test has and had, the one it has now first."""
        return list(dict.fromkeys((name, *(one.old for one in self.of(repo, name)))))


NO_RENAMES = Lineage()


def lineage(db: Connection, repositories: Sequence[Repo]) -> Lineage:
    """Return which names of tests are one test's."""
    renames = LIVE.renames.c
    query = (
        select(LIVE.renames)
        .where(renames.repo.in_(repositories), renames.new != "")
        .order_by(renames.said_at, renames.command)
    )
    found = tuple(
        Rename(
            repo=Repo(row.repo),
            old=row.old,
            new=row.new,
            command=CommandId(row.command),
            by=row.said_by,
            at=from_microseconds(row.said_at),
        )
        for row in db.execute(query)
    )
    following: dict[tuple[Repo, str], Rename] = {}
    for rename in found:
        # Whoever gives a test back a name it had says that the name is in use again.
        following.pop((rename.repo, rename.new), None)
        following[rename.repo, rename.old] = rename
    return Lineage(found, following)


def _weight(row: Mapping[str, Any]) -> tuple[int, str]:
    return row["said_at"], row["command"]


def _row(event: Event) -> dict[str, Any] | None:
    match event:
        case JobRenamed():
            new = event.new
        case JobRenameWithdrawn():
            new = ""
        case _:
            return None
    return {
        "repo": event.repo,
        "old": event.old,
        "new": new,
        "said_at": microseconds(event.at),
        "command": event.command,
        "said_by": event.by,
    }
