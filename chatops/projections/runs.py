"""Which workflow runs are there, in which attempts, on which commit, and how did they end?"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar

from msgspec import Struct
from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Index,
    Integer,
    Row,
    SmallInteger,
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
from chatops.events.runs import RunCompleted, RunHeld, RunReported, RunRequested, RunStarted
from chatops.names import Repo, RunId, Sha

Seen = RunReported | RunRequested | RunHeld | RunStarted | RunCompleted
WEIGHT: Mapping[type[Event], int] = {
    RunReported: 0,
    RunRequested: 1,
    # What waits for an approval has not begun; of two as far, the one with a conclusion says more.
    RunHeld: 1,
    RunStarted: 2,
    RunCompleted: 3,
}
RUNS_PER_QUESTION = 500
STATUS = ("reported", "queued", "in_progress", "completed")


class Runs(Projection):
    """One row per attempt of a run; the furthest thing heard of it wins, in whatever order it was heard."""

    name: ClassVar[str] = "runs"
    reads: ClassVar[tuple[type[Event], ...]] = (
        RunReported, RunRequested, RunHeld, RunStarted, RunCompleted,
    )  # fmt: skip

    runs: Table

    def declare(self) -> None:
        self.runs = self.table(
            "runs",
            Column("run_id", BigInteger, primary_key=True, autoincrement=False),
            Column("attempt", Integer, primary_key=True, autoincrement=False),
            Column("weight", SmallInteger, nullable=False),
            Column("repo", String, nullable=False),
            Column("workflow", String, nullable=False),
            Column("path", String, nullable=False),
            Column("trigger", String, nullable=False),
            Column("sha", String, nullable=False),
            Column("branch", String, nullable=False),
            Column("number", Integer, nullable=False),
            Column("conclusion", String, nullable=False),
            Column("created_at", BigInteger),
            Column("started_at", BigInteger),
            Column("completed_at", BigInteger),
            Index(f"{self.prefix}runs_of_commit", "repo", "sha"),
            Index(f"{self.prefix}runs_of_workflow", "repo", "workflow", "run_id"),
        )

    def apply(self, facts: Sequence[Recorded], db: Connection) -> None:
        furthest: dict[tuple[int, int], Seen] = {}
        for fact in facts:
            event = fact.event
            assert isinstance(event, Seen)
            key = (event.run_id, event.attempt)
            seen = furthest.get(key)
            if seen is None or _furthest(event) > _furthest(seen):
                furthest[key] = event
        upsert(
            db,
            self.runs,
            [_row(event) for event in furthest.values()],
            newer=lambda new, old: or_(
                new.weight > old.weight,
                and_(new.weight == old.weight, new.conclusion != "", old.conclusion == ""),
            ),
        )


LIVE = Runs()


class Run(Struct, frozen=True, kw_only=True):
    """One attempt of a workflow run. `status` is GitHub's, or `reported` if only a dashboard's file told of it."""

    run_id: RunId
    attempt: int
    repo: Repo
    workflow: str
    path: str
    trigger: str
    sha: Sha
    branch: str
    number: int
    status: str
    conclusion: str
    created_at: datetime | None
    started_at: datetime | None
    completed_at: datetime | None

    @property
    def is_over(self) -> bool:
        """Return whether this attempt has ended."""
        return self.status in ("completed", "reported")


def attempts_of_commit(db: Connection, repo: Repo, sha: Sha) -> list[Run]:
    """Return every attempt of every run of a head commit, oldest first."""
    runs = LIVE.runs.c
    query = (
        select(LIVE.runs)
        .where(runs.repo == repo, runs.sha == sha)
        .order_by(runs.run_id, runs.attempt)
    )
    return [_run(row) for row in db.execute(query)]


def attempts_of_commits(db: Connection, repo: Repo, shas: Sequence[Sha]) -> list[Run]:
    """Return every attempt of every run of several head commits, oldest first."""
    runs = LIVE.runs.c
    query = (
        select(LIVE.runs)
        .where(runs.repo == repo, runs.sha.in_(shas))
        .order_by(runs.run_id, runs.attempt)
    )
    return [_run(row) for row in db.execute(query)]


def attempts_of_runs(db: Connection, run_ids: Sequence[RunId]) -> list[Run]:
    """Return every attempt of several runs, oldest first."""
    runs = LIVE.runs.c
    found: list[Run] = []
    for start in range(0, len(run_ids), RUNS_PER_QUESTION):
        query = (
            select(LIVE.runs)
            .where(runs.run_id.in_(run_ids[start : start + RUNS_PER_QUESTION]))
            .order_by(runs.run_id, runs.attempt)
        )
        found.extend(_run(row) for row in db.execute(query))
    return found


def commits_of_runs(db: Connection, run_ids: Sequence[RunId]) -> set[tuple[Repo, Sha]]:
    """Return the commits that several runs ran on."""
    runs = LIVE.runs.c
    found: set[tuple[Repo, Sha]] = set()
    for start in range(0, len(run_ids), RUNS_PER_QUESTION):
        query = (
            select(runs.repo, runs.sha)
            .where(runs.run_id.in_(run_ids[start : start + RUNS_PER_QUESTION]))
            .distinct()
        )
        found.update((Repo(repo), Sha(sha)) for repo, sha in db.execute(query))
    return found


def attempts_of_run(db: Connection, run_id: RunId) -> list[Run]:
    """Return the attempts of one run, oldest first."""
    runs = LIVE.runs.c
    query = select(LIVE.runs).where(runs.run_id == run_id).order_by(runs.attempt)
    return [_run(row) for row in db.execute(query)]


def newest_of_workflows(
    db: Connection, repo: Repo, workflows: Sequence[str], limit: int, *, before: RunId | None = None
) -> list[Run]:
    """Return all attempts of the newest `limit` runs of each workflow that ran by schedule, newest run first."""
    runs = LIVE.runs.c
    found: list[Run] = []
    for workflow in workflows:
        ids = (
            select(runs.run_id)
            .where(
                runs.repo == repo,
                runs.workflow == workflow,
                runs.trigger.in_(("schedule", "")),
                *([runs.run_id < before] if before is not None else []),
            )
            .distinct()
            .order_by(runs.run_id.desc())
            .limit(limit)
        )
        query = (
            select(LIVE.runs)
            .where(runs.run_id.in_(db.scalars(ids).all()))
            .order_by(runs.run_id.desc(), runs.attempt)
        )
        found.extend(_run(row) for row in db.execute(query))
    return found


def nights_in_files(db: Connection, repo: Repo, workflow: str, since: datetime) -> int:
    """Return how many nights only a dashboard's file told of, since a moment.

    A file does not say when they were; but later runs have greater ids, so those before an older night are older, too.
    """
    runs = LIVE.runs.c
    of_workflow = (runs.repo == repo, runs.workflow == workflow)
    older = select(func.max(runs.run_id)).where(*of_workflow, runs.created_at < seconds(since))
    told = (
        select(runs.run_id)
        .where(*of_workflow, runs.run_id > (db.scalar(older) or 0))
        .group_by(runs.run_id)
        .having(func.max(runs.weight) == WEIGHT[RunReported])
    )
    return len(db.scalars(told).all())


def completed_attempts(db: Connection, run_ids: Sequence[RunId]) -> set[tuple[RunId, int]]:
    """Return which attempts of these runs are known to have ended."""
    runs = LIVE.runs.c
    query = select(runs.run_id, runs.attempt).where(
        runs.run_id.in_(run_ids), runs.weight == WEIGHT[RunCompleted]
    )
    return {(row.run_id, row.attempt) for row in db.execute(query)}


def _furthest(event: Seen) -> tuple[int, bool]:
    return WEIGHT[type(event)], bool(getattr(event, "conclusion", ""))


def _row(event: Seen) -> dict[str, Any]:
    return {
        "run_id": event.run_id,
        "attempt": event.attempt,
        "weight": WEIGHT[type(event)],
        "repo": event.repo,
        "workflow": event.workflow,
        "path": getattr(event, "path", ""),
        "trigger": getattr(event, "trigger", ""),
        "sha": getattr(event, "sha", ""),
        "branch": getattr(event, "branch", ""),
        "number": event.number,
        "conclusion": getattr(event, "conclusion", ""),
        "created_at": seconds(getattr(event, "created_at", None)),
        "started_at": seconds(getattr(event, "started_at", None)),
        "completed_at": seconds(getattr(event, "completed_at", None)),
    }


def _run(row: Row[Any]) -> Run:
    return Run(
        run_id=row.run_id,
        attempt=row.attempt,
        repo=row.repo,
        workflow=row.workflow,
        path=row.path,
        trigger=row.trigger,
        sha=row.sha,
        branch=row.branch,
        number=row.number,
        status=STATUS[-1] if row.conclusion else STATUS[row.weight],
        conclusion=row.conclusion,
        created_at=moment(row.created_at),
        started_at=moment(row.started_at),
        completed_at=moment(row.completed_at),
    )
