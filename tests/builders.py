"""Nights to test with: facts with sensible defaults, appended and projected into a fresh database."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

from sqlalchemy import Connection

import chatops.events as events_room
import chatops.projections as projections_room
from chatops.config import NightlyWorkflow
from chatops.engine.catalogue import catalogue
from chatops.engine.codec import Codec
from chatops.engine.log import Batch, Log
from chatops.engine.projection import Projection, Projector
from chatops.events import Event, Fact
from chatops.events.gate import RequiredChecksChanged
from chatops.events.runs import (
    JobCompleted,
    JobQueued,
    JobReported,
    JobStarted,
    RunCompleted,
    RunReported,
    RunStarted,
)
from chatops.names import JobId, Repo, RunId, Sha
from tests.scene import fresh_database

REPO = Repo("acme/rocket")
WORKFLOW = "Nightly"
SCHEDULE = NightlyWorkflow(name=WORKFLOW, file="nightly.yaml")
TODAY = datetime(2026, 8, 22, tzinfo=UTC)
"""The day of the newest night, unless a test says otherwise."""
MORNING = TODAY + timedelta(hours=8)
FACTS_PER_APPEND = 5_000


@dataclass(frozen=True, slots=True)
class StoppedClock:
    """A clock that shows one moment."""

    moment: datetime = MORNING

    def now(self) -> datetime:
        return self.moment

    def monotonic(self) -> float:
        return 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """How a job went in one attempt: a conclusion, `running` or `queued`, and where it failed."""

    conclusion: str = "success"
    step: str = ""
    carried: bool = False
    minutes: int = 20


PASS = Ran()
FAIL = Ran(conclusion="failure", step="Run tests")
SETUP = Ran(conclusion="failure", step="Set up job")
CANCELLED = Ran(conclusion="cancelled")
SKIPPED = Ran(conclusion="skipped")
RUNNING = Ran(conclusion="running")
WAITING = Ran(conclusion="queued")
CARRIED = Ran(carried=True)

Jobs = Mapping[str, Ran]
_job_ids = count(9_000_000_000)


@dataclass(slots=True, kw_only=True)
class NightOf:
    """A run of a nightly workflow: one mapping of job name to outcome per attempt, the first one first."""

    ago: int
    attempts: Sequence[Jobs | Sequence[tuple[str, Ran]]] = field(default_factory=lambda: [{}])
    is_over: bool = True
    workflow: str = WORKFLOW
    repo: Repo = REPO
    hour: int = 0
    conclusion: str = "success"

    @property
    def run_id(self) -> RunId:
        """Return an id that grows with time, as GitHub's do."""
        return RunId(
            33_000_000_000 - self.ago * 1_000_000 + self.hour * 10_000 + len(self.workflow)
        )

    def facts(self) -> Iterator[Event]:
        """Yield what GitHub would tell of it."""
        created = TODAY - timedelta(days=self.ago) + timedelta(hours=self.hour)
        for number, jobs in enumerate(self.attempts, start=1):
            started = created + timedelta(hours=2 * (number - 1))
            yield self._run(number, created, started, is_last=number == len(self.attempts))
            pairs = jobs.items() if isinstance(jobs, Mapping) else jobs
            for name, ran in pairs:
                yield self._job(number, name, ran, started)

    def _run(self, attempt: int, created: datetime, started: datetime, *, is_last: bool) -> Event:
        if is_last and not self.is_over:
            return RunStarted(
                repo=self.repo, run_id=self.run_id, attempt=attempt, workflow=self.workflow,
                trigger="schedule", number=1_000 - self.ago, sha=Sha("a" * 40), branch="main",
                created_at=created, started_at=started,
            )  # fmt: skip
        return RunCompleted(
            repo=self.repo, run_id=self.run_id, attempt=attempt, workflow=self.workflow,
            trigger="schedule", number=1_000 - self.ago, sha=Sha("a" * 40), branch="main",
            created_at=created, started_at=started, conclusion=self.conclusion,
            completed_at=started + timedelta(hours=1, minutes=30),
        )  # fmt: skip

    def _job(self, attempt: int, name: str, ran: Ran, created: datetime) -> Event:
        started = created - timedelta(hours=1) if ran.carried else created + timedelta(minutes=1)
        if ran.conclusion in {"running", "queued"}:
            kind = JobStarted if ran.conclusion == "running" else JobQueued
            return kind(
                repo=self.repo, run_id=self.run_id, attempt=attempt, job_id=JobId(next(_job_ids)),
                name=name, workflow=self.workflow, created_at=created, started_at=started,
            )  # fmt: skip
        return JobCompleted(
            repo=self.repo, run_id=self.run_id, attempt=attempt, job_id=JobId(next(_job_ids)),
            name=name, workflow=self.workflow, created_at=created, started_at=started,
            completed_at=started + timedelta(minutes=ran.minutes),
            conclusion=ran.conclusion, failed_step=ran.step,
        )  # fmt: skip


