"""What of a commit can run again: the question behind `/retest`.

Newest run per workflow; its failed and timed-out jobs, and those cancelled though nothing superseded them. GitHub runs
a run again up to 30 days after its first attempt and 50 times.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Self

from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy import Connection

from chatops.events.reruns import RerunDeferred, RerunRequested
from chatops.names import CommandId, JobId, Repo, RunId, Sha
from chatops.projections.jobs import Job, jobs_of_runs
from chatops.projections.runs import Run, attempts_of_commit

AGE_LIMIT = timedelta(days=30)
ATTEMPT_LIMIT = 50
FAILED = frozenset({"failure", "timed_out", "cancelled"})
RUN_FAILED = FAILED | {"startup_failure"}


class Hindrance(StrEnum):
    """Why a run with failures cannot run again now."""

    STILL_RUNNING = "still running"
    TOO_OLD = "too old"
    TOO_MANY_ATTEMPTS = "too many attempts"


class Repeatable(Struct, frozen=True, kw_only=True):
    """The newest run of a workflow of a commit, with the jobs that failed in it."""

    run_id: RunId
    attempt: int
    workflow: str
    sha: Sha
    is_over: bool
    conclusion: str
    failed: tuple[Job, ...]
    hindrance: Hindrance | None
    jobs: tuple[Job, ...] = ()
    """Every job of it, each as it was listed last."""
    others: tuple[Job, ...] = ()
    """Failed jobs that are not meant; GitHub cannot leave them out if more than one is meant."""

    def only(self, is_meant: Callable[[str, str], bool]) -> Self:
        """Return this run with the failed jobs that are meant, by its workflow's and their own names."""
        meant = [job for job in self.failed if is_meant(self.workflow, job.name)]
        others = [job for job in self.failed if job not in meant]
        return replace(self, failed=tuple(meant), others=(*self.others, *others))

    @property
    def reruns(self) -> tuple[Job, ...]:
        """Return the failed jobs that will run: GitHub runs one job again, or all that failed."""
        return self.failed if len(self.failed) <= 1 else (*self.failed, *self.others)

    @property
    def is_waited_for(self) -> bool:
        """Return whether jobs of it have failed that can run again only when it has ended."""
        return bool(self.failed) and self.hindrance is Hindrance.STILL_RUNNING

    def requested(self, command: CommandId, repo: Repo, *, gate: bool = False) -> RerunRequested:
        """Return that a command wants what failed in it to run again."""
        return RerunRequested(
            command=command, repo=repo, sha=self.sha, run_id=self.run_id, attempt=self.attempt,
            workflow=self.workflow, scope=self.scope, job_id=self.job_id,
            jobs=tuple(sorted(job.name for job in self.reruns)), gate=gate,
        )  # fmt: skip

    def deferred(self, command: CommandId, repo: Repo, *, narrow: bool) -> RerunDeferred:
        """Return that a command wants what failed in it to run again once it has ended."""
        return RerunDeferred(
            command=command, repo=repo, sha=self.sha, run_id=self.run_id, attempt=self.attempt,
            workflow=self.workflow, scope="failed",
            jobs=tuple(sorted(job.name for job in self.failed)), narrow=narrow,
        )  # fmt: skip

    @property
    def has_failed(self) -> bool:
        """Return whether there is anything in it to run again."""
        return bool(self.failed) or (self.is_over and self.conclusion in RUN_FAILED)

    @property
    def scope(self) -> str:
        """Return the cheapest right call: one job, the failed jobs, or everything where no job is known."""
        if not self.failed:
            return "all"
        return "job" if len(self.failed) == 1 else "failed"

    @property
    def job_id(self) -> JobId:
        """Return the one failed job's id, 0 where several failed."""
        return self.failed[0].job_id if len(self.failed) == 1 else JobId(0)


def repeatable_runs(db: Connection, repo: Repo, sha: Sha, now: datetime) -> list[Repeatable]:
    """Return the newest run of each workflow of a head commit, by workflow name."""
    newest: dict[str, Run] = {}
    first_created: dict[RunId, datetime] = {}
    for run in attempts_of_commit(db, repo, sha):
        newest[_workflow_of(run)] = run
        if run.created_at is not None:
            first_created.setdefault(run.run_id, run.created_at)
    jobs: dict[tuple[RunId, int], list[Job]] = defaultdict(list)
    listed: dict[RunId, dict[str, Job]] = defaultdict(dict)
    for job in jobs_of_runs(db, [run.run_id for run in newest.values()]):
        jobs[job.run_id, job.attempt].append(job)
        listed[job.run_id][job.name] = job
    found = [
        Repeatable(
            run_id=run.run_id,
            attempt=run.attempt,
            workflow=run.workflow,
            sha=run.sha,
            is_over=run.is_over,
            conclusion=run.conclusion,
            failed=_failed(jobs[run.run_id, run.attempt]),
            hindrance=_hindrance(run, first_created.get(run.run_id), now),
            jobs=tuple(sorted(listed[run.run_id].values(), key=lambda job: job.name)),
        )
        for run in newest.values()
    ]
    return sorted(found, key=lambda run: (run.workflow, run.run_id))


def newest_runs(db: Connection, repo: Repo, sha: Sha) -> list[Run]:
    """Return the newest run of each workflow of a head commit in its newest attempt, by workflow name."""
    return newest_of(attempts_of_commit(db, repo, sha))


def newest_of(attempts: Iterable[Run]) -> list[Run]:
    """Return of attempts, oldest first, the newest run of each workflow in its newest attempt, by workflow name."""
    newest = {_workflow_of(run): run for run in attempts}
    return sorted(newest.values(), key=lambda run: (run.workflow, run.run_id))


def _workflow_of(run: Run) -> str:
    """Return what makes two runs those of one workflow: its file, for two may have one name."""
    return run.path or run.workflow


def _failed(jobs: list[Job]) -> tuple[Job, ...]:
    """Return the jobs of an attempt that failed."""
    return tuple(job for job in jobs if job.is_over and job.conclusion in FAILED)


def _hindrance(run: Run, created_at: datetime | None, now: datetime) -> Hindrance | None:
    if created_at is not None and now - created_at > AGE_LIMIT:
        return Hindrance.TOO_OLD
    if run.attempt >= ATTEMPT_LIMIT:
        return Hindrance.TOO_MANY_ATTEMPTS
    return None if run.is_over else Hindrance.STILL_RUNNING
