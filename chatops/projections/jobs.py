"""Which jobs ran in a run, in which attempt did each really execute, and how did it end?"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from hashlib import blake2b
from typing import Any, ClassVar
from zlib import crc32

import msgspec
from msgspec import Struct
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    Connection,
    Index,
    Integer,
    SmallInteger,
    String,
    Table,
    Text,
    and_,
    cast,
    func,
    or_,
    select,
    text,
)
from sqlalchemy.sql.base import ReadOnlyColumnCollection

from chatops.engine.clock import moment, seconds
from chatops.engine.partial import PartialIndex
from chatops.engine.projection import Projection
from chatops.engine.upsert import upsert
from chatops.events import Event, Recorded
from chatops.events.runs import JobCompleted, JobQueued, JobReported, JobStarted
from chatops.names import JobId, RunId

Seen = JobReported | JobQueued | JobStarted | JobCompleted
WEIGHT: Mapping[type[Event], int] = {JobReported: 0, JobQueued: 1, JobStarted: 2, JobCompleted: 3}
CONCLUSION = {"Pass": "success", "Fail": "failure", "Skip": "skipped"}
RUNS_PER_QUESTION = 500
RUNS_PER_DOCUMENT = 50
BETWEEN_LABELS = ", "

Entry = tuple[JobId, RunId, int, str, int, int | bool, str, str, int | None, int | None]
"""A row of the read model: job, run, attempt, name, weight, whether carried, conclusion, failed step, start and end."""
_ENTRIES = msgspec.json.Decoder(list[Entry])

Wait = tuple[RunId, str, int]
"""For how many seconds a job of a run waited for a runner, and what it needs of it."""
_WAITS = msgspec.json.Decoder(list[Wait])


class Jobs(Projection):
    """One row per job id; the furthest thing heard of it wins.

    GitHub lists a job that was not run again in every later attempt, under a new id. Such a row is `carried`: its
    execution started before the entry was created. `name_sum` finds the rows of a name: names have no greatest length,
    and what is in an index has.
    """

    name: ClassVar[str] = "jobs"
    reads: ClassVar[tuple[type[Event], ...]] = (JobReported, JobQueued, JobStarted, JobCompleted)

    jobs: Table

    def declare(self) -> None:
        self.jobs = self.table(
            "jobs",
            Column("job_id", BigInteger, primary_key=True, autoincrement=False),
            Column("run_id", BigInteger, nullable=False),
            Column("attempt", Integer, nullable=False),
            Column("name", String, nullable=False),
            Column("weight", SmallInteger, nullable=False),
            Column("carried", Boolean, nullable=False),
            Column("conclusion", String, nullable=False),
            Column("failed_step", String, nullable=False),
            Column("runner", String, nullable=False),
            Column("created_at", BigInteger),
            Column("started_at", BigInteger),
            Column("completed_at", BigInteger),
            Column("labels", String),
            Column("name_sum", BigInteger),
            Index(f"{self.prefix}jobs_of_run", "run_id"),
            Index(f"{self.prefix}jobs_of_name", "name_sum", "run_id"),
            # Few jobs wait at any time, so this one stays small.
            PartialIndex(
                f"{self.prefix}jobs_that_wait",
                "created_at",
                where=f"weight = {WEIGHT[JobQueued]}",
            ),
        )

    def apply(self, facts: Sequence[Recorded], db: Connection) -> None:
        furthest: dict[int, Seen] = {}
        for fact in facts:
            event = fact.event
            assert isinstance(event, Seen)
            job_id = event.job_id or _substitute(event.run_id, event.attempt, event.name)
            seen = furthest.get(job_id)
            if seen is None or WEIGHT[type(event)] > WEIGHT[type(seen)]:
                furthest[job_id] = event
        upsert(
            db,
            self.jobs,
            [_row(job_id, event) for job_id, event in furthest.items()],
            # Rows from before names had sums are written again.
            newer=lambda new, old: or_(
                new.weight > old.weight,
                and_(new.weight == old.weight, old.name_sum.is_(None)),
            ),
        )


LIVE = Jobs()


class Job(Struct, frozen=True, kw_only=True):
    """One job in one attempt. `conclusion` is GitHub's, empty until it ends; `labels` say which runner it needs."""

    job_id: JobId
    run_id: RunId
    attempt: int
    name: str
    is_over: bool
    is_carried: bool
    conclusion: str
    failed_step: str
    started_at: datetime | None
    completed_at: datetime | None
    created_at: datetime | None = None
    labels: str = ""
    runner: str = ""


