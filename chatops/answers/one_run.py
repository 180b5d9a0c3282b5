"""How did one run go: what failed, newly or still, what was run again, and how long did its machines keep it waiting?

The question behind a run's page: of a night, of a pull request, or of anything else. It is compared with the night
before it, for that is what the base branch was like.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from statistics import median

from msgspec import Struct
from sqlalchemy import Connection

from chatops.answers.night_cells import COUNTED, GREEN, Cell, CellReader, State, state_of
from chatops.answers.nights import counted, placed, unclear_words
from chatops.answers.required_rule import required_rule_of_run
from chatops.config import Community
from chatops.engine.command import Knowledge
from chatops.names import PullNumber, Repo, RunId
from chatops.projections.commands import Command, commands_about_runs
from chatops.projections.freshness import last_heard
from chatops.projections.jobs import Entry, Job, entries_of_runs, jobs_of_runs
from chatops.projections.pulls import numbers_of_commit
from chatops.projections.runs import Run, attempts_of_run, newest_of_workflows

MOST_COMMANDS = 50
SCHEDULED = ("schedule", "")


class Since(StrEnum):
    """How a failure compares with the night before."""

    NEW = "newly"
    STILL = "still"
    UNKNOWN = "not to be told"


class RunJob(Struct, frozen=True, kw_only=True):
    """One job of a run, as it was after an attempt. `attempt` is the one in which it last ran itself.

    `before` is how the night before went for it, nothing where that night does not have it.
    """

    name: str
    cell: Cell
    attempt: int
    is_carried: bool
    is_required: bool
    before: State | None
    runner: str
    waited: timedelta | None

    @property
    def since(self) -> Since | None:
        """Return whether a failure is new, nothing where it has not failed."""
        if self.cell.state is not State.FAILED:
            return None
        if self.before is State.FAILED:
            return Since.STILL
        return Since.NEW if self.before in GREEN else Since.UNKNOWN


class Attempt(Struct, frozen=True, kw_only=True):
    """One attempt of the run: how many jobs ran in it, how many were carried over, how many of those that ran failed.

    A job that was skipped did not run. GitHub tells of what it carried over only who asks, so in an attempt that has
    ended all others were.
    `helped` counts the jobs that had failed before and passed in it; `asked` are commands that wanted it.
    """

    run: Run
    ran: int
    carried: int
    failed: int
    helped: int
    asked: tuple[Command, ...]

    @property
    def took(self) -> timedelta | None:
        """Return how long it took by the clock on the wall."""
        return _between(self.run.started_at or self.run.created_at, self.run.completed_at)


class Machines(Struct, frozen=True, kw_only=True):
    """How long the jobs for one kind of runner waited in an attempt. `median` and `longest` of those that say it."""

    labels: str
    jobs: int
    median: timedelta | None
    longest: timedelta | None


class OneRun(Struct, frozen=True, kw_only=True):
    """Everything that is known of a run, as it was after the attempt `shown`.

    `before` is the night it is compared with, nothing if there is none; `is_night` whether it is one itself.
    `tests_of` names the workflow under which the nights know a job.
    """

    attempts: tuple[Attempt, ...]
    shown: Attempt
    jobs: tuple[RunJob, ...]
    numbers: tuple[PullNumber, ...]
    before: Run | None
    is_night: bool
    knows_required: bool
    machines: tuple[Machines, ...]
    tests_of: Mapping[str, str]
    heard_at: datetime | None
    now: datetime

    @property
    def run(self) -> Run:
        """Return the attempt that is shown, as the runs' read model has it."""
        return self.shown.run

    @property
    def is_newest(self) -> bool:
        """Return whether no later attempt is known."""
        return self.shown is self.attempts[-1]

    @property
    def counts(self) -> Mapping[State, int]:
        """Return how many jobs are in which state."""
        return Counter(job.cell.state for job in self.jobs)

    @property
    def failed(self) -> tuple[RunJob, ...]:
        """Return the jobs that failed: required ones first, then those that are new."""
        order = list(Since)
        found = [job for job in self.jobs if job.since is not None]
        found.sort(
            key=lambda job: (not job.is_required, order.index(job.since or Since.NEW), job.name)
        )
        return tuple(found)

    @property
    def verdict(self) -> str:
        """Return how it went, in a sentence or two."""
        counts = self.counts
        ran = sum(counts.get(state, 0) for state in COUNTED)
        when = f"in attempt {self.run.attempt}" if len(self.attempts) > 1 else ""
        if not self.jobs:
            return "Nobody has told of a job of this run yet."
        if not self.run.is_over:
            return self._while_running()
        unclear = unclear_words(counts)
        if not ran:
            return f"No job of it has a result{f': {unclear}' if unclear else ''}."
        failed = self.failed
        if failed:
            said = f"{len(failed)} of {counted(len(self.jobs), 'job')} failed {when}".rstrip()
            said = f"{said}{self._required()}. {self._compared()}"
        elif ran == len(self.jobs):
            said = f"{_every(ran).capitalize()} passed{self._again()}."
        else:
            said = f"No job failed: {_every(ran)} that ran passed{self._again()}."
        return f"{said.rstrip()} Without a verdict: {unclear}." if unclear else said.rstrip()

    def _while_running(self) -> str:
        open_ones = sum(self.counts.get(state, 0) for state in (State.RUNNING, State.QUEUED))
        done = len(self.jobs) - open_ones
        failed = f"{len(self.failed)} failed so far" if self.failed else "none failed so far"
        which = f"Attempt {self.run.attempt}" if len(self.attempts) > 1 else "It"
        return f"{which} is running: {done} of {counted(len(self.jobs), 'known job')} are done, {failed}."

    def _required(self) -> str:
        number = sum(job.is_required for job in self.failed)
        return f", {number} of them required" if number else ""

    def _again(self) -> str:
        number = self.counts.get(State.RERUN, 0)
        return f", {number} of them only on a rerun" if number else ""

    def _compared(self) -> str:
        if self.before is None:
            return "There is no night before it to compare with."
        counts = Counter(job.since for job in self.failed)
        night = "the night before" if self.is_night else "the newest night before it"
        words = {
            Since.NEW: f"passed in {night}",
            Since.STILL: f"failed in {night}, too",
            Since.UNKNOWN: f"had no result in {night}",
        }
        if len(counts) == 1 and len(self.failed) > 1:
            [(since, _)] = counts.items()
            return f"All of them {words[since or Since.NEW]}."
        parts = [f"{counts[since]} {words[since]}" for since in Since if counts[since]]
        if len(self.failed) == 1:
            return f"It {parts[0].removeprefix('1 ')}."
        return f"{', '.join(parts)}."


