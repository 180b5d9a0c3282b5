"""Pretend CI: workflow runs that queue, run, fail, and run again as GitHub's do.

A run is a list of attempts; an attempt is a list of jobs, each with a plan that says how it ends.
Nothing here knows HTTP or webhooks: whoever starts a `PretendCi` is told of every change as it
happens, and decides who else should hear of it.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import KW_ONLY, dataclass, field
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any, Protocol

Json = dict[str, Any]

LONGEST_RERUN_AGE = timedelta(days=30)
MOST_RERUNS = 50
NEVER_PICKED_UP = "stuck"
BAD_CONCLUSIONS = frozenset({"failure", "cancelled", "timed_out", "startup_failure"})


class Clock(Protocol):
    """Where the pretend world reads the time."""

    def now(self) -> datetime:
        """Tell the time, aware and in UTC."""


class SystemClock:
    """The machine's own time."""

    def now(self) -> datetime:
        """Tell the time."""
        return datetime.now(UTC)


class HandClock:
    """A clock that stands still until it is moved by hand."""

    def __init__(self, start: datetime | None = None) -> None:
        self._now = start or datetime(2026, 1, 5, 12, 0, tzinfo=UTC)

    def now(self) -> datetime:
        """Tell the time."""
        return self._now

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self._now += timedelta(seconds=seconds)


class NotAllowedError(Exception):
    """GitHub would refuse this; the text is what it would say."""

    def __init__(self, message: str, *, status: int = 403) -> None:
        super().__init__(message)
        self.message = message
        self.status = status


class Numbers:
    """Hands out identifiers that grow and never collide with ones that were loaded."""

    def __init__(self, start: int) -> None:
        self._last = start

    def take(self) -> int:
        """Give the next free number."""
        self._last += 1
        return self._last

    def seen(self, number: int) -> None:
        """Never hand out this number or a smaller one."""
        self._last = max(self._last, number)


