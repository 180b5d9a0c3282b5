"""The first dashboards' data files, made from what is known here: `job_stats.json` of nights, `check_stats.json` of
pull requests, as `chatops import` reads them back.

The files have three words, `Pass`, `Fail` and `Skip`, and take them from GitHub's conclusions. Whatever ended
otherwise, or has not ended, is in none of them: it would have to be called a failure. As in the originals a job stands
in every later attempt of its run, although it was not run again; and `fails` and `skips` count every attempt.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any

import msgspec

from chatops.answers.night_cells import Cell, Execution
from chatops.answers.nights import NightBoard, Test
from chatops.answers.pull_results import PullResults, RunResults, pull_tests
from chatops.engine.command import Knowledge
from chatops.names import PullNumber, Repo

WORDS = {"success": "Pass", "failure": "Fail", "timed_out": "Fail", "skipped": "Skip"}
MOST_PULLS = 50
WINDOW = timedelta(days=30)
Attempts = list[tuple[str, str]]
"""How each attempt ended and where it is, the oldest first."""


def job_stats(board: NightBoard, workflow: str, github_url: str) -> str:
    """Return the file about the nights of one workflow."""
    tests = {
        test.name: {
            **_lists(_nights(test, board, github_url)),
            **({"required": test.is_required} if board.knows_required else {}),
        }
        for test in board.tests
        if test.workflow == workflow
    }
    return _written({name: test for name, test in tests.items() if test["runs"]})


def check_stats(knowledge: Knowledge, results: PullResults) -> str:
    """Return the file about pull requests of the community's first repository; the newest pull request comes first."""
    repo = knowledge.community.repositories[0]
    required = {test.name for test in pull_tests(knowledge, results, WINDOW) if test.is_required}
    runs = sorted(
        (run for day in results.within(WINDOW) for run in day.runs.values() if run.repo == repo),
        key=lambda run: run.run_id,
    )
    numbers = sorted({number for run in runs for number in run.numbers}, reverse=True)
    by_test: dict[str, dict[PullNumber, Attempts]] = defaultdict(lambda: defaultdict(list))
    for run in runs:
        for name, attempts in _of_run(run, knowledge.github_url):
            for number in run.numbers:
                by_test[name][number] += attempts
    shown = numbers[:MOST_PULLS]
    return _written(
        {
            name: {
                **_lists(
                    [
                        (number, _pull_url(repo, number, knowledge.github_url), of[number])
                        for number in shown
                        if of.get(number)
                    ]
                ),
                "required": name in required,
            }
            for name, of in by_test.items()
            if any(number in of for number in shown)
        }
    )


def _nights(test: Test, board: NightBoard, github_url: str) -> list[tuple[int, str, Attempts]]:
    found = []
    for night, cell in zip(board.nights, test.cells, strict=True):
        for run in night.runs:
            if (run.repo, run.workflow) != (test.repo, test.workflow) or not run.number:
                continue
            url = f"{github_url}/{run.repo}/actions/runs/{run.run_id}"
            attempts = _attempts(cell, run.run_id, run.attempt, url)
            if attempts:
                found.append((run.number, url, attempts))
    return found


def _attempts(cell: Cell, run_id: int, newest: int, url: str) -> Attempts:
    """Return how the test stood after each attempt of a run; nothing where that has no word in the end."""
    ran = {max(1, one.attempt): one for one in cell.executions if one.run_id == run_id}
    found: Attempts = []
    for attempt in range(1, newest + 1):
        if attempt in ran:
            word = WORDS.get(ran[attempt].conclusion, "")
            if word:
                found.append((word, _job_url(ran[attempt], url)))
            elif attempt == max(ran):
                return []
        elif found:
            found.append(found[-1])
    return found


def _of_run(run: RunResults, github_url: str) -> Iterable[tuple[str, Attempts]]:
    url = f"{github_url}/{run.repo}/actions/runs/{run.run_id}"
    for name in run.passed:
        yield name, [("Pass", url)]
    for name, cell in run.cells.items():
        attempts = [
            (WORDS[one.conclusion], _job_url(one, url))
            for one in cell.executions
            if one.run_id == run.run_id and one.conclusion in WORDS
        ]
        if attempts and cell.last is not None and cell.last.conclusion in WORDS:
            yield name, attempts


def _job_url(one: Execution, run_url: str) -> str:
    return f"{run_url}/job/{one.job_id}" if one.job_id else run_url


def _pull_url(repo: Repo, number: PullNumber, github_url: str) -> str:
    return f"{github_url}/{repo}/pull/{number}/checks"


def _lists(found: Sequence[tuple[int, str, Attempts]]) -> dict[str, Any]:
    """Return the parallel lists, the newest first, and what they add up to."""
    words = [word for _, _, attempts in found for word, _ in attempts]
    newest_first = [attempts[::-1] for _, _, attempts in found]
    return {
        "runs": len(found),
        "fails": words.count("Fail"),
        "skips": words.count("Skip"),
        "urls": [url for _, url, _ in found],
        "results": [attempts[0][0] for attempts in newest_first],
        "run_nums": [number for number, _, _ in found],
        "reruns": [len(attempts) - 1 for attempts in newest_first],
        "rerun_results": [[word for word, _ in attempts[1:]] or None for attempts in newest_first],
        "attempt_urls": [[url for _, url in attempts] for attempts in newest_first],
    }


def _written(tests: Mapping[str, Any]) -> str:
    return msgspec.json.encode(tests).decode()