def one_run(knowledge: Knowledge, run_id: RunId, attempt: int | None) -> OneRun | None:
    """Return what is known of a run of a community, as of an attempt; nothing where there is none such."""
    db, community = knowledge.db, knowledge.community
    runs = attempts_of_run(db, run_id)
    nightly = placed(community.repositories, community.nightly)
    if not runs or runs[-1].repo not in {*community.repositories, *(repo for repo, _ in nightly)}:
        return None
    chosen = next((run for run in runs if run.attempt == attempt), None if attempt else runs[-1])
    if chosen is None:
        return None
    repo = chosen.repo
    workflows = [one.name for place, one in nightly if place == repo]
    is_night = chosen.workflow in workflows and chosen.trigger in SCHEDULED
    before = _night_before(db, repo, [chosen.workflow] if is_night else workflows, run_id)
    jobs = jobs_of_runs(db, [run_id])
    entries = entries_of_runs(db, [run_id])
    rule = required_rule_of_run(db, repo, runs[0].created_at, run_id)
    was = _states(before, entries_of_runs(db, [before[-1].run_id]) if before else [])
    attempts = _attempts(runs, jobs, _wanted(db, community, run_id))
    return OneRun(
        attempts=attempts,
        shown=next(one for one in attempts if one.run is chosen),
        jobs=_jobs(
            runs, chosen, jobs, entries, was,
            required={name for name in {job.name for job in jobs} if rule is not None and rule.has(name)},
        ),
        numbers=tuple(numbers_of_commit(db, repo, chosen.sha)) if chosen.sha else (),
        before=before[-1] if before else None,
        is_night=is_night,
        knows_required=rule is not None,
        machines=_machines([job for job in jobs if job.attempt == chosen.attempt]),
        tests_of={} if is_night or not before else dict.fromkeys(was, before[-1].workflow),
        heard_at=last_heard(db, [repo]),
        now=knowledge.now,
    )  # fmt: skip


def _night_before(db: Connection, repo: Repo, workflows: Sequence[str], run_id: RunId) -> list[Run]:
    """Return the attempts of the newest scheduled run before a run."""
    found = newest_of_workflows(db, repo, workflows, 1, before=run_id)
    newest = max((run.run_id for run in found), default=None)
    return [run for run in found if run.run_id == newest]


