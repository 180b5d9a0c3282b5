"""Since when was a commit the head of a pull request, and which was it at a moment?"""

from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar

from sqlalchemy import BigInteger, Column, Connection, Integer, String, Table, select

from chatops.engine.clock import moment, seconds
from chatops.engine.projection import Projection
from chatops.engine.upsert import upsert
from chatops.events import Event, Recorded
from chatops.events.pulls import PullChanged
from chatops.names import PullNumber, Repo, Sha


class Heads(Projection):
    """One row per commit that was a head, with the earliest moment at which GitHub showed it as one."""

    name: ClassVar[str] = "heads"
    reads: ClassVar[tuple[type[Event], ...]] = (PullChanged,)

    heads: Table

    def declare(self) -> None:
        self.heads = self.table(
            "head_times",
            Column("repo", String, primary_key=True),
            Column("number", Integer, primary_key=True, autoincrement=False),
            Column("sha", String, primary_key=True),
            Column("seen_at", BigInteger, nullable=False),
        )

    def apply(self, facts: Sequence[Recorded], db: Connection) -> None:
        earliest: dict[tuple[Repo, PullNumber, Sha], int] = {}
        for fact in facts:
            event = fact.event
            assert isinstance(event, PullChanged)
            key = (event.repo, event.number, event.sha)
            seen_at = seconds(event.updated_at) or 0
            earliest[key] = min(seen_at, earliest.get(key, seen_at))
        upsert(
            db,
            self.heads,
            [
                {"repo": repo, "number": number, "sha": sha, "seen_at": seen_at}
                for (repo, number, sha), seen_at in earliest.items()
            ],
            newer=lambda new, old: new.seen_at < old.seen_at,
        )


LIVE = Heads()


def head_before(db: Connection, repo: Repo, number: PullNumber, at: datetime) -> Sha | None:
    """Return the commit that was the newest head before a moment, as far as anybody told."""
    heads = LIVE.heads.c
    query = (
        select(heads.sha)
        .where(heads.repo == repo, heads.number == number, heads.seen_at < seconds(at))
        .order_by(heads.seen_at.desc(), heads.sha)
        .limit(1)
    )
    return db.scalar(query)


def heads_of(db: Connection, repo: Repo, number: PullNumber) -> list[tuple[Sha, datetime | None]]:
    """Return every commit that was the head of a pull request, with since when, the newest first."""
    heads = LIVE.heads.c
    query = (
        select(heads.sha, heads.seen_at)
        .where(heads.repo == repo, heads.number == number)
        .order_by(heads.seen_at.desc(), heads.sha)
    )
    return [(Sha(row.sha), moment(row.seen_at)) for row in db.execute(query)]


def seen_since(db: Connection, repo: Repo, number: PullNumber, sha: Sha) -> datetime | None:
    """Return since when a commit has been, or was, the head."""
    heads = LIVE.heads.c
    query = select(heads.seen_at).where(
        heads.repo == repo, heads.number == number, heads.sha == sha
    )
    return moment(db.scalar(query))
