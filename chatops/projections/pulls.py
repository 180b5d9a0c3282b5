"""Which pull requests are there, what is their head commit, who wrote them, which labels do they carry?"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import ClassVar

import msgspec
from msgspec import Struct
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Index,
    Integer,
    Row,
    String,
    Table,
    and_,
    or_,
    select,
)

from chatops.engine.clock import moment, seconds
from chatops.engine.projection import Projection
from chatops.engine.upsert import upsert
from chatops.events import Event, Recorded
from chatops.events.pulls import PullChanged
from chatops.names import Login, PullNumber, Repo, Sha

CLOSED = "closed"
STEPS = 4
"""More than there are steps from open to merged."""
COMMITS_PER_QUESTION = 500


class Pulls(Projection):
    """One row per pull request, as it last was by GitHub's own time; and every commit that was a head.

    GitHub's time is in seconds. Within one, what GitHub showed when it was asked comes last, else what cannot well have
    been before the other: merged after closed, closed after open.
    Runs of pull requests from forks do not say which pull request they belong to; they are joined by head commit.
    """

    name: ClassVar[str] = "pulls"
    reads: ClassVar[tuple[type[Event], ...]] = (PullChanged,)

    pulls: Table
    heads: Table

    def declare(self) -> None:
        self.pulls = self.table(
            "pulls",
            Column("repo", String, primary_key=True),
            Column("number", Integer, primary_key=True, autoincrement=False),
            Column("updated_at", BigInteger, nullable=False),
            Column("rank", BigInteger, nullable=False),
            Column("fingerprint", String, nullable=False),
            Column("sha", String, nullable=False),
            Column("base", String, nullable=False),
            Column("author", String, nullable=False),
            Column("title", String, nullable=False),
            Column("state", String, nullable=False),
            Column("draft", Boolean, nullable=False),
            Column("merged", Boolean, nullable=False),
            Column("fork", Boolean, nullable=False),
            Column("labels", String, nullable=False),
            Column("names_issue", Boolean, nullable=False),
            Column("created_at", BigInteger),
            Index(f"{self.prefix}pulls_by_state", "repo", "state", "number"),
        )
        self.heads = self.table(
            "pull_heads",
            Column("repo", String, primary_key=True),
            Column("sha", String, primary_key=True),
            Column("number", Integer, primary_key=True, autoincrement=False),
        )

    def apply(self, facts: Sequence[Recorded], db: Connection) -> None:
        newest: dict[tuple[Repo, PullNumber], PullChanged] = {}
        heads: dict[tuple[Repo, Sha, PullNumber], None] = {}
        for fact in facts:
            event = fact.event
            assert isinstance(event, PullChanged)
            key = (event.repo, event.number)
            seen = newest.get(key)
            if seen is None or _order(event) > _order(seen):
                newest[key] = event
            heads[event.repo, event.sha, event.number] = None
        upsert(
            db,
            self.pulls,
            [_row(event) for event in newest.values()],
            newer=lambda new, old: or_(
                new.updated_at > old.updated_at,
                and_(
                    new.updated_at == old.updated_at,
                    or_(
                        new.rank > old.rank,
                        and_(new.rank == old.rank, new.fingerprint > old.fingerprint),
                    ),
                ),
            ),
        )
        upsert(
            db,
            self.heads,
            [{"repo": repo, "sha": sha, "number": number} for repo, sha, number in heads],
        )


LIVE = Pulls()


class Pull(Struct, frozen=True, kw_only=True):
    """A pull request as it last was."""

    repo: Repo
    number: PullNumber
    sha: Sha
    base: str
    author: Login
    title: str
    state: str
    is_draft: bool
    is_merged: bool
    is_fork: bool
    labels: tuple[str, ...]
    names_issue: bool
    updated_at: datetime | None


def pull(db: Connection, repo: Repo, number: PullNumber) -> Pull | None:
    """Return a pull request by its number."""
    pulls = LIVE.pulls.c
    row = db.execute(select(LIVE.pulls).where(pulls.repo == repo, pulls.number == number)).first()
    return None if row is None else _pull(row)


def open_pulls(db: Connection, repo: Repo) -> list[Pull]:
    """Return the open pull requests of a repository, newest first."""
    pulls = LIVE.pulls.c
    query = (
        select(LIVE.pulls)
        .where(pulls.repo == repo, pulls.state == "open")
        .order_by(pulls.number.desc())
    )
    return [_pull(row) for row in db.execute(query)]


OpenPull = tuple[Repo, PullNumber, Sha, str, int, str]
"""Repository, number, head, base, when it changed last (seconds since 1970), and a mark of how it was then."""


def open_pulls_in_short(db: Connection, repos: Sequence[Repo]) -> list[OpenPull]:
    """Return the open pull requests of several repositories, by repository, newest first."""
    pulls = LIVE.pulls.c
    query = (
        select(pulls.repo, pulls.number, pulls.sha, pulls.base, pulls.updated_at, pulls.fingerprint)
        .where(pulls.repo.in_(repos), pulls.state == "open")
        .order_by(pulls.repo, pulls.number.desc())
    )
    return [(row[0], row[1], row[2], row[3], row[4], row[5]) for row in db.execute(query)]


def pulls_numbered(db: Connection, repo: Repo, numbers: Sequence[PullNumber]) -> list[Pull]:
    """Return pull requests of a repository by their numbers."""
    pulls = LIVE.pulls.c
    found: list[Pull] = []
    for start in range(0, len(numbers), COMMITS_PER_QUESTION):
        query = select(LIVE.pulls).where(
            pulls.repo == repo, pulls.number.in_(numbers[start : start + COMMITS_PER_QUESTION])
        )
        found.extend(_pull(row) for row in db.execute(query))
    return found


def pulls_of_commits(
    db: Connection, commits: Collection[tuple[Repo, Sha]]
) -> dict[tuple[Repo, Sha], tuple[PullNumber, ...]]:
    """Return of commits those that are, or were, the head of pull requests, with their numbers."""
    heads, shas = LIVE.heads.c, sorted({sha for _, sha in commits})
    found: dict[tuple[Repo, Sha], tuple[PullNumber, ...]] = {}
    for start in range(0, len(shas), COMMITS_PER_QUESTION):
        query = (
            select(heads.repo, heads.sha, heads.number)
            .where(
                heads.repo.in_({repo for repo, _ in commits}),
                heads.sha.in_(shas[start : start + COMMITS_PER_QUESTION]),
            )
            .order_by(heads.number)
        )
        for row in db.execute(query):
            place = (Repo(row.repo), Sha(row.sha))
            found[place] = (*found.get(place, ()), PullNumber(row.number))
    return found


def numbers_of_commit(db: Connection, repo: Repo, sha: Sha) -> list[PullNumber]:
    """Return the pull requests whose head this commit is, or was."""
    heads = LIVE.heads.c
    query = select(heads.number).where(heads.repo == repo, heads.sha == sha).order_by(heads.number)
    return list(db.scalars(query))


def contradicts(db: Connection, seen: PullChanged) -> bool:
    """Return whether we take another state of the same second for the last than GitHub shows."""
    pulls = LIVE.pulls.c
    query = select(pulls.fingerprint).where(
        pulls.repo == seen.repo,
        pulls.number == seen.number,
        pulls.updated_at == (seconds(seen.updated_at) or 0),
    )
    known = db.scalar(query)
    return known is not None and known != seen.fingerprint


def _order(event: PullChanged) -> tuple[int, int, str]:
    return seconds(event.updated_at) or 0, _rank(event), event.fingerprint


def _rank(event: PullChanged) -> int:
    """Return how late within its second a state was, as far as that can be told."""
    progress = 2 if event.merged else int(event.state == CLOSED)
    return (seconds(event.confirmed_at) or 0) * STEPS + progress


def _row(event: PullChanged) -> dict[str, object]:
    return {
        "repo": event.repo,
        "number": event.number,
        "updated_at": seconds(event.updated_at) or 0,
        "rank": _rank(event),
        "fingerprint": event.fingerprint,
        "sha": event.sha,
        "base": event.base,
        "author": event.author,
        "title": event.title,
        "state": event.state,
        "draft": event.draft,
        "merged": event.merged,
        "fork": event.fork,
        "labels": msgspec.json.encode(event.labels).decode(),
        "names_issue": event.names_issue,
        "created_at": seconds(event.created_at),
    }


def _pull(row: Row[tuple[object, ...]]) -> Pull:
    return Pull(
        repo=row.repo,
        number=row.number,
        sha=row.sha,
        base=row.base,
        author=row.author,
        title=row.title,
        state=row.state,
        is_draft=row.draft,
        is_merged=row.merged,
        is_fork=row.fork,
        labels=tuple(msgspec.json.decode(row.labels)),
        names_issue=row.names_issue,
        updated_at=moment(row.updated_at),
    )