def _by_name(entries: Sequence[Entry]) -> dict[str, list[Entry]]:
    found: dict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        found[entry[3]].append(entry)
    return found


def _states(attempts: Sequence[Run], entries: Sequence[Entry]) -> dict[str, State]:
    reader = CellReader(attempts)
    return {name: reader.cell(of_name).state for name, of_name in _by_name(entries).items()}


def _jobs(
    runs: Sequence[Run],
    chosen: Run,
    jobs: Sequence[Job],
    entries: Sequence[Entry],
    was: Mapping[str, State],
    *,
    required: set[str],
) -> tuple[RunJob, ...]:
    """Return each job once, as it was after the attempt that is shown."""
    until = chosen.attempt
    reader = CellReader([run for run in runs if run.attempt <= until])
    listed: dict[str, list[Job]] = defaultdict(list)
    for job in jobs:
        if job.attempt <= until:
            listed[job.name].append(job)
    found = []
    for name, of_name in _by_name([entry for entry in entries if entry[2] <= until]).items():
        ran = [job for job in listed[name] if not job.is_carried] or listed[name]
        last = max(ran, key=lambda job: (job.attempt, job.job_id))
        found.append(
            RunJob(
                name=name,
                cell=reader.cell(of_name),
                attempt=last.attempt,
                is_carried=last.attempt < until or last.is_carried,
                is_required=name in required,
                before=was.get(name),
                runner=last.labels,
                waited=_between(last.created_at, last.started_at),
            )
        )
    return tuple(sorted(found, key=lambda job: job.name))


def _attempts(
    runs: Sequence[Run], jobs: Sequence[Job], wanted: Mapping[int, tuple[Command, ...]]
) -> tuple[Attempt, ...]:
    of_attempt: dict[int, list[Job]] = defaultdict(list)
    for job in jobs:
        of_attempt[job.attempt].append(job)
    bad: set[str] = set()
    seen: set[str] = set()
    found = []
    for run in runs:
        ran = [job for job in of_attempt[run.attempt] if not job.is_carried]
        states = {job.name: state_of(job.conclusion, job.failed_step) for job in ran}
        passed = {name for name, state in states.items() if state is State.PASSED}
        failed = {name for name, state in states.items() if state is State.FAILED}
        listed = {job.name for job in of_attempt[run.attempt]}
        seen |= listed
        found.append(
            Attempt(
                run=run,
                ran=sum(state is not State.SKIPPED for state in states.values()),
                carried=len((seen if run.is_over else listed) - states.keys()),
                failed=len(failed),
                helped=len(passed & bad),
                asked=wanted.get(run.attempt - 1, ()),
            )
        )
        bad = (bad | failed) - passed
    return tuple(found)


def _wanted(db: Connection, community: Community, run_id: RunId) -> dict[int, tuple[Command, ...]]:
    """Return the commands that asked for the run to run again, by the attempt after which they did."""
    found: dict[int, tuple[Command, ...]] = {}
    for command, _, after in commands_about_runs(db, [run_id], MOST_COMMANDS):
        if command.community == community.key:
            found[after] = (command, *found.get(after, ()))
    return found


def _machines(jobs: Sequence[Job]) -> tuple[Machines, ...]:
    """Return how long the jobs of an attempt waited, by what they need of a runner, the longest wait first."""
    by_labels: dict[str, list[Job]] = defaultdict(list)
    for job in jobs:
        if not job.is_carried and job.labels:
            by_labels[job.labels].append(job)
    found = []
    for labels, of_labels in by_labels.items():
        waits = [
            waited for job in of_labels if (waited := _between(job.created_at, job.started_at)) is not None
        ]  # fmt: skip
        seconds = [wait.total_seconds() for wait in waits]
        found.append(
            Machines(
                labels=labels,
                jobs=len(of_labels),
                median=timedelta(seconds=round(median(seconds))) if seconds else None,
                longest=max(waits, default=None),
            )
        )
    return tuple(
        sorted(found, key=lambda one: (-(one.longest or timedelta(-1)).total_seconds(), one.labels))
    )


def _every(number: int) -> str:
    return "the one job" if number == 1 else f"all {number} jobs"


def _between(start: datetime | None, end: datetime | None) -> timedelta | None:
    return end - start if start is not None and end is not None and end >= start else None
