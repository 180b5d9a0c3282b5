"""What did the tests of one run do, in short: which passed at once, what happened to the others, what ran again?

It is what the ledger of flaky tests and the trends are made of: read once for each run, and again when it has news.
"""

import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta

from msgspec import Struct

from chatops.answers.night_cells import GREEN, Cell, CellReader, State
from chatops.answers.nights import placed
from chatops.answers.required_rule import RequiredRule, RequiredRules
from chatops.engine.clock import seconds
from chatops.engine.command import Knowledge
from chatops.names import PullNumber, Repo, RunId, Sha
from chatops.projections.jobs import Entry, entries_of_runs, waits_of_runs
from chatops.projections.pulls import pulls_of_commits
from chatops.projections.runs import Run

SCHEDULED = ("schedule", "")
SKIPPED = frozenset({State.SKIPPED, State.NOT_RUN, State.NONE})
Rules = Mapping[Repo, RequiredRules]


class Again(Struct, frozen=True, kw_only=True):
    """What ran in attempts after the first: how many jobs, how many of them say how long, and for how many seconds."""

    jobs: int = 0
    known: int = 0
    seconds: int = 0


def monday(moment: datetime) -> date:
    """Return the first day of the week of a moment."""
    day = moment.astimezone(UTC).date()
    return day - timedelta(days=day.weekday())


class Required(Struct, frozen=True, kw_only=True):
    """The required tests of a run that were not skipped: how many, how many passed, and when the last of them did.

    Where nobody has told what is required, they are all of its tests.
    """

    number: int
    passed: int
    passed_s: int | None


class RunDigest(Struct, frozen=True, kw_only=True):
    """What the tests of a run did. `passed` did so at once and themselves; `cells` has all others.

    `week` is the Monday of the week in which it was created, UTC.

    A run of a night has no numbers of pull requests. Of the gate there is only when it turned green, in `greens_s`.
    """

    run_id: RunId
    repo: Repo
    workflow: str
    sha: Sha
    numbers: tuple[PullNumber, ...]
    created_at: datetime
    week: date
    attempts: int
    is_over: bool
    is_night: bool
    greens_s: tuple[int, ...] | None
    passed: tuple[str, ...]
    cells: Mapping[str, Cell]
    needed: Required
    again: Again
    waits: tuple[tuple[str, int], ...]

    @property
    def is_gate(self) -> bool:
        """Return whether it is a run of the gate, which has no tests of its own."""
        return self.greens_s is not None


class RequiredTests:
    """Tells which tests are required, and were; it is asked for the same few hundred names again and again."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._known: dict[tuple[int, str, str, bool], bool] = {}

    def has(self, repo: Repo, workflow: str, name: str, *, is_night: bool) -> bool:
        """Return whether a test is required now; the nights run it in a workflow of their own."""
        rules = self._rules.get(repo)
        return self._has(
            rules.now if rules is not None else None, workflow, name, is_night=is_night
        )

    def judges_night(self, run: RunDigest) -> Callable[[str], bool]:
        """Return what tells whether a night's run is judged by a test of it."""
        return self.judging(run.repo, run.workflow, run.created_at, run.run_id, is_night=True)

    def judging(
        self, repo: Repo, workflow: str, began_at: datetime, run_id: RunId, *, is_night: bool
    ) -> Callable[[str], bool]:
        """Return what tells whether a run is judged by a test: what is required, or all where nobody told what is.

        A night is judged by what was required when it began, a commit by what it needs to be merged now.
        """
        rules = self._rules.get(repo)
        if rules is None or not rules.versions:
            return lambda _: True
        rule = rules.at(began_at, run_id) if is_night else rules.now
        return lambda name: self._has(rule, workflow, name, is_night=is_night)

    def _has(self, rule: RequiredRule | None, workflow: str, name: str, *, is_night: bool) -> bool:
        key = (id(rule), workflow, name, is_night)
        known = self._known.get(key)
        if known is None:
            known = rule is not None and (
                rule.has(name) if is_night else rule.requires(workflow, name)
            )
            self._known[key] = known
        return known


