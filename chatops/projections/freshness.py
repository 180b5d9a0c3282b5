"""When did we last hear anything of a repository, and by which road?"""

from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar

from sqlalchemy import BigInteger, Column, Connection, String, Table, func, select

from chatops.engine.clock import from_microseconds
from chatops.engine.projection import Projection
from chatops.engine.upsert import upsert
from chatops.events import Event, Recorded
from chatops.events.checks import CheckReported, CheckSeen, StatusSet
from chatops.events.pulls import PullChanged
from chatops.events.runs import (
    JobCompleted,
    JobQueued,
    JobReported,
    JobStarted,
    RunCompleted,
    RunHeld,
    RunReported,
    RunRequested,
    RunStarted,
)
from chatops.names import Repo

IMPORT = "import"


class Freshness(Projection):
    """One row per repository and source: when we last recorded something of it, in microseconds since 1970."""

    name: ClassVar[str] = "freshness"
    reads: ClassVar[tuple[type[Event], ...]] = (
        CheckReported, CheckSeen, StatusSet, PullChanged,
        JobCompleted, JobQueued, JobReported, JobStarted,
        RunCompleted, RunHeld, RunReported, RunRequested, RunStarted,
    )  # fmt: skip

    heard: Table

    def declare(self) -> None:
        self.heard = self.table(
            "freshness",
            Column("repo", String, primary_key=True),
            Column("source", String, primary_key=True),
            Column("heard_at", BigInteger, nullable=False),
        )

    def apply(self, facts: Sequence[Recorded], db: Connection) -> None:
        newest: dict[tuple[str, str], int] = {}
        for fact in facts:
            key = (fact.event.repo, fact.source)  # type: ignore[attr-defined]  # every kind in `reads` has one
            if fact.recorded_us > newest.get(key, 0):
                newest[key] = fact.recorded_us
        upsert(
            db,
            self.heard,
            [
                {"repo": repo, "source": source, "heard_at": heard}
                for (repo, source), heard in newest.items()
            ],
            newer=lambda new, old: new.heard_at > old.heard_at,
        )


LIVE = Freshness()


def last_heard(db: Connection, repos: Sequence[Repo]) -> datetime | None:
    """Return when we last heard of these repositories from GitHub; a file that was imported is not hearing."""
    heard = LIVE.heard.c
    query = select(func.max(heard.heard_at)).where(heard.repo.in_(repos), heard.source != IMPORT)
    return _moment(db.scalar(query))


def last_change(db: Connection, repos: Sequence[Repo]) -> datetime | None:
    """Return when anything of these repositories was last recorded, by whatever road: no two changes share a moment."""
    heard = LIVE.heard.c
    return _moment(db.scalar(select(func.max(heard.heard_at)).where(heard.repo.in_(repos))))


def heard_by_source(db: Connection, repos: Sequence[Repo]) -> list[tuple[Repo, str, datetime]]:
    """Return when we last recorded something of these repositories, by each road it came by."""
    heard = LIVE.heard.c
    query = (
        select(heard.repo, heard.source, heard.heard_at)
        .where(heard.repo.in_(repos))
        .order_by(heard.repo, heard.heard_at.desc())
    )
    return [
        (Repo(repo), source, at)
        for repo, source, heard_at in db.execute(query)
        if (at := _moment(heard_at)) is not None
    ]


def _moment(microseconds: int | None) -> datetime | None:
    if microseconds is None:
        return None
    return from_microseconds(microseconds)