class Waiting(Struct, frozen=True, kw_only=True):
    """A job that no runner has taken yet, and what it needs of one."""

    run_id: RunId
    attempt: int
    name: str
    labels: str
    created_at: datetime


def waiting_jobs(db: Connection, since: datetime, before: datetime) -> list[Waiting]:
    """Return the jobs that have waited for a runner since a moment between two, those that say which they need."""
    jobs = LIVE.jobs.c
    query = (
        select(jobs.run_id, jobs.attempt, jobs.name, jobs.labels, jobs.created_at)
        .where(
            text(f"weight = {WEIGHT[JobQueued]}"),
            jobs.created_at >= seconds(since),
            jobs.created_at <= seconds(before),
            jobs.labels != "",
        )
        .order_by(jobs.created_at, jobs.job_id)
    )
    return [
        Waiting(
            run_id=row.run_id,
            attempt=row.attempt,
            name=row.name,
            labels=row.labels,
            created_at=created_at,
        )
        for row in db.execute(query)
        if (created_at := moment(row.created_at)) is not None
    ]


def jobs_of_runs(db: Connection, run_ids: Sequence[RunId]) -> list[Job]:
    """Return every job entry of some runs, by run, attempt and name."""
    jobs = LIVE.jobs.c
    found: list[Job] = []
    for start in range(0, len(run_ids), RUNS_PER_QUESTION):
        query = (
            select(
                jobs.job_id, jobs.run_id, jobs.attempt, jobs.name, jobs.weight, jobs.carried,
                jobs.conclusion, jobs.failed_step, jobs.started_at, jobs.completed_at,
                jobs.created_at, jobs.labels, jobs.runner,
            )
            .where(jobs.run_id.in_(run_ids[start : start + RUNS_PER_QUESTION]))
            .order_by(jobs.run_id, jobs.attempt, jobs.name, jobs.job_id)
        )  # fmt: skip
        found.extend(
            Job(
                job_id=row.job_id,
                run_id=row.run_id,
                attempt=row.attempt,
                name=row.name,
                is_over=row.weight in (WEIGHT[JobReported], WEIGHT[JobCompleted]),
                is_carried=row.carried,
                conclusion=row.conclusion,
                failed_step=row.failed_step,
                started_at=moment(row.started_at),
                completed_at=moment(row.completed_at),
                created_at=moment(row.created_at),
                labels=row.labels or "",
                runner=row.runner,
            )
            for row in db.execute(query)
        )
    return found


def entries_of_runs(
    db: Connection, run_ids: Sequence[RunId], names: Sequence[str] = ()
) -> list[Entry]:
    """Return the job entries of runs, of which there may be tens of thousands.

    With `names` only those of jobs that are called so. The database writes them as JSON documents, for a page that is
    asked for while requests come in should not take the interpreter once for each of them.
    """
    jobs = LIVE.jobs.c
    document = _document(db, jobs)
    found: list[Entry] = []
    for start in range(0, len(run_ids), RUNS_PER_DOCUMENT):
        query = select(document).where(jobs.run_id.in_(run_ids[start : start + RUNS_PER_DOCUMENT]))
        if names:
            query = query.where(jobs.name.in_(names))
        found.extend(_ENTRIES.decode(db.scalar(query) or "[]"))
    return found


def entries_called(db: Connection, names: Sequence[str], run_ids: Sequence[RunId]) -> list[Entry]:
    """Return the entries of a few names in many runs: a look into an index for each of them."""
    jobs = LIVE.jobs.c
    sums = [crc32(name.encode()) for name in names]
    found: list[Entry] = []
    for start in range(0, len(run_ids), RUNS_PER_QUESTION):
        query = select(_document(db, jobs)).where(
            jobs.name_sum.in_(sums),
            jobs.run_id.in_(run_ids[start : start + RUNS_PER_QUESTION]),
            jobs.name.in_(names),
        )
        found.extend(_ENTRIES.decode(db.scalar(query) or "[]"))
    return found