def run_digests(
    knowledge: Knowledge, attempts: Iterable[Run], required: RequiredTests
) -> list[RunDigest]:
    """Return the digests of those of some runs that are nights or of pull requests and say when they were created."""
    of_run: dict[RunId, list[Run]] = defaultdict(list)
    for run in attempts:
        of_run[run.run_id].append(run)
    db, community = knowledge.db, knowledge.community
    nightly = {(repo, one.name) for repo, one in placed(community.repositories, community.nightly)}
    gate = community.gate.workflow if community.gate else ""
    numbers = pulls_of_commits(
        db,
        {
            (tries[0].repo, tries[0].sha)
            for tries in of_run.values()
            if tries[0].repo in community.repositories and tries[0].sha
        },
    )
    nights = {
        run_id
        for run_id, tries in of_run.items()
        if (tries[0].repo, tries[0].workflow) in nightly and tries[0].trigger in SCHEDULED
    }
    wanted = {
        run_id: tries
        for run_id, tries in of_run.items()
        if tries[0].created_at is not None
        and (
            run_id in nights
            or (tries[0].trigger != "schedule" and (tries[0].repo, tries[0].sha) in numbers)
        )
    }
    with_tests = [
        run_id for run_id, tries in wanted.items() if not gate or tries[0].workflow != gate
    ]
    entries: dict[RunId, list[Entry]] = defaultdict(list)
    for entry in entries_of_runs(db, with_tests):
        entries[entry[1]].append(entry)
    waits: dict[RunId, list[tuple[str, int]]] = defaultdict(list)
    for run_id, labels, wait in waits_of_runs(db, with_tests):
        waits[run_id].append((sys.intern(labels), wait))
    tested = set(with_tests)
    return [
        _digest(
            tries,
            entries[run_id],
            waits[run_id],
            required,
            () if run_id in nights else numbers[tries[0].repo, tries[0].sha],
            has_tests=run_id in tested,
        )
        for run_id, tries in wanted.items()
    ]


def _digest(
    tries: Sequence[Run],
    entries: Sequence[Entry],
    waits: Sequence[tuple[str, int]],
    required: RequiredTests,
    numbers: tuple[PullNumber, ...],
    *,
    has_tests: bool,
) -> RunDigest:
    first, newest = tries[0], tries[-1]
    assert first.created_at is not None
    is_night = not numbers
    created_at = min(run.created_at for run in tries if run.created_at)
    passed, cells, ends = _tests(tries, entries)
    counts = required.judging(
        first.repo, first.workflow, created_at, first.run_id, is_night=is_night
    )
    return RunDigest(
        run_id=first.run_id,
        repo=first.repo,
        workflow=sys.intern(first.workflow),
        sha=first.sha,
        numbers=numbers,
        created_at=created_at,
        week=monday(created_at),
        attempts=newest.attempt,
        is_over=newest.is_over,
        is_night=is_night,
        greens_s=None if has_tests else _greens(tries),
        passed=passed,
        cells=cells,
        needed=_needed(passed, cells, ends, counts),
        again=_again(entries),
        waits=tuple(waits),
    )


def _tests(
    tries: Sequence[Run], entries: Sequence[Entry]
) -> tuple[tuple[str, ...], dict[str, Cell], dict[str, int | None]]:
    """Return the tests that passed at once, what happened to the others, and when each ended."""
    by_name: dict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        by_name[entry[3]].append(entry)
    reader = CellReader(tries)
    passed: list[str] = []
    cells: dict[str, Cell] = {}
    ends: dict[str, int | None] = {}
    for text, of_name in by_name.items():
        name = sys.intern(text)
        if len(of_name) == 1 and of_name[0][6] == "success" and not of_name[0][5]:
            passed.append(name)
            ends[name] = of_name[0][9]
            continue
        cell = reader.cell(of_name)
        ends[name] = cell.last.completed_s if cell.last else None
        if cell.state is State.PASSED and all(one.attempt for one in cell.executions):
            passed.append(name)
        else:
            cells[name] = cell
    return tuple(passed), cells, ends


def _needed(
    passed: Iterable[str],
    cells: Mapping[str, Cell],
    ends: Mapping[str, int | None],
    counts: Callable[[str], bool],
) -> Required:
    good = [name for name in passed if counts(name)]
    number = len(good)
    for name, cell in cells.items():
        if cell.state not in SKIPPED and counts(name):
            number += 1
            if cell.state in GREEN:
                good.append(name)
    moments = [ends[name] for name in good]
    known = [end for end in moments if end is not None]
    return Required(
        number=number,
        passed=len(good),
        passed_s=max(known) if known and len(known) == len(moments) else None,
    )


def _again(entries: Iterable[Entry]) -> Again:
    """Return what ran in attempts after the first; carried-over and skipped jobs did not."""
    jobs = known = spent = 0
    for _, _, attempt, _, _, is_carried, conclusion, _, started, completed in entries:
        if attempt > 1 and not is_carried and conclusion not in {"", "skipped"}:
            jobs += 1
            if started is not None and completed is not None and completed >= started:
                known += 1
                spent += completed - started
    return Again(jobs=jobs, known=known, seconds=spent)


def _greens(tries: Iterable[Run]) -> tuple[int, ...]:
    """Return when attempts of the gate ended well."""
    return tuple(
        end for run in tries
        if run.conclusion == "success" and (end := seconds(run.completed_at)) is not None
    )  # fmt: skip