def night(
    ago: int, *attempts: Jobs | Sequence[tuple[str, Ran]], is_over: bool = True
) -> list[Event]:
    """Return the facts of the night so many days ago."""
    return list(NightOf(ago=ago, attempts=attempts, is_over=is_over).facts())


def reported(number: int, results: Mapping[str, str], *, attempt: int = 1) -> list[Event]:
    """Return what an imported file tells of a night."""
    run_id = RunId(20_000_000_000 + number)
    return [
        RunReported(repo=REPO, run_id=run_id, attempt=attempt, number=number, workflow=WORKFLOW),
        *(
            JobReported(repo=REPO, run_id=run_id, attempt=attempt, name=name, result=result)
            for name, result in results.items()
        ),
    ]


def required(*names: str, patterns: Sequence[str] = ()) -> list[Event]:
    """Return the fact that these checks are required."""
    return [
        RequiredChecksChanged(
            repo=REPO, branch="main", origin="file", fingerprint="1", names=names,
            patterns=tuple(patterns), seen_at=TODAY,
        )
    ]  # fmt: skip


def many_nights(tests: int, nights: int, *, fail_every: int = 31) -> list[Event]:
    """Return a large community's nights, with failures, reruns, skips and renames strewn in evenly."""
    names = [
        f"caller-of-everything / run-suite-{number % 22}-on-some-platform / "
        f"run-tests (distribution-{number % 5}, hypervisor-{number % 7}, containerd, case-{number})"
        for number in range(tests)
    ]
    found: list[Event] = []
    for ago in range(nights):
        jobs = {
            name: _strewn(place * 7 + ago * 13, place, fail_every)
            for place, name in enumerate(names)
        }
        failed = {
            name: PASS for place, name in enumerate(names) if jobs[name] == FAIL and place % 3
        }
        again = [failed | {n: CARRIED for n in names if n not in failed}] if ago % 4 == 0 else []
        found.extend(night(ago, jobs, *again))
    return found


def _strewn(seed: int, place: int, fail_every: int) -> Ran:
    if place % 29 == 0:
        return SKIPPED
    if seed % fail_every == 0:
        return FAIL
    if seed % (fail_every * 4) == 1:
        return SETUP
    return PASS


@contextmanager
def nights_database(
    folder: Path, facts: Iterable[Event], *, heard_at: datetime = MORNING
) -> Iterator[Connection]:
    """Append and project the facts into a fresh SQLite file; yield a connection that reads."""
    database = fresh_database(folder / "nights.db")
    projections = [kind() for kind in catalogue(projections_room, Projection)]
    log = Log(database, Codec(catalogue(events_room, Event)), StoppedClock(heard_at))
    waiting = [Fact(event=event, source="github", correlation_id="test") for event in facts]
    for start in range(0, len(waiting), FACTS_PER_APPEND):
        log.append([Batch(facts=waiting[start : start + FACTS_PER_APPEND])])
    Projector(log, projections).catch_up()
    try:
        with database.read() as db:
            yield db
    finally:
        database.close()