def newest_entries_called(db: Connection, name: str, limit: int) -> list[Entry]:
    """Return the entries of the jobs of a name in its newest runs, in whatever repository, newest run first."""
    jobs = LIVE.jobs.c
    newest = (
        select(LIVE.jobs)
        .where(jobs.name_sum == crc32(name.encode()), jobs.name == name)
        .order_by(jobs.run_id.desc())
        .limit(limit)
        .subquery()
    )
    found = _ENTRIES.decode(db.scalar(select(_document(db, newest.c))) or "[]")
    return sorted(found, key=lambda entry: (-entry[1], entry[2], entry[0]))


def waits_of_runs(db: Connection, run_ids: Sequence[RunId]) -> list[Wait]:
    """Return how long the jobs of runs waited for their runners, of those that a runner took and that say it."""
    jobs = LIVE.jobs.c
    waited = jobs.started_at - jobs.created_at
    found: list[Wait] = []
    for start in range(0, len(run_ids), RUNS_PER_DOCUMENT):
        query = select(_arrays(db, jobs.run_id, jobs.labels, waited)).where(
            jobs.run_id.in_(run_ids[start : start + RUNS_PER_DOCUMENT]),
            jobs.weight >= WEIGHT[JobStarted],
            jobs.conclusion != "skipped",
            jobs.labels != "",
            waited >= 0,
        )
        found.extend(_WAITS.decode(db.scalar(query) or "[]"))
    return found


def newest_runs_called(db: Connection, names: Sequence[str]) -> dict[str, RunId]:
    """Return the newest run that has a job of each of these names; names that none ever had are left out."""
    jobs = LIVE.jobs.c
    newest = (
        select(func.max(jobs.run_id))
        .where(jobs.name_sum.in_([crc32(name.encode()) for name in names]))
        .group_by(jobs.name_sum)
    )
    query = select(jobs.name, jobs.run_id).where(jobs.run_id.in_(newest), jobs.name.in_(names))
    found: dict[str, RunId] = {}
    for row in db.execute(query):
        found[row.name] = RunId(max(row.run_id, found.get(row.name, 0)))
    return found


def _document(db: Connection, jobs: ReadOnlyColumnCollection[str, Any]) -> ColumnElement[str]:
    """Return rows as entries in one JSON document; `jobs` are the columns they are in."""
    columns = (
        jobs.job_id, jobs.run_id, jobs.attempt, jobs.name, jobs.weight,
        jobs.carried, jobs.conclusion, jobs.failed_step, jobs.started_at, jobs.completed_at,
    )  # fmt: skip
    return _arrays(db, *columns)


def _arrays(db: Connection, *columns: ColumnElement[Any]) -> ColumnElement[str]:
    """Return values of rows as arrays in one JSON document."""
    if db.dialect.name == "sqlite":
        return func.json_group_array(func.json_array(*columns))
    return cast(func.json_agg(func.json_build_array(*columns)), Text)


def _substitute(run_id: RunId, attempt: int, name: str) -> int:
    """Return a negative id for a job whose own id the file did not say: the same for the same run, attempt and name."""
    identity = f"{run_id}/{attempt}/{name}".encode()
    return -(int.from_bytes(blake2b(identity, digest_size=7).digest()) + 1)


def _row(job_id: int, event: Seen) -> dict[str, Any]:
    if isinstance(event, JobReported):
        return {
            "job_id": job_id,
            "run_id": event.run_id,
            "attempt": event.attempt,
            "name": event.name,
            "weight": 0,
            "carried": event.carried,
            "conclusion": CONCLUSION.get(event.result, event.result),
            "failed_step": "",
            "runner": "",
            "created_at": None,
            "started_at": None,
            "completed_at": None,
            "labels": "",
            "name_sum": crc32(event.name.encode()),
        }
    created_at, started_at = seconds(event.created_at), seconds(event.started_at)
    ended = event if isinstance(event, JobCompleted) else None
    return {
        "job_id": job_id,
        "run_id": event.run_id,
        "attempt": event.attempt,
        "name": event.name,
        "weight": WEIGHT[type(event)],
        "carried": created_at is not None and started_at is not None and started_at < created_at,
        "conclusion": ended.conclusion if ended else "",
        "failed_step": ended.failed_step if ended else "",
        "runner": event.runner,
        "created_at": created_at,
        "started_at": started_at,
        "completed_at": seconds(ended.completed_at) if ended else None,
        "labels": BETWEEN_LABELS.join(event.labels),
        "name_sum": crc32(event.name.encode()),
    }
