"""What happened to one test in one night: GitHub's entries for it, over all attempts, made into one word."""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from enum import StrEnum

import msgspec

from chatops.engine.clock import moment
from chatops.names import JobId, RunId
from chatops.projections.jobs import Entry
from chatops.projections.runs import Run

REPORTED, QUEUED, STARTED = 0, 1, 2
"""What the jobs' read model knows of a job that has not completed."""
UNFINISHED = (QUEUED, STARTED)
NO_JOB = JobId(0)


class State(StrEnum):
    """What a test did in a night."""

    PASSED = "passed"
    RERUN = "passed on rerun"
    FAILED = "failed"
    INFRA = "failed, infrastructure"
    CANCELLED = "cancelled"
    SKIPPED = "skipped"
    NOT_RUN = "not run"
    RUNNING = "running"
    QUEUED = "queued"
    UNKNOWN = "unknown"
    NONE = "no result"


GREEN = frozenset({State.PASSED, State.RERUN})
COUNTED = GREEN | {State.FAILED}
UNSETTLED = frozenset({State.RUNNING, State.QUEUED, State.NONE})
UNCLEAR = frozenset({State.INFRA, State.CANCELLED, State.NOT_RUN, State.UNKNOWN})
NOT_CLEAN = frozenset({State.FAILED, State.INFRA, State.CANCELLED, State.UNKNOWN})
FROM_BEST = (
    State.PASSED, State.SKIPPED, State.QUEUED, State.RUNNING,
    State.CANCELLED, State.UNKNOWN, State.INFRA, State.FAILED,
)  # fmt: skip
BADNESS = {state: badness for badness, state in enumerate(FROM_BEST)}
CONCLUSIONS = {
    "success": State.PASSED,
    "failure": State.FAILED,
    "timed_out": State.FAILED,
    "cancelled": State.CANCELLED,
    "skipped": State.SKIPPED,
}

SETUP_STEPS = (
    r"set up (job|runner)\b",  # the runner itself did not come up
    r"initiali[sz]e\b",  # service containers did not start
    r"(actions/)?checkout\b",  # the code could not be fetched
    r"pull\b",  # an image could not be fetched
    r"log ?in\b",  # a registry or cloud refused us
    r"install\b",  # a tool the test needs could not be fetched
)
"""Steps that come before the test itself, as GitHub and common practice name them."""
SETUP_STEP = re.compile(rf"(run )?({'|'.join(SETUP_STEPS)})", re.IGNORECASE)


class Execution(msgspec.Struct, frozen=True, gc=False):
    """One time a test really ran. `attempt` is 0 where only a later, carried-over entry tells of it."""

    run_id: RunId
    attempt: int
    job_id: JobId
    state: State
    conclusion: str
    failed_step: str
    started_s: int | None
    completed_s: int | None

    @property
    def started_at(self) -> datetime | None:
        """Return when it started, UTC."""
        return moment(self.started_s)

    @property
    def took(self) -> timedelta | None:
        """Return how long it ran."""
        if self.started_s is None or self.completed_s is None or self.completed_s < self.started_s:
            return None
        return timedelta(seconds=self.completed_s - self.started_s)


class Cell(msgspec.Struct, frozen=True):
    """What happened to one test in one night: its state in the end, and every execution, the first one first.

    `reason` says why there is no result, where there is none.
    """

    state: State
    executions: tuple[Execution, ...] = ()
    reason: str = ""

    @property
    def first(self) -> State:
        """Return what the first execution said."""
        return self.executions[0].state if self.executions else self.state

    @property
    def last(self) -> Execution | None:
        """Return the execution that decided the night."""
        return self.executions[-1] if self.executions else None

    @property
    def reruns(self) -> int:
        """Return how often the test was run again."""
        ran = sum(execution.state is not State.SKIPPED for execution in self.executions)
        return max(0, ran - len({execution.run_id for execution in self.executions}))


NOT_THERE_YET = Cell(State.NONE, (), "not there yet")
TO_COME = Cell(State.NONE, (), "its workflow has not run yet")
NOT_STARTED = Cell(State.NONE, (), "not started yet")
NO_WORKFLOW = Cell(State.NOT_RUN, (), "its workflow did not run")
NO_ENTRY = Cell(State.NOT_RUN, (), "the run has no such job")


class CellReader:
    """Turns the entries of one test in one night into a cell."""

    def __init__(self, attempts: Iterable[Run]) -> None:
        self._ended: dict[int, int] = {}
        self._states: dict[tuple[str, str], State] = {("success", ""): State.PASSED}
        for run in attempts:
            ended = run.attempt if run.is_over else run.attempt - 1
            self._ended[run.run_id] = max(ended, self._ended.get(run.run_id, 0))

    def cell(self, entries: Sequence[Entry]) -> Cell:
        """Return what the entries of all attempts say together.

        Carried-over entries repeat an older execution; one counts only if no real one is known.
        """
        if len(entries) > 1:
            real = [entry for entry in entries if not entry[5]]
            entries = real or [min(entries, key=lambda entry: (entry[1], entry[2]))]
        if len(entries) == 1:
            execution = self._execution(entries[0])
            state = execution.state
            return Cell(state, (execution,), _unheard(execution) if state is State.UNKNOWN else "")
        executions = self._executions(entries)
        newest = executions[-1].run_id
        of_run = [execution for execution in executions if execution.run_id == newest]
        ran = [execution for execution in of_run if execution.state is not State.SKIPPED] or of_run
        state = ran[-1].state
        if state is State.PASSED and any(execution.state in NOT_CLEAN for execution in ran):
            state = State.RERUN
        return Cell(state, tuple(executions), _unheard(ran[-1]) if state is State.UNKNOWN else "")

    def _executions(self, entries: Sequence[Entry]) -> list[Execution]:
        """Return one execution per attempt, oldest first: the worst, where a name was there twice."""
        by_attempt: dict[tuple[int, int], list[Entry]] = defaultdict(list)
        for entry in entries:
            by_attempt[entry[1], entry[2]].append(entry)
        found = []
        for _, of_attempt in sorted(by_attempt.items()):
            heard = [entry for entry in of_attempt if entry[4] != REPORTED] or of_attempt
            executions = [self._execution(entry) for entry in heard]
            found.append(max(executions, key=lambda execution: BADNESS[execution.state]))
        return found

    def _execution(self, entry: Entry) -> Execution:
        job_id, run_id, attempt, _, weight, is_carried, conclusion, step, started, completed = entry
        if weight in UNFINISHED:
            is_over = attempt <= self._ended.get(run_id, 0)
            running = State.QUEUED if weight == QUEUED else State.RUNNING
            state = State.UNKNOWN if is_over else running
        else:
            known = self._states.get((conclusion, step))
            if known is None:
                known = self._states[conclusion, step] = state_of(conclusion, step)
            state = known
        return Execution(
            run_id,
            0 if is_carried else attempt,
            job_id if job_id > 0 else NO_JOB,
            state,
            conclusion,
            step,
            started,
            completed,
        )


def state_of(conclusion: str, failed_step: str) -> State:
    """Return what GitHub's word for the end of a job means; a word we do not know stays unknown."""
    state = CONCLUSIONS.get(conclusion, State.UNKNOWN)
    if state is State.FAILED and failed_step and SETUP_STEP.match(failed_step):
        return State.INFRA
    return state


def _unheard(execution: Execution) -> str:
    """Return why an execution's result is unknown."""
    if execution.conclusion:
        return f"GitHub says “{execution.conclusion}”"
    return "its run ended, but nobody told how it did"
