"""How do the tests do in pull requests: how many does each block, how often does it fail, and does a rerun help?

Results are those of every head in the last weeks, also of closed and merged ones. They are kept run by run and made
from those before: only runs of which there is news are read again.
"""

import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from chatops.answers.job_words import LEVEL
from chatops.answers.night_cells import Cell, CellReader, Execution, State
from chatops.answers.required_rule import RequiredRule, required_rule
from chatops.engine.command import Knowledge
from chatops.names import PullNumber, Repo, RunId, Sha
from chatops.projections.freshness import last_heard
from chatops.projections.jobs import Entry, entries_of_runs
from chatops.projections.pulls import pulls_of_commits
from chatops.projections.run_news import News, newer_news
from chatops.projections.runs import Run, attempts_of_runs

KEPT = timedelta(days=30)
MOST_RUNS = 20_000
NIGHTLY = "schedule"

Key = tuple[Repo, str, str]
"""Repository, workflow and name of a test."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunResults:
    """What the tests of one run did on a head. `passed` did so at once; `cells` has all others."""

    run_id: RunId
    repo: Repo
    workflow: str
    sha: Sha
    numbers: tuple[PullNumber, ...]
    created_at: datetime
    passed: tuple[str, ...]
    cells: Mapping[str, Cell]


@dataclass(frozen=True, slots=True, kw_only=True)
class PullResults:
    """The results of a community's pull requests; `is_cut` if there were more than are kept."""

    runs: Mapping[RunId, RunResults]
    news: News
    is_cut: bool
    heard_at: datetime | None
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """One run in which a test failed in the end."""

    repo: Repo
    numbers: tuple[PullNumber, ...]
    sha: Sha
    run_id: RunId
    last: Execution
    tries: int


@dataclass(slots=True, kw_only=True)
class PullTest:
    """One test over all pull requests of a window.

    `fails` and `passes` are runs, by how it ended there. `again` is in how many it was run again after a failure,
    `helped` how often it then passed. What was cancelled, skipped, or failed before the test is none of these.
    """

    repo: Repo
    workflow: str
    name: str
    is_required: bool
    passes: int = 0
    again: int = 0
    helped: int = 0
    unclear: int = 0
    failures: list[Failure] = field(default_factory=list)

    @property
    def full(self) -> str:
        """Return its name with its workflow before it."""
        return f"{self.workflow}{LEVEL}{self.name}"

    @property
    def fails(self) -> int:
        """Return in how many runs it failed in the end."""
        return len(self.failures)

    @property
    def pulls(self) -> tuple[PullNumber, ...]:
        """Return the pull requests on which it failed in the end, the newest failure first."""
        return tuple(dict.fromkeys(n for one in self.failures for n in one.numbers))

    @property
    def blocked(self) -> int:
        """Return how many pull requests it kept from being merged: none, if nobody requires it."""
        return len(self.pulls) if self.is_required else 0


def pull_results(knowledge: Knowledge, before: PullResults | None = None) -> PullResults:
    """Return the results of the last weeks; `before` are older ones of the same community."""
    db, community = knowledge.db, knowledge.community
    since = knowledge.now - KEPT
    news = newer_news(db, before.news if before is not None else None, since=since)
    changed = news.runs[-MOST_RUNS:]
    gate = community.gate.workflow if community.gate else ""
    attempts = [
        run
        for run in attempts_of_runs(db, changed)
        if run.repo in community.repositories and run.workflow != gate and run.trigger != NIGHTLY
    ]
    kept = {} if before is None else dict(before.runs)
    runs = {
        run_id: run
        for run_id, run in (kept | _read(knowledge, attempts)).items()
        if run.created_at >= since
    }
    return PullResults(
        runs=runs,
        news=news,
        is_cut=len(news.runs) > MOST_RUNS or (before is not None and before.is_cut),
        heard_at=last_heard(db, community.repositories),
        now=knowledge.now,
    )


