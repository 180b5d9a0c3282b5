"""How did checks end on pull requests, as a dashboard's file told it?

Such a file knows neither when a check ran nor on which commit, so this stands beside what is known of runs.
"""

from collections.abc import Collection, Sequence
from typing import Any, ClassVar

from msgspec import Struct
from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Integer,
    Select,
    String,
    Table,
    Text,
    func,
    select,
)

from chatops.engine.projection import Projection
from chatops.engine.upsert import upsert
from chatops.events import Event, Recorded
from chatops.events.checks import CheckReported
from chatops.names import PullNumber, Repo, RunId


class ReportedChecks(Projection):
    """One row per result that a file told."""

    name: ClassVar[str] = "reported_checks"
    reads: ClassVar[tuple[type[Event], ...]] = (CheckReported,)

    results: Table

    def declare(self) -> None:
        self.results = self.table(
            "reported_checks",
            Column("repo", String, primary_key=True),
            Column("number", Integer, primary_key=True, autoincrement=False),
            Column("attempt", Integer, primary_key=True, autoincrement=False),
            Column("name", Text, primary_key=True),
            Column("result", String, nullable=False),
            Column("run_id", BigInteger, nullable=False),
            Column("job_id", BigInteger, nullable=False),
        )

    def apply(self, facts: Sequence[Recorded], db: Connection) -> None:
        rows = {fact.key: _row(fact.event) for fact in facts}
        upsert(db, self.results, list(rows.values()))


LIVE = ReportedChecks()


class ReportedCheck(Struct, frozen=True, kw_only=True):
    """How one attempt of a check ended: `result` is `Pass`, `Fail` or `Skip`."""

    repo: Repo
    number: PullNumber
    name: str
    attempt: int
    result: str
    run_id: RunId
    job_id: int


def reported_pulls(db: Connection, repos: Collection[Repo]) -> int:
    """Return of how many pull requests files told something."""
    results = LIVE.results.c
    pulls = (
        select(results.repo, results.number).where(results.repo.in_(repos)).distinct().subquery()
    )
    return db.scalar(select(func.count()).select_from(pulls)) or 0


def reported_checks(db: Connection, repos: Collection[Repo]) -> list[ReportedCheck]:
    """Return all that files told of these repositories: the newest pull request first, its attempts from the oldest."""
    return [_check(row) for row in db.execute(_of(repos))]


def _of(repos: Collection[Repo]) -> Select[Any]:
    results = LIVE.results.c
    return (
        select(LIVE.results)
        .where(results.repo.in_(repos))
        .order_by(results.repo, results.number.desc(), results.name, results.attempt)
    )


def _check(row: Any) -> ReportedCheck:  # noqa: ANN401 - a row of the table
    return ReportedCheck(
        repo=Repo(row.repo), number=PullNumber(row.number), name=row.name, attempt=row.attempt,
        result=row.result, run_id=RunId(row.run_id), job_id=row.job_id,
    )  # fmt: skip


def _row(event: Event) -> dict[str, object]:
    assert isinstance(event, CheckReported)
    return {
        "repo": event.repo, "number": event.number, "attempt": event.attempt, "name": event.name,
        "result": event.result, "run_id": event.run_id, "job_id": event.job_id,
    }  # fmt: skip
