"""How do the tests do in pull requests: how many does each block, how often does it fail, and does a rerun help?

Results are those of every head in the last weeks, also of closed and merged ones. They are counted day by day and made
from those before: only runs of which there is news are read again, and only their days are counted anew.
"""

import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta

from msgspec import Struct, field

from chatops.answers.job_words import LEVEL
from chatops.answers.night_cells import Cell, CellReader, Execution, State
from chatops.answers.required_rule import required_rule
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


class RunResults(Struct, frozen=True, kw_only=True):
    """What the tests of one run did on a head. `passed` did so at once; `cells` has all others."""

    run_id: RunId
    repo: Repo
    workflow: str
    sha: Sha
    numbers: tuple[PullNumber, ...]
    created_at: datetime
    passed: tuple[str, ...]
    cells: Mapping[str, Cell]


class Failure(Struct, frozen=True, kw_only=True):
    """One run in which a test failed in the end."""

    repo: Repo
    numbers: tuple[PullNumber, ...]
    sha: Sha
    run_id: RunId
    last: Execution
    tries: int


class Tally(Struct, kw_only=True):
    """What became of a test in some runs, as `PullTest` says."""

    passes: int = 0
    again: int = 0
    helped: int = 0
    unclear: int = 0
    failures: list[Failure] = field(default_factory=list)

    def add(self, other: "Tally") -> None:
        """Count what became of it in earlier runs, too."""
        self.passes += other.passes
        self.again += other.again
        self.helped += other.helped
        self.unclear += other.unclear
        self.failures.extend(other.failures)

    @property
    def fails(self) -> int:
        """Return in how many runs it failed in the end."""
        return len(self.failures)


class Day(Struct, frozen=True, kw_only=True):
    """The runs that were created on one day (UTC), and what became of each test in them."""

    runs: Mapping[RunId, RunResults]
    tallies: Mapping[Key, Tally]


class PullResults(Struct, frozen=True, kw_only=True):
    """The results of a community's pull requests, by day; `is_cut` if there were more than are kept."""

    days: Mapping[date, Day]
    news: News
    is_cut: bool
    heard_at: datetime | None
    now: datetime

    def within(self, window: timedelta) -> list[Day]:
        """Return the days of a window, the newest first."""
        since = (self.now - window).astimezone(UTC).date()
        return [self.days[day] for day in sorted(self.days, reverse=True) if day >= since]


class PullTest(Tally, kw_only=True):
    """One test over all pull requests of a window.

    `fails` and `passes` are runs, by how it ended there. `again` is in how many it was run again after a failure,
    `helped` how often it then passed. What was cancelled, skipped, or failed before the test is none of these.
    """

    repo: Repo
    workflow: str
    name: str
    is_required: bool

    @property
    def full(self) -> str:
        """Return its name with its workflow before it, where that is known."""
        return f"{self.workflow}{LEVEL}{self.name}" if self.workflow else self.name

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
    return PullResults(
        days=_days(before.days if before is not None else {}, _read(knowledge, attempts), since),
        news=news,
        is_cut=len(news.runs) > MOST_RUNS or (before is not None and before.is_cut),
        heard_at=last_heard(db, community.repositories),
        now=knowledge.now,
    )


def _read(knowledge: Knowledge, attempts: Iterable[Run]) -> list[RunResults]:
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
    found = []
    for run_id, tries in wanted.items():
        first = tries[0]
        assert first.created_at is not None
        cells = {name: reader.cell(of_name) for name, of_name in entries[run_id].items()}
        found.append(
            RunResults(
                run_id=run_id,
                repo=first.repo,
                workflow=sys.intern(first.workflow),
                sha=first.sha,
                numbers=numbers[first.repo, first.sha],
                created_at=first.created_at,
                passed=tuple(name for name, cell in cells.items() if cell.state is State.PASSED),
                cells={
                    name: cell for name, cell in cells.items() if cell.state is not State.PASSED
                },
            )
        )
    return found


def _days(
    before: Mapping[date, Day], read: Iterable[RunResults], since: datetime
) -> dict[date, Day]:
    """Return the days since a moment, those counted anew on which a run was read."""
    oldest = since.astimezone(UTC).date()
    changed: dict[date, dict[RunId, RunResults]] = defaultdict(dict)
    for run in read:
        changed[run.created_at.astimezone(UTC).date()][run.run_id] = run
    days = {day: one for day, one in before.items() if day >= oldest}
    for day, runs in changed.items():
        if day >= oldest:
            all_runs = {**(days[day].runs if day in days else {}), **runs}
            days[day] = Day(runs=all_runs, tallies=_tallies(all_runs.values()))
    return days


def _tallies(runs: Iterable[RunResults]) -> dict[Key, Tally]:
    """Return what became of each test in these runs; its failures are the newest first."""
    found: dict[Key, Tally] = defaultdict(Tally)
    passes: dict[tuple[Repo, str], Counter[str]] = defaultdict(Counter)
    for run in sorted(runs, key=lambda run: (run.created_at, run.run_id), reverse=True):
        passes[run.repo, run.workflow].update(run.passed)
        for name, cell in run.cells.items():
            _count(found[run.repo, run.workflow, name], run, cell)
    for (repo, workflow), counts in passes.items():
        for name, number in counts.items():
            found[repo, workflow, name].passes += number
    return found


def _count(tally: Tally, run: RunResults, cell: Cell) -> None:
    """Count what became of a test in a run in which it did not pass at once."""
    failed = [one for one in cell.executions if one.state is State.FAILED]
    if failed and cell.executions[-1] is not failed[0]:
        tally.again += 1
        tally.helped += cell.state is State.RERUN
    if cell.state is State.RERUN:
        tally.passes += 1
    elif cell.state is State.FAILED and cell.last is not None:
        tally.failures.append(
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
        tally.unclear += 1


def pull_tests(knowledge: Knowledge, results: PullResults, window: timedelta) -> list[PullTest]:
    """Return the tests of pull requests in a window, those first that blocked most pull requests."""
    rules = {repo: required_rule(knowledge.db, repo) for repo in knowledge.community.repositories}
    tests: dict[Key, PullTest] = {}
    for day in results.within(window):
        for key, tally in day.tallies.items():
            test = tests.get(key)
            if test is None:
                repo, workflow, name = key
                rule = rules.get(repo)
                test = tests[key] = PullTest(
                    repo=repo,
                    workflow=workflow,
                    name=name,
                    is_required=rule is not None and rule.requires(workflow, name),
                )
            test.add(tally)
    return sorted(
        (test for test in tests.values() if test.passes or test.failures or test.unclear),
        key=lambda test: (-test.blocked, -len(test.pulls), -test.fails, test.full),
    )
