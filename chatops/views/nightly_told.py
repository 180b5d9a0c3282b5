"""The nights for programs: what each test did in each of them, in the words of an API.

Whoever counts for themselves reads this. A test that simply passed in a night is one word there; where there is more to
say, every time that it ran is told.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import NotRequired, TypedDict

from chatops.answers.nights import Cell, Newest, Night, NightBoard, State, Test, Unmade
from chatops.views.night_traits import Traits
from chatops.views.nightly_detail import job_link, run_link


class NewestTold(TypedDict):
    """The newest night in numbers and names."""

    night: str
    is_running: bool
    total: int
    done: int
    expected: int
    counts: Mapping[str, int]
    failed: Sequence[str]
    newly_failing: Sequence[str]
    still_failing: Sequence[str]
    fixed: Sequence[str]
    did_not_run: Sequence[str]


class RunOfNight(TypedDict):
    """One run of a night."""

    repository: str
    workflow: str
    run_id: int
    number: int
    attempt: int
    status: str
    conclusion: str
    url: str


class NightOfBoard(TypedDict):
    """One night."""

    key: str
    day: date | None
    is_over: bool
    runs: Sequence[RunOfNight]


class TriedInNight(TypedDict):
    """One time that a test ran in a night."""

    attempt: int | None
    state: str
    conclusion: str
    failed_step: str
    started_at: datetime | None
    seconds: int | None
    url: str


class CellTold(TypedDict):
    """What became of a test in a night, where there is more to say than that it passed at once."""

    state: str
    reason: NotRequired[str]
    executions: NotRequired[Sequence[TriedInNight]]


class TestOfBoard(TypedDict):
    """One test with its nights, the newest first."""

    repository: str
    workflow: str
    name: str
    is_required: bool
    is_gone: bool
    fails: int
    runs: int
    reruns: int
    streak: int
    since: str | None
    weather: str
    status: str | None
    owners: Sequence[str]
    group: str
    facets: Mapping[str, Sequence[str]]
    cells: Sequence[str | CellTold]


class UnmadeTold(TypedDict):
    """A bare name that stands for tests that were not made."""

    repository: str
    workflow: str
    name: str
    how: str
    nights: Sequence[str]


class NightlyDocument(TypedDict):
    """The nights, and what each test did in them."""

    verdict: str
    as_of: datetime
    heard_at: datetime | None
    is_stale: bool
    is_overdue: bool
    knows_required: bool
    newest: NewestTold | None
    nights: Sequence[NightOfBoard]
    tests: Sequence[TestOfBoard]
    notes: Sequence[str]
    not_made: Sequence[UnmadeTold]


def nightly_document(
    board: NightBoard, shown: Iterable[Traits], notes: Sequence[str], github_url: str
) -> NightlyDocument:
    """Return the nights with the tests that are shown of them."""
    return {
        "verdict": board.verdict,
        "as_of": board.now,
        "heard_at": board.heard_at,
        "is_stale": board.is_stale,
        "is_overdue": board.is_overdue,
        "knows_required": board.knows_required,
        "newest": None if board.newest is None else _newest(board.newest),
        "nights": [_night(night, github_url) for night in board.nights],
        "tests": [_test(traits, github_url) for traits in shown],
        "notes": notes,
        "not_made": [_unmade(one) for one in board.unmade],
    }


def _newest(newest: Newest) -> NewestTold:
    return {
        "night": newest.night.key,
        "is_running": newest.is_running,
        "total": newest.total,
        "done": newest.done,
        "expected": newest.expected,
        "counts": {state.value: number for state, number in newest.counts.items()},
        "failed": names_of(newest.failed),
        "newly_failing": names_of(newest.newly_failing),
        "still_failing": names_of(newest.still_failing),
        "fixed": names_of(newest.fixed),
        "did_not_run": names_of(newest.did_not_run),
    }


def names_of(tests: Iterable[Test]) -> tuple[str, ...]:
    """Return what tests are called."""
    return tuple(test.name for test in tests)


def _night(night: Night, github_url: str) -> NightOfBoard:
    return {
        "key": night.key,
        "day": night.day,
        "is_over": night.is_over,
        "runs": [
            {
                "repository": run.repo,
                "workflow": run.workflow,
                "run_id": run.run_id,
                "number": run.number,
                "attempt": run.attempt,
                "status": run.status,
                "conclusion": run.conclusion,
                "url": run_link(run.repo, run.run_id, github_url),
            }
            for run in night.runs
        ],
    }


def _test(traits: Traits, github_url: str) -> TestOfBoard:
    test = traits.test
    return {
        "repository": test.repo,
        "workflow": test.workflow,
        "name": test.name,
        "is_required": test.is_required,
        "is_gone": test.is_gone,
        "fails": test.fails,
        "runs": test.runs,
        "reruns": test.reruns,
        "streak": test.streak,
        "since": test.since.key if test.since else None,
        "weather": test.weather.word,
        "status": traits.status or None,
        "owners": traits.owners,
        "group": traits.place.suite,
        "facets": traits.facets,
        "cells": [_cell(test, cell, github_url) for cell in test.cells],
    }


def _unmade(unmade: Unmade) -> UnmadeTold:
    return {
        "repository": unmade.repo,
        "workflow": unmade.workflow,
        "name": unmade.name,
        "how": unmade.how,
        "nights": [night.key for night in unmade.nights],
    }


def _cell(test: Test, cell: Cell, github_url: str) -> str | CellTold:
    """Return a cell: the word alone where it passed at once, everything where there is something to say."""
    if cell.state is State.PASSED and len(cell.executions) == 1:
        return cell.state.value
    told: CellTold = {"state": cell.state.value}
    if cell.reason:
        told["reason"] = cell.reason
    if cell.executions:
        told["executions"] = [
            {
                "attempt": execution.attempt or None,
                "state": execution.state.value,
                "conclusion": execution.conclusion,
                "failed_step": execution.failed_step,
                "started_at": execution.started_at,
                "seconds": int(execution.took.total_seconds()) if execution.took else None,
                "url": job_link(test.repo, execution, github_url),
            }
            for execution in cell.executions
        ]
    return told
