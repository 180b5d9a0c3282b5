"""How did the nights go: which tests failed in the newest one, since when, and what changed?

The question behind the nightly page and `status nightly`. A test is a job's name within its workflow; a night is
what the nightly workflows of one calendar day (UTC) did. Only passes and failures count; everything else has a word
of its own and never makes a verdict greener or redder.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta

from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy import Connection

from chatops.answers.night_cells import (
    COUNTED,
    GREEN,
    NOT_THERE_YET,
    UNCLEAR,
    UNSETTLED,
    Cell,
    Execution,
    State,
)
from chatops.answers.night_schedule import Late, late_workflows
from chatops.answers.night_tests import Night, NightRun, Test, Unmade, Weather, read_tests
from chatops.answers.required_rule import RequiredRules, required_rules
from chatops.config import NightlyWorkflow
from chatops.names import Repo, RunId
from chatops.projections.freshness import last_heard
from chatops.projections.jobs import entries_of_runs
from chatops.projections.renames import Lineage, lineage
from chatops.projections.run_news import news_of_runs
from chatops.projections.runs import Run, newest_of_workflows

__all__ = [
    "NIGHTS",
    "Cell",
    "Execution",
    "Newest",
    "Night",
    "NightBoard",
    "NightRun",
    "Sources",
    "State",
    "Test",
    "Unmade",
    "Weather",
    "board_later",
    "board_sources",
    "counted",
    "night_board",
    "placed",
    "unclear_words",
]

NIGHTS = 30
STALE_AFTER = timedelta(hours=26)


class Newest(Struct, frozen=True, kw_only=True):
    """The newest night in words and lists; required tests come first in every list.

    While it runs, the lists speak of the tests that have finished; `expected` is what the night before had.
    """

    night: Night
    counts: Mapping[State, int]
    total: int
    done: int
    expected: int
    required_failed: int
    failed: tuple[Test, ...]
    newly_failing: tuple[Test, ...]
    still_failing: tuple[Test, ...]
    fixed: tuple[Test, ...]
    did_not_run: tuple[Test, ...]
    unclear: tuple[Test, ...]
    failed_before: int

    @property
    def is_running(self) -> bool:
        """Return whether results are still to come."""
        return not self.night.is_over


class NightBoard(Struct, frozen=True, kw_only=True):
    """Everything the nightly page and the chat answer are made of; nights and cells are newest first."""

    nights: tuple[Night, ...]
    tests: tuple[Test, ...]
    unmade: tuple[Unmade, ...]
    newest: Newest | None
    asked: int
    knows_required: bool
    heard_at: datetime | None
    now: datetime
    late: tuple[Late, ...]

    @property
    def is_stale(self) -> bool:
        """Return whether we have heard nothing for longer than a night takes to come."""
        return self.heard_at is not None and self.now - self.heard_at > STALE_AFTER

    @property
    def is_overdue(self) -> bool:
        """Return whether a nightly workflow should have begun again by now."""
        return bool(self.late)

    @property
    def states(self) -> tuple[State, ...]:
        """Return how each night was as a whole, the newest first.

        With hundreds of tests something always fails; what a night is judged by is what had to pass for a merge then.
        """
        return tuple(
            _as_a_whole(
                [
                    test.cells[place].state
                    for test in self.tests
                    if test.was_required(place) or not self.knows_required
                ]
            )
            for place in range(len(self.nights))
        )

    @property
    def verdict(self) -> str:
        """Return the newest night in a sentence or two."""
        if self.newest is None:
            return "No night has been recorded yet."
        if self.newest.is_running:
            return _verdict_while_running(self.newest)
        return _verdict(self.newest)


class Sources(Struct, frozen=True, kw_only=True):
    """What a board is made of, in small. Two boards of one UTC day with equal sources differ in nothing but ages."""

    attempts: tuple[Run, ...]
    nights: tuple[Night, ...]
    news: tuple[tuple[RunId, int], ...]
    rules: Mapping[Repo, RequiredRules]
    renames: Lineage


def board_sources(
    db: Connection,
    repositories: Sequence[Repo],
    workflows: Sequence[NightlyWorkflow],
    *,
    nights: int = NIGHTS,
) -> Sources:
    """Return what the board of the newest nights would be made of: a fraction of what it costs to make it.

    A workflow that does not name its repository runs in the first one.
    """
    in_places = placed(repositories, workflows)
    attempts = tuple(
        run for repo, one in in_places for run in newest_of_workflows(db, repo, [one.name], nights)
    )
    columns = _columns(attempts)[:nights]
    since = _since(columns)
    return Sources(
        attempts=attempts,
        nights=columns,
        news=news_of_runs(db, [run.run_id for night in columns for run in night.runs]),
        rules={
            repo: required_rules(db, repo, since)
            for repo in sorted({*repositories, *(repo for repo, _ in in_places)})
        },
        renames=lineage(db, sorted({*repositories, *(repo for repo, _ in in_places)})),
    )


def night_board(
    db: Connection,
    repositories: Sequence[Repo],
    workflows: Sequence[NightlyWorkflow],
    *,
    nights: int = NIGHTS,
    now: datetime,
    sources: Sources | None = None,
) -> NightBoard:
    """Return the newest nights of these workflows: a handful of queries, whatever the log's length.

    `sources` are those of the same snapshot, if they have been asked for already.
    """
    if sources is None:
        sources = board_sources(db, repositories, workflows, nights=nights)
    columns = sources.nights
    tests, unmade = read_tests(
        columns,
        entries_of_runs(db, [run.run_id for night in columns for run in night.runs]),
        sources.attempts,
        sources.rules,
        now,
        sources.renames,
    )
    return NightBoard(
        nights=columns,
        tests=tests,
        unmade=unmade,
        newest=_newest(columns, tests) if columns else None,
        asked=nights,
        knows_required=any(rules.versions for rules in sources.rules.values()),
        heard_at=last_heard(db, repositories),
        now=now,
        late=late_workflows(columns, placed(repositories, workflows), now),
    )


def board_later(
    db: Connection,
    board: NightBoard,
    repositories: Sequence[Repo],
    workflows: Sequence[NightlyWorkflow],
    *,
    now: datetime,
) -> NightBoard:
    """Return a board at a later moment of the same UTC day, where its nights have not changed: the ages on it have."""
    return replace(
        board,
        heard_at=last_heard(db, repositories),
        now=now,
        late=late_workflows(board.nights, placed(repositories, workflows), now),
    )


def placed(
    repositories: Sequence[Repo], workflows: Sequence[NightlyWorkflow]
) -> list[tuple[Repo, NightlyWorkflow]]:
    """Return each workflow with the repository it runs in: the first one, where it does not say."""
    return [(Repo(one.repository) if one.repository else repositories[0], one) for one in workflows]


def _since(nights: Sequence[Night]) -> datetime | None:
    """Return when the oldest of some nights began, nothing if one does not say; of no nights, the end of time."""
    begun = [night.began_at for night in nights]
    known = [at for at in begun if at is not None]
    if len(known) < len(begun):
        return None
    return min(known, default=datetime.max.replace(tzinfo=UTC))


def _columns(attempts: Iterable[Run]) -> tuple[Night, ...]:
    """Return the nights, the one with the newest run first."""
    runs: dict[RunId, list[Run]] = defaultdict(list)
    for attempt in attempts:
        runs[attempt.run_id].append(attempt)
    by_night: dict[str, list[NightRun]] = defaultdict(list)
    for run_id, of_run in runs.items():
        run = _night_run(sorted(of_run, key=lambda run: run.attempt))
        day = run.created_at.astimezone(UTC).date().isoformat() if run.created_at else ""
        by_night[day or f"#{run.number}/{run_id}"].append(run)
    found = [_night(key, of_night) for key, of_night in by_night.items()]
    return tuple(sorted(found, key=lambda night: night.runs[-1].run_id, reverse=True))


def _night_run(attempts: Sequence[Run]) -> NightRun:
    newest = attempts[-1]
    return NightRun(
        repo=newest.repo,
        workflow=newest.workflow,
        run_id=newest.run_id,
        number=max(run.number for run in attempts),
        attempt=newest.attempt,
        status=newest.status,
        conclusion=newest.conclusion,
        created_at=min((run.created_at for run in attempts if run.created_at), default=None),
        completed_at=newest.completed_at,
    )


def _night(key: str, runs: list[NightRun]) -> Night:
    runs.sort(key=lambda run: run.run_id)
    if key.startswith("#"):
        return Night(
            key=key.partition("/")[0], label=f"#{runs[0].number}", day=None, runs=tuple(runs)
        )
    day = date.fromisoformat(key)
    return Night(key=key, label=f"{day.day} {day:%b}", day=day, runs=tuple(runs))


def _newest(nights: Sequence[Night], tests: Sequence[Test]) -> Newest:
    there = sorted(
        (test for test in tests if not test.is_gone and test.cells[0] is not NOT_THERE_YET),
        key=lambda test: (not test.was_required(0), test.name),
    )
    states = {id(test): test.cells[0].state for test in there}
    counts = Counter(states.values())
    failed = [test for test in there if states[id(test)] is State.FAILED]
    return Newest(
        night=nights[0],
        counts=dict(counts),
        total=len(there),
        done=len(there) - sum(counts[state] for state in UNSETTLED),
        expected=max(len(there), sum(_was_there(test) for test in there)),
        required_failed=sum(test.was_required(0) for test in failed),
        failed=tuple(failed),
        newly_failing=tuple(test for test in failed if test.streak == 1),
        still_failing=tuple(test for test in failed if test.streak > 1),
        fixed=tuple(
            test for test in there if states[id(test)] in GREEN and test.before is State.FAILED
        ),
        did_not_run=tuple(
            test
            for test in there
            if states[id(test)] is State.NOT_RUN
            or (states[id(test)] is State.SKIPPED and test.runs)
        ),
        unclear=tuple(test for test in there if states[id(test)] in UNCLEAR),
        failed_before=sum(
            len(test.cells) > 1 and test.cells[1].state is State.FAILED for test in tests
        ),
    )


def _was_there(test: Test) -> bool:
    return len(test.cells) > 1 and bool(test.cells[1].executions)


def _verdict(newest: Newest) -> str:
    counts, name = newest.counts, newest.night.name
    ran = sum(counts.get(state, 0) for state in COUNTED)
    unclear = unclear_words(counts)
    if not newest.total or not ran:
        return f"No test of {_the_night(name)} has a result{f': {unclear}' if unclear else ''}."
    if newest.failed:
        required = f", {newest.required_failed} of them required" if newest.required_failed else ""
        said = f"{len(newest.failed)} of {counted(newest.total, 'test')} failed in {_the_night(name)}{required}."
        said = f"{said} {_changes(newest)}"
    else:
        every = "All" if ran == newest.total else "No test failed: all"
        said = f"{every} {counted(ran, 'test')} that ran passed in {_the_night(name)}."
    return f"{said} Without a verdict: {unclear}." if unclear else said


def _verdict_while_running(newest: Newest) -> str:
    failed = f"{len(newest.failed)} failed" if newest.failed else "none failed"
    required = f", {newest.required_failed} of them required" if newest.required_failed else ""
    said = (
        f"The night of {newest.night.name} is running: {newest.done} of about "
        f"{counted(newest.expected, 'test')} are done, {failed}{required} so far."
    )
    return (
        f"{said} {newest.failed_before} failed in the night before."
        if newest.failed_before
        else said
    )


def _changes(newest: Newest) -> str:
    new, old = len(newest.newly_failing), len(newest.still_failing)
    if not old:
        return "It is new." if new == 1 else "All of them are new."
    nights = max(test.streak for test in newest.still_failing)
    older = f"{old} still {'fails' if old == 1 else 'fail'} (up to {nights} nights)"
    return f"{new} {'is' if new == 1 else 'are'} new, {older}." if new else f"None is new, {older}."


def unclear_words(counts: Mapping[State, int]) -> str:
    """Return how many tests have no verdict, by why: `1 cancelled, 2 not run`."""
    words = {
        State.INFRA: "infrastructure failed",
        State.CANCELLED: "cancelled",
        State.NOT_RUN: "not run",
        State.UNKNOWN: "unknown",
    }
    return ", ".join(
        f"{counts[state]} {word}" for state, word in words.items() if counts.get(state)
    )


def _the_night(name: str) -> str:
    return name if name.startswith("run ") else f"the night of {name}"


def _as_a_whole(states: Sequence[State]) -> State:
    """Return how a night was: one failure makes it failed, and only results make it passed."""
    for state in (State.RUNNING, State.QUEUED, State.FAILED):
        if state in states:
            return state
    return State.PASSED if any(state in COUNTED for state in states) else State.UNKNOWN


def counted(number: int, word: str) -> str:
    """Return a number with its word, in the singular or the plural."""
    return f"{number:,} {word}" if number == 1 else f"{number:,} {word}s"
