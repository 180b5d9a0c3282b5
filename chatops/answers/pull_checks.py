"""How far is a pull request: what ran on its head, what it must pass, and what keeps it from being merged?"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from msgspec import Struct

from chatops.answers.job_words import LEVEL
from chatops.answers.night_cells import (
    GREEN,
    UNSETTLED,
    Cell,
    CellReader,
    Execution,
    State,
    state_of,
)
from chatops.answers.night_tests import prefixes
from chatops.answers.required_paths import Needs, needs_of
from chatops.answers.reruns import newest_of
from chatops.config import Community
from chatops.engine.command import Knowledge
from chatops.errors import Refused
from chatops.events.gate import RequiredChecksChanged
from chatops.names import PullNumber, Repo, RunId
from chatops.projections.checks import OutsideCheck, outside_checks
from chatops.projections.freshness import last_heard
from chatops.projections.jobs import Entry, entries_of_runs
from chatops.projections.pull_files import files_of_pull
from chatops.projections.pulls import Pull, pull
from chatops.projections.required import required_now
from chatops.projections.runs import Run, attempts_of_commit

STATUS_WORDS = {"error": "failure"}
UNDONE = frozenset({State.SKIPPED, State.CANCELLED})


class Check(Struct, frozen=True, kw_only=True):
    """One check of a pull request's head. `name` has its workflow before it; others' checks have none.

    `reason` says why a required check is not there. `needed` is the name under which it is required.
    """

    name: str
    job: str
    workflow: str
    state: State
    needed: str | None = None
    is_required: bool = False
    cell: Cell | None = None
    reason: str = ""
    url: str = ""

    @property
    def last(self) -> Execution | None:
        """Return the execution that decided it."""
        return self.cell.last if self.cell is not None else None

    @property
    def failed_step(self) -> str:
        """Return the step at which it failed, where GitHub says it."""
        return self.last.failed_step if self.last is not None else ""

    @property
    def holds_up(self) -> bool:
        """Return whether it keeps the pull request from being merged: the gate takes a skip for a failure, too."""
        return self.is_required and self.state not in GREEN


class PullChecks(Struct, frozen=True, kw_only=True):
    """Everything that is known of a pull request's checks. `needs` is nothing where nobody told what is required."""

    pull: Pull
    checks: tuple[Check, ...]
    runs: tuple[Run, ...]
    needs: Needs | None
    rules: RequiredChecksChanged | None
    gate: Run | None
    labels_missing: tuple[str, ...]
    hold: str
    heard_at: datetime | None
    files: frozenset[str]

    def touches(self, path: str) -> bool:
        """Return whether the pull request is known to change a file."""
        return path in self.files

    @property
    def required(self) -> tuple[Check, ...]:
        """Return the checks that must pass."""
        return tuple(check for check in self.checks if check.is_required)

    @property
    def failed(self) -> tuple[Check, ...]:
        """Return what has ended and did not pass, the required ones first; of the others only what failed."""
        ended = [
            check
            for check in self.checks
            if check.state in {State.FAILED, State.INFRA, State.UNKNOWN}
            or (check.state in UNDONE and (check.is_required or check.state is State.CANCELLED))
        ]
        return tuple(sorted(ended, key=lambda check: (not check.is_required, check.name)))

    @property
    def running(self) -> tuple[Check, ...]:
        """Return what has not ended, the required ones first."""
        open_ones = [check for check in self.checks if check.state in UNSETTLED]
        return tuple(sorted(open_ones, key=lambda check: (not check.is_required, check.name)))

    @property
    def missing(self) -> tuple[Check, ...]:
        """Return what is required and has not been heard of."""
        return tuple(check for check in self.checks if check.state is State.NOT_RUN)

    @property
    def holding_up(self) -> tuple[Check, ...]:
        """Return the required checks that have not passed."""
        return tuple(check for check in self.checks if check.holds_up)


class Heard(Struct, frozen=True, kw_only=True):
    """What was heard of a head: its runs, their jobs, what others say of it, and which files it changes."""

    attempts: Sequence[Run]
    entries: Sequence[Entry]
    outside: Sequence[OutsideCheck]
    files: Sequence[str] | None
    heard_at: datetime | None


def pull_checks(knowledge: Knowledge, repo: Repo, number: PullNumber) -> PullChecks:
    """Return how far a pull request is; refuse where there is none."""
    db, community = knowledge.db, knowledge.community
    known = pull(db, repo, number)
    if known is None:
        raise _no_pull(repo, number)
    attempts = attempts_of_commit(db, repo, known.sha)
    heard = Heard(
        attempts=attempts,
        entries=entries_of_runs(db, runs_looked_at(attempts, community)),
        outside=outside_checks(db, repo, known.sha),
        files=files_of_pull(db, repo, number, known.sha, known.base),
        heard_at=last_heard(db, [repo]),
    )
    return checks_of(known, heard, required_now(db, repo), community)


