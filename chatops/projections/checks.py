"""What do others than GitHub Actions say of a commit: apps with their checks, and whoever sets statuses?"""

from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import Any, ClassVar

from msgspec import Struct
from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Row,
    SmallInteger,
    String,
    Table,
    and_,
    func,
    or_,
    select,
)

from chatops.engine.projection import Projection
from chatops.engine.upsert import upsert
from chatops.events import Event, Recorded
from chatops.events.checks import CheckSeen, StatusSet
from chatops.names import Repo, Sha

ACTIONS = "github-actions"
"""The app whose checks are jobs; the jobs' read model has them."""
RANKS = {"completed": 3, "in_progress": 2}
CHECK, STATUS = "check", "status"
COMMITS_PER_QUESTION = 500


class Checks(Projection):
    """One row per name and kind on a commit: the newest one of it, as far as it has come."""

    name: ClassVar[str] = "checks"
    reads: ClassVar[tuple[type[Event], ...]] = (CheckSeen, StatusSet)

    checks: Table

    def declare(self) -> None:
        self.checks = self.table(
            "checks",
            Column("repo", String, primary_key=True),
            Column("sha", String, primary_key=True),
            Column("kind", String, primary_key=True),
            Column("name", String, primary_key=True),
            Column("number", BigInteger, nullable=False),
            Column("rank", SmallInteger, nullable=False),
            Column("conclusion", String, nullable=False),
            Column("url", String, nullable=False),
        )

    def apply(self, facts: Sequence[Recorded], db: Connection) -> None:
        newest: dict[tuple[object, ...], dict[str, object]] = {}
        for fact in facts:
            row = _row(fact.event)
            if row is None:
                continue
            key = (row["repo"], row["sha"], row["kind"], row["name"])
            seen = newest.get(key)
            if seen is None or _order(row) > _order(seen):
                newest[key] = row
        upsert(
            db,
            self.checks,
            list(newest.values()),
            newer=lambda new, old: or_(
                new.number > old.number,
                and_(
                    new.number == old.number,
                    or_(
                        new.rank > old.rank,
                        and_(new.rank == old.rank, new.conclusion > old.conclusion),
                    ),
                ),
            ),
        )


LIVE = Checks()


class OutsideCheck(Struct, frozen=True, kw_only=True):
    """A check or commit status of somebody else's. `conclusion` is GitHub's word, empty while it is not over."""

    name: str
    conclusion: str
    is_running: bool
    url: str


def outside_checks(db: Connection, repo: Repo, sha: Sha) -> list[OutsideCheck]:
    """Return what others say of a commit, by name; where a check and a status share a name, both."""
    checks = LIVE.checks.c
    query = (
        select(LIVE.checks)
        .where(checks.repo == repo, checks.sha == sha)
        .order_by(checks.name, checks.kind)
    )
    return [_outside(row) for row in db.execute(query)]


def outside_checks_of(
    db: Connection, commits: Collection[tuple[Repo, Sha]]
) -> dict[tuple[Repo, Sha], list[OutsideCheck]]:
    """Return what others say of several commits, by commit, each as `outside_checks` does."""
    checks, shas = LIVE.checks.c, sorted({sha for _, sha in commits})
    found: dict[tuple[Repo, Sha], list[OutsideCheck]] = defaultdict(list)
    for start in range(0, len(shas), COMMITS_PER_QUESTION):
        query = (
            select(LIVE.checks)
            .where(
                checks.repo.in_({repo for repo, _ in commits}),
                checks.sha.in_(shas[start : start + COMMITS_PER_QUESTION]),
            )
            .order_by(checks.name, checks.kind)
        )
        for row in db.execute(query):
            found[Repo(row.repo), Sha(row.sha)].append(_outside(row))
    return found


def outside_names(
    db: Connection, commits: Collection[tuple[Repo, Sha]], names: Collection[str]
) -> set[str]:
    """Return which of these names others report on any of these commits."""
    checks = LIVE.checks.c
    query = (
        select(checks.name)
        .distinct()
        .where(
            checks.repo.in_({repo for repo, _ in commits}),
            checks.sha.in_({sha for _, sha in commits}),
            checks.kind.in_((CHECK, STATUS)),
            checks.name.in_(names),
        )
    )
    return set(db.scalars(query))


def outside_marks(
    db: Connection, commits: Collection[tuple[Repo, Sha]]
) -> dict[tuple[Repo, Sha], tuple[int, int, int]]:
    """Return of each commit three numbers that change with whatever others say of it: they only grow."""
    checks, shas = LIVE.checks.c, sorted({sha for _, sha in commits})
    found: dict[tuple[Repo, Sha], tuple[int, int, int]] = {}
    for start in range(0, len(shas), COMMITS_PER_QUESTION):
        query = (
            select(
                checks.repo,
                checks.sha,
                func.count(),
                func.sum(checks.number),
                func.sum(checks.rank),
            )
            .where(
                checks.repo.in_({repo for repo, _ in commits}),
                checks.sha.in_(shas[start : start + COMMITS_PER_QUESTION]),
            )
            .group_by(checks.repo, checks.sha)
        )
        for repo, sha, *marks in db.execute(query):
            count, number, rank = map(int, marks)
            found[Repo(repo), Sha(sha)] = (count, number, rank)
    return found


def _outside(row: Row[Any]) -> OutsideCheck:
    return OutsideCheck(
        name=row.name,
        conclusion=row.conclusion,
        is_running=row.rank == RANKS["in_progress"],
        url=row.url,
    )


def _row(event: Event) -> dict[str, object] | None:
    match event:
        case CheckSeen() if event.app != ACTIONS:
            kind, name, number = CHECK, event.name, event.check_id
            rank, conclusion = RANKS.get(event.status, 1), event.conclusion
        case StatusSet():
            kind, name, number = STATUS, event.context, event.status_id
            rank = RANKS["in_progress"] if event.state == "pending" else RANKS["completed"]
            conclusion = "" if event.state == "pending" else event.state
        case _:
            return None
    return {
        "repo": event.repo,
        "sha": event.sha,
        "kind": kind,
        "name": name,
        "number": number,
        "rank": rank,
        "conclusion": conclusion,
        "url": event.url,
    }


def _order(row: dict[str, object]) -> tuple[object, ...]:
    # `url` is not compared: GitHub does not change it.
    return row["number"], row["rank"], row["conclusion"]