@dataclass(frozen=True, slots=True)
class PlannedJob:
    """How one job of a workflow behaves whenever it is executed.

    `outcomes` holds one conclusion per execution, the last one repeats; "stuck" means that no
    runner ever picks the job up. With `required` the job is a gatekeeper: it stays in progress
    while any of those checks of the same commit runs and fails as soon as one is not a success.
    `skipped_as` is the name GitHub shows while the job was skipped, before its matrix is expanded.
    """

    name: str
    _: KW_ONLY
    outcomes: tuple[str, ...] = ("success",)
    seconds: float = 60.0
    queue_seconds: float = 5.0
    failed_step: str = "Run tests"
    runner: str = "ubuntu-24.04"
    needs: tuple[str, ...] = ()
    skipped_as: str | None = None
    required: tuple[str, ...] = ()

    def outcome(self, execution: int) -> str:
        """Tell how the n-th execution (from 1) ends."""
        return self.outcomes[min(execution, len(self.outcomes)) - 1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Workflow:
    """A workflow file: what starts it and which jobs it has."""

    id: int
    name: str
    path: str
    event: str = "pull_request"
    triggers: frozenset[str] = frozenset()
    gate_label: str | None = None
    jobs: tuple[PlannedJob, ...] = ()
    created_at: datetime = datetime(2024, 1, 1, tzinfo=UTC)


@dataclass(slots=True, kw_only=True)
class Job:
    """One job in one attempt of a run.

    `starts_at` and `ends_at` fix when it does, for a job whose times are known beforehand; otherwise
    the seconds of its plan count.
    """

    id: int
    run_id: int
    attempt: int
    plan: PlannedJob
    name: str
    created_at: datetime
    started_at: datetime
    execution: int = 1
    status: str = "queued"
    conclusion: str | None = None
    completed_at: datetime | None = None
    ready_at: datetime | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    runner_name: str | None = None
    labels: tuple[str, ...] = ()
    steps: list[Json] = field(default_factory=list)

    @property
    def is_carried_over(self) -> bool:
        """Whether GitHub only listed it again, with the times of an earlier attempt."""
        return self.started_at < self.created_at


@dataclass(slots=True, kw_only=True)
class Attempt:
    """One go at a run."""

    number: int
    triggered_by: str
    started_at: datetime
    updated_at: datetime
    status: str = "queued"
    conclusion: str | None = None
    jobs: list[Job] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class Run:
    """A workflow run; its identifier stays the same over all attempts."""

    id: int
    number: int
    suite_id: int
    repository: str
    workflow: Workflow
    event: str
    head_sha: str
    head_branch: str
    title: str
    actor: str
    created_at: datetime
    pull_number: int | None = None
    from_fork: bool = False
    attempts: list[Attempt] = field(default_factory=list)

    @property
    def latest(self) -> Attempt:
        """The attempt that counts now."""
        return self.attempts[-1]

    @property
    def is_completed(self) -> bool:
        """Whether nothing of it runs any more."""
        return self.latest.status == "completed"

    def attempt(self, number: int) -> Attempt | None:
        """Find one attempt; loaded histories may lack some."""
        return next((one for one in self.attempts if one.number == number), None)

    def jobs(self) -> Iterator[Job]:
        """List the jobs of all attempts, newest attempt first."""
        for attempt in reversed(self.attempts):
            yield from attempt.jobs


class Tell(Protocol):
    """Is told of each change of a run or job, at the moment it happens."""

    def __call__(self, event: str, action: str, run: Run, job: Job | None, /) -> None:
        """Hear of one change."""


Standings = Callable[[Run], Mapping[str, tuple[str, str | None]]]
"""Status and conclusion of each check of a run's commit, by `<workflow> / <job>`."""


def conclude(jobs: Iterable[Job]) -> str:
    """Sum up finished jobs the way GitHub sums up a run."""
    conclusions = {job.conclusion for job in jobs}
    if conclusions & {"failure", "timed_out"}:
        return "failure"
    for word in ("cancelled", "action_required"):
        if word in conclusions:
            return word
    return "skipped" if conclusions == {"skipped"} else "success"


def stamp(moment: datetime) -> str:
    """Write a time as GitHub does: UTC, to the second."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def runner_id(name: str) -> int:
    """Give a runner a number that stays the same."""
    return zlib.crc32(name.encode()) % 100_000


class PretendCi:
    """Moves runs along according to the plans of their jobs."""

    held: Mapping[int, tuple[PlannedJob, ...]] = MappingProxyType({})
    """The jobs of runs that wait for somebody's approval, by the run's number."""

    def __init__(
        self, *, clock: Clock, tell: Tell, standings: Standings, job_numbers: Numbers
    ) -> None:
        self.speed = 1.0
        self.active: dict[int, Run] = {}
        self._clock = clock
        self._tell = tell
        self._standings = standings
        self._job_numbers = job_numbers

    def begin(self, run: Run, plans: Iterable[PlannedJob]) -> None:
        """Start the first attempt of a new run."""
        attempt = Attempt(
            number=1,
            triggered_by=run.actor,
            started_at=run.created_at,
            updated_at=run.created_at,
        )
        attempt.jobs = [self._new_job(run, attempt, plan, execution=1) for plan in plans]
        self._open(run, attempt)

    def hold(self, run: Run, plans: Iterable[PlannedJob]) -> None:
        """Let a new run wait for somebody's approval: GitHub calls it completed, and it has no jobs yet."""
        self.held = {**self.held, run.id: tuple(plans)}
        attempt = Attempt(
            number=1,
            triggered_by=run.actor,
            started_at=run.created_at,
            updated_at=run.created_at,
            status="completed",
            conclusion="action_required",
        )
        run.attempts.append(attempt)
        self._tell("workflow_run", "requested", run, None)
        self._tell("workflow_run", "completed", run, None)

    def approve(self, run: Run) -> None:
        """Let a run begin that waited for it, in the attempt in which it waited."""
        if run.id not in self.held:
            text = "This workflow run is not waiting for approval"
            raise NotAllowedError(text)
        waiting = dict(self.held)
        plans, self.held = waiting.pop(run.id), waiting
        attempt = run.attempts.pop()
        attempt.status, attempt.conclusion, attempt.updated_at = "queued", None, self._clock.now()
        attempt.jobs = [self._new_job(run, attempt, plan, execution=1) for plan in plans]
        self._open(run, attempt)

    def rerun(self, run: Run, *, actor: str) -> None:
        """Execute every job again."""
        self._refuse_unless_rerunnable(run)
        self._next_attempt(run, actor, {job.plan.name for job in run.latest.jobs})

    def rerun_failed(self, run: Run, *, actor: str) -> None:
        """Execute again what failed, and what was skipped because of it."""
        self._refuse_unless_rerunnable(run)
        failed = {job.plan.name for job in run.latest.jobs if job.conclusion in BAD_CONCLUSIONS}
        if not failed:
            text = "This workflow run has no failed jobs to re-run"
            raise NotAllowedError(text)
        self._next_attempt(run, actor, _with_dependants(run.latest.jobs, failed))

    def rerun_job(self, run: Run, job: Job, *, actor: str) -> None:
        """Execute one job again, and the jobs that need it."""
        self._refuse_unless_rerunnable(run)
        self._next_attempt(run, actor, _with_dependants(run.latest.jobs, {job.plan.name}))

    def cancel(self, run: Run) -> None:
        """Stop everything of a run that has not finished."""
        if run.is_completed:
            text = "Cannot cancel a workflow run that is completed."
            raise NotAllowedError(text, status=409)
        now = self._clock.now()
        for job in run.latest.jobs:
            if job.status != "completed":
                self._complete(run, job, "cancelled", now)
        self._settle(run, now)

    def tick(self) -> int:
        """Let everything happen that is due by now; return how many changes that were."""
        changes = 0
        while moved := self._round():
            changes += moved
        return changes

    def _round(self) -> int:
        now = self._clock.now()
        due = [
            (moment, run, job)
            for run in list(self.active.values())
            for job in run.latest.jobs
            if (moment := self._due_at(run, job, now)) is not None and moment <= now
        ]
        due.sort(key=lambda entry: (entry[0], entry[2].id))
        for moment, run, job in due:
            if job.status == "queued":
                self._start(run, job, moment)
            else:
                self._complete(run, job, self._verdict(run, job), moment)
                self._settle(run, moment)
        for run in list(self.active.values()):
            self._release(run)
        return len(due)

    def _due_at(self, run: Run, job: Job, now: datetime) -> datetime | None:
        """When the next thing happens to a job; None while that cannot be said."""
        outcome = job.plan.outcome(job.execution)
        if job.status == "queued" and job.ready_at is not None and outcome != NEVER_PICKED_UP:
            waits = timedelta(seconds=job.plan.queue_seconds / self.speed)
            return job.starts_at or job.ready_at + waits
        if job.status != "in_progress":
            return None
        if job.plan.required:
            return now if self._gate_verdict(run, job) else None
        return job.ends_at or job.started_at + timedelta(seconds=job.plan.seconds / self.speed)

    def _verdict(self, run: Run, job: Job) -> str:
        return self._gate_verdict(run, job) or job.plan.outcome(job.execution)

    def _gate_verdict(self, run: Run, job: Job) -> str | None:
        """Judge a gatekeeper job: None while it has to wait."""
        if not job.plan.required:
            return None
        checks = self._standings(run)
        standings = [checks.get(name) for name in job.plan.required]
        if any(s and s[0] == "completed" and s[1] != "success" for s in standings):
            return "failure"
        if any(s is None or s[0] != "completed" for s in standings):
            return None
        return "success"

    def _start(self, run: Run, job: Job, moment: datetime) -> None:
        job.status = "in_progress"
        job.started_at = moment
        job.runner_name = f"{job.plan.runner}-{job.id % 1000}"
        job.steps = [_step(1, "Set up job", moment, None, None)]
        if run.latest.status == "queued":
            run.latest.status = "in_progress"
            run.latest.updated_at = moment
            self._tell("workflow_run", "in_progress", run, None)
        self._tell("workflow_job", "in_progress", run, job)

    def _complete(self, run: Run, job: Job, conclusion: str, moment: datetime) -> None:
        if job.status == "queued":
            job.started_at = max(job.started_at, moment)
        else:
            job.steps = _finished_steps(job, conclusion, moment)
        job.status = "completed"
        job.conclusion = conclusion
        job.completed_at = moment
        self._tell("workflow_job", "completed", run, job)
        self._tell("check_run", "completed", run, job)

    def _settle(self, run: Run, moment: datetime) -> None:
        """Finish a run whose jobs have all finished."""
        self._release(run)
        attempt = run.latest
        attempt.updated_at = max(attempt.updated_at, moment)
        if attempt.status == "completed" or any(j.status != "completed" for j in attempt.jobs):
            return
        attempt.status = "completed"
        attempt.conclusion = conclude(attempt.jobs)
        self.active.pop(run.id, None)
        self._tell("workflow_run", "completed", run, None)
        self._tell("check_suite", "completed", run, None)

    def _release(self, run: Run) -> None:
        """Let jobs go that waited for others, or skip them when those did not succeed."""
        if run.is_completed:
            return
        ends = {job.plan.name: job for job in run.latest.jobs if job.status == "completed"}
        for job in run.latest.jobs:
            if job.status != "queued" or job.ready_at is not None:
                continue
            needed = [ends[name] for name in job.plan.needs if name in ends]
            since = max((n.completed_at or n.created_at for n in needed), default=job.created_at)
            if any(need.conclusion != "success" for need in needed):
                job.name = job.plan.skipped_as or job.name
                self._complete(run, job, "skipped", max(since, job.created_at))
                self._settle(run, max(since, job.created_at))
            elif len(needed) == len(job.plan.needs):
                job.ready_at = max(since, job.created_at)

    def _refuse_unless_rerunnable(self, run: Run) -> None:
        if run.id in self.held:
            text = "This workflow run is waiting for approval"
            raise NotAllowedError(text)
        if not run.is_completed:
            text = "This workflow is already running"
            raise NotAllowedError(text)
        if self._clock.now() - run.created_at > LONGEST_RERUN_AGE:
            text = "Unable to retry this workflow run because it was created over a month ago"
            raise NotAllowedError(text)
        if run.latest.number > MOST_RERUNS:
            text = "Unable to retry this workflow run because it has been re-run too many times"
            raise NotAllowedError(text)

    def _next_attempt(self, run: Run, actor: str, again: set[str]) -> None:
        before = run.latest
        newest = max((job.started_at for job in before.jobs), default=before.started_at)
        # Times are written to the second, and a carried-over job must look older than its listing.
        now = max(self._clock.now(), newest.replace(microsecond=0) + timedelta(seconds=1))
        attempt = Attempt(
            number=before.number + 1, triggered_by=actor, started_at=now, updated_at=now
        )
        for old in before.jobs:
            if old.plan.name in again:
                executed = old.conclusion != "skipped"
                job = self._new_job(run, attempt, old.plan, execution=old.execution + executed)
            else:
                job = self._carried_over(old, attempt)
            attempt.jobs.append(job)
        self._open(run, attempt)

    def _open(self, run: Run, attempt: Attempt) -> None:
        run.attempts.append(attempt)
        self.active[run.id] = run
        self._tell("workflow_run", "requested", run, None)
        for job in attempt.jobs:
            if job.status == "queued":
                self._tell("workflow_job", "queued", run, job)
                self._tell("check_run", "created", run, job)
        for job in attempt.jobs:
            if job.status == "queued" and job.plan.outcome(job.execution) == "skipped":
                job.name = job.plan.skipped_as or job.name
                self._complete(run, job, "skipped", attempt.started_at)
        self._settle(run, attempt.started_at)

    def _new_job(self, run: Run, attempt: Attempt, plan: PlannedJob, *, execution: int) -> Job:
        return Job(
            id=self._job_numbers.take(),
            run_id=run.id,
            attempt=attempt.number,
            plan=plan,
            name=plan.name,
            created_at=attempt.started_at,
            started_at=attempt.started_at,
            execution=execution,
            labels=(plan.runner,),
        )

    def _carried_over(self, old: Job, attempt: Attempt) -> Job:
        return Job(
            id=self._job_numbers.take(),
            run_id=old.run_id,
            attempt=attempt.number,
            plan=old.plan,
            name=old.name,
            created_at=attempt.started_at,
            started_at=old.started_at,
            execution=old.execution,
            status=old.status,
            conclusion=old.conclusion,
            completed_at=old.completed_at,
            runner_name=old.runner_name,
            labels=old.labels,
            steps=old.steps,
        )


def _with_dependants(jobs: list[Job], names: set[str]) -> set[str]:
    """Add the jobs that need one of these, directly or through others."""
    chosen = set(names)
    while more := {
        job.plan.name
        for job in jobs
        if job.plan.name not in chosen and chosen.intersection(job.plan.needs)
    }:
        chosen |= more
    return chosen


def _step(
    number: int, name: str, started: datetime, ended: datetime | None, conclusion: str | None
) -> Json:
    return {
        "name": name,
        "status": "completed" if ended else "in_progress",
        "conclusion": conclusion,
        "number": number,
        "started_at": stamp(started),
        "completed_at": stamp(ended) if ended else None,
    }


def _finished_steps(job: Job, conclusion: str, ended: datetime) -> list[Json]:
    """Tell the steps of a job that ran: set up, check out, the work, clean up."""
    work = "failure" if conclusion == "timed_out" else conclusion
    return [
        _step(1, "Set up job", job.started_at, job.started_at, "success"),
        _step(2, "Checkout", job.started_at, job.started_at, "success"),
        _step(3, job.plan.failed_step, job.started_at, ended, work),
        _step(4, "Complete job", ended, ended, "success"),
    ]