def runs_looked_at(attempts: Iterable[Run], community: Community) -> list[RunId]:
    """Return the runs whose jobs are checks: all but the gate's, which only waits for the others."""
    return list(dict.fromkeys(run.run_id for run in attempts if run.workflow != _gate(community)))


def checks_of(
    known: Pull, heard: Heard, rules: RequiredChecksChanged | None, community: Community
) -> PullChecks:
    """Return how far a pull request is, from what was heard of its head."""
    runs, gate_name = newest_of(heard.attempts), _gate(community)
    needs = None if rules is None else needs_of(rules, heard.files)
    found = _jobs(heard, needs, gate_name)
    found += [_outside(one, needs) for one in heard.outside]
    found += _absent(found, runs, needs)
    return PullChecks(
        pull=known,
        checks=tuple(sorted(found, key=lambda check: check.name)),
        runs=tuple(runs),
        needs=needs,
        rules=rules,
        gate=next((run for run in runs if gate_name and run.workflow == gate_name), None),
        labels_missing=_labels_missing(known, needs),
        hold=_hold(known, community),
        heard_at=heard.heard_at,
        files=frozenset(heard.files or ()),
    )


def _gate(community: Community) -> str:
    return community.gate.workflow if community.gate else ""


def _jobs(heard: Heard, needs: Needs | None, gate_name: str) -> list[Check]:
    """Return the jobs of a head, each under its name once: as it is in the newest run that has it."""
    attempts = heard.attempts
    workflows = {run.run_id: run.workflow for run in attempts if run.workflow != gate_name}
    by_name: dict[tuple[str, str], list[Entry]] = defaultdict(list)
    for entry in heard.entries:
        by_name[workflows[entry[1]], entry[3]].append(entry)
    reader = CellReader(attempts)
    return [
        _job(workflow, job, reader.cell(entries), needs)
        for (workflow, job), entries in by_name.items()
    ]


def _job(workflow: str, job: str, cell: Cell, needs: Needs | None) -> Check:
    full = f"{workflow}{LEVEL}{job}"
    return Check(
        name=full,
        job=job,
        workflow=workflow,
        state=cell.state,
        needed=needs.named(full, job) if needs else None,
        is_required=needs is not None and needs.has(full, job),
        cell=cell,
        reason=cell.reason,
    )


def _outside(one: OutsideCheck, needs: Needs | None) -> Check:
    """Return what somebody else says of the commit, as a check."""
    if one.conclusion:
        state = state_of(STATUS_WORDS.get(one.conclusion, one.conclusion), "")
    else:
        state = State.RUNNING if one.is_running else State.QUEUED
    return Check(
        name=one.name,
        job=one.name,
        workflow="",
        state=state,
        needed=needs.named(one.name, one.name) if needs else None,
        is_required=needs is not None and needs.has(one.name, one.name),
        url=one.url,
    )


def _absent(found: Iterable[Check], runs: Sequence[Run], needs: Needs | None) -> list[Check]:
    """Return the required checks that nobody has reported, each with why, as far as that can be told."""
    if needs is None:
        return []
    there = {check.needed for check in found}
    states = {check.name: check.state for check in found}
    newest = {run.workflow: run for run in runs}
    return [
        Check(
            name=name,
            job=job or name,
            workflow=workflow if job else "",
            state=State.QUEUED if _may_come(newest.get(workflow)) else State.NOT_RUN,
            needed=name,
            is_required=True,
            reason=_why_absent(name, workflow if job else "", states, newest),
        )
        for name in needs.names
        if name not in there
        for workflow, _, job in [name.partition(LEVEL)]
    ]


def _may_come(run: Run | None) -> bool:
    return run is not None and not run.is_over


def _why_absent(
    name: str, workflow: str, states: Mapping[str, State], newest: Mapping[str, Run]
) -> str:
    parent = next((one for one in prefixes(name) if states.get(one) in UNDONE), None)
    if parent is not None:
        return f"“{parent.rpartition(LEVEL)[2]}” was {states[parent].value}"
    if not workflow:
        return "nobody has reported it on this commit"
    run = newest.get(workflow)
    if run is None:
        return f"“{workflow}” has not run on this commit"
    if run.conclusion == "action_required":
        return f"“{workflow}” waits for somebody to let it run"
    if not run.is_over:
        return f"“{workflow}” still runs and has not come to it"
    return f"“{workflow}” ended without it; was it renamed or removed?"


def _labels_missing(known: Pull, needs: Needs | None) -> tuple[str, ...]:
    has = {label.lower() for label in known.labels}
    return tuple(label for label in (needs.labels if needs else ()) if label.lower() not in has)


def _hold(known: Pull, community: Community) -> str:
    """Return the label that keeps it from being merged, as it is spelt there."""
    hold = community.labels.hold.lower()
    return next((label for label in known.labels if label.lower() == hold), "")


def _no_pull(repo: Repo, number: PullNumber) -> Refused:
    if not number:
        return Refused(
            "Which pull request? Say it in a comment of one, or with its number, as in `pr 123`.",
            reason="no_pull",
        )
    return Refused(f"I have heard of no pull request #{number} in {repo}.", reason="no_pull")