def _read(knowledge: Knowledge, attempts: Iterable[Run]) -> dict[RunId, RunResults]:
    """Return what the tests did in those of some runs that are of pull requests."""
    of_run: dict[RunId, list[Run]] = defaultdict(list)
    for run in attempts:
        of_run[run.run_id].append(run)
    numbers = pulls_of_commits(
        knowledge.db, {(tries[0].repo, tries[0].sha) for tries in of_run.values()}
    )
    wanted = {
        run_id: tries
        for run_id, tries in of_run.items()
        if (tries[0].repo, tries[0].sha) in numbers and tries[0].created_at is not None
    }
    entries: dict[RunId, dict[str, list[Entry]]] = defaultdict(lambda: defaultdict(list))
    for entry in entries_of_runs(knowledge.db, list(wanted)):
        entries[entry[1]][sys.intern(entry[3])].append(entry)
    reader = CellReader(run for tries in wanted.values() for run in tries)
    found = {}
    for run_id, tries in wanted.items():
        first = tries[0]
        assert first.created_at is not None
        cells = {name: reader.cell(of_name) for name, of_name in entries[run_id].items()}
        found[run_id] = RunResults(
            run_id=run_id,
            repo=first.repo,
            workflow=sys.intern(first.workflow),
            sha=first.sha,
            numbers=numbers[first.repo, first.sha],
            created_at=first.created_at,
            passed=tuple(name for name, cell in cells.items() if cell.state is State.PASSED),
            cells={name: cell for name, cell in cells.items() if cell.state is not State.PASSED},
        )
    return found


def pull_tests(knowledge: Knowledge, results: PullResults, window: timedelta) -> list[PullTest]:
    """Return the tests of pull requests in a window, those first that blocked most pull requests."""
    since = results.now - window
    runs = [run for run in results.runs.values() if run.created_at >= since]
    rules = {repo: required_rule(knowledge.db, repo) for repo in knowledge.community.repositories}
    tests = _Tests(rules)
    passes: dict[tuple[Repo, str], Counter[str]] = defaultdict(Counter)
    for run in sorted(runs, key=lambda run: (run.created_at, run.run_id), reverse=True):
        passes[run.repo, run.workflow].update(run.passed)
        for name, cell in run.cells.items():
            _add(tests.of(run.repo, run.workflow, name), run, cell)
    for (repo, workflow), counts in passes.items():
        for name, number in counts.items():
            tests.of(repo, workflow, name).passes += number
    return sorted(
        (test for test in tests if test.passes or test.failures or test.unclear),
        key=lambda test: (-test.blocked, -len(test.pulls), -test.fails, test.full),
    )


class _Tests:
    """The tests while they are being counted."""

    def __init__(self, rules: Mapping[Repo, RequiredRule | None]) -> None:
        self._rules = rules
        self._found: dict[Key, PullTest] = {}

    def __iter__(self) -> Iterator[PullTest]:
        return iter(self._found.values())

    def of(self, repo: Repo, workflow: str, name: str) -> PullTest:
        """Return a test, counted or not."""
        key = (repo, workflow, name)
        test = self._found.get(key)
        if test is None:
            rule = self._rules.get(repo)
            test = self._found[key] = PullTest(
                repo=repo,
                workflow=workflow,
                name=name,
                is_required=rule is not None and rule.requires(workflow, name),
            )
        return test


def _add(test: PullTest, run: RunResults, cell: Cell) -> None:
    """Count what became of a test in a run in which it did not pass at once."""
    failed = [one for one in cell.executions if one.state is State.FAILED]
    if failed and cell.executions[-1] is not failed[0]:
        test.again += 1
        test.helped += cell.state is State.RERUN
    if cell.state is State.RERUN:
        test.passes += 1
    elif cell.state is State.FAILED and cell.last is not None:
        test.failures.append(
            Failure(
                repo=run.repo,
                numbers=run.numbers,
                sha=run.sha,
                run_id=run.run_id,
                last=cell.last,
                tries=len(cell.executions),
            )
        )
    elif cell.state in {State.INFRA, State.CANCELLED, State.UNKNOWN}:
        test.unclear += 1
