"""The first dashboards' files, written from what is known and read back as an import reads them."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from chatops.answers.nights import NightBoard, night_board
from chatops.answers.pull_results import pull_results
from chatops.events import Event
from chatops.events.gate import RequiredReported
from chatops.events.runs import JobReported
from chatops.intake.dashboard_files import read_dashboard_file, recount
from chatops.views.dashboard_files import check_stats, job_stats
from tests.builders import (
    CANCELLED,
    CARRIED,
    FAIL,
    MORNING,
    PASS,
    REPO,
    RUNNING,
    SCHEDULE,
    SETUP,
    SKIPPED,
    night,
    nights_database,
    required,
)
from tests.pulls import RULES, opened, ran
from tests.scene import scene

GITHUB = "https://github.com"
NIGHTS = [
    *night(0, {"boot": FAIL, "land": PASS, "fuel": SKIPPED, "wait": RUNNING}),
    *night(1, {"boot": FAIL, "land": PASS, "fuel": CANCELLED}, {"boot": PASS, "land": CARRIED}),
    *night(2, {"boot": PASS, "land": SETUP, "fuel": PASS}),
    *required("Nightly / land"),
]


def board(folder: Path, facts: Iterable[Event]) -> NightBoard:
    with nights_database(folder, list(facts)) as db:
        return night_board(db, [REPO], [SCHEDULE], now=MORNING)


def stats(folder: Path, facts: Iterable[Event] = NIGHTS) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(job_stats(board(folder, facts), "Nightly", GITHUB))
    return found


def test_lists_run_in_parallel_from_the_newest_night(tmp_path: Path) -> None:
    boot = stats(tmp_path)["boot"]

    assert boot["results"] == ["Fail", "Pass", "Pass"]
    assert boot["run_nums"] == [1_000, 999, 998]
    assert boot["reruns"] == [0, 1, 0]
    assert boot["rerun_results"] == [None, ["Fail"], None]
    assert (boot["runs"], boot["fails"], boot["skips"]) == (3, 2, 0)
    assert all("/actions/runs/" in url for url in boot["urls"])


def test_a_job_stands_in_every_attempt_of_its_run(tmp_path: Path) -> None:
    land = stats(tmp_path)["land"]

    assert land["rerun_results"] == [None, ["Pass"], None]
    assert land["results"] == ["Pass", "Pass", "Fail"]
    assert land["required"]


def test_what_has_no_word_there_is_left_out_and_not_called_a_failure(tmp_path: Path) -> None:
    found = stats(tmp_path)

    assert found["fuel"]["results"] == ["Skip", "Pass"]
    assert found["fuel"]["run_nums"] == [1_000, 998]
    assert "wait" not in found


def test_what_was_written_is_read_back_as_it_was(tmp_path: Path) -> None:
    told = stats(tmp_path)
    path = tmp_path / "job_stats.json"
    path.write_text(json.dumps(told))

    imported = read_dashboard_file(path, repo=None, workflow="Nightly")

    assert recount(imported.facts, with_attempts=True) == imported.totals
    jobs = {
        (fact.event.run_id, fact.event.attempt, fact.event.name): (
            fact.event.result,
            fact.event.carried,
        )
        for fact in imported.facts
        if isinstance(fact.event, JobReported)
    }
    of_name = sorted(
        (attempt, *said) for (_, attempt, name), said in jobs.items() if name == "land"
    )
    assert of_name == [
        (1, "Fail", False),
        (1, "Pass", False),
        (1, "Pass", False),
        (2, "Pass", True),
    ]
    assert [
        fact.event.names for fact in imported.facts if isinstance(fact.event, RequiredReported)
    ] == [("land",)]


def test_results_of_pull_requests_are_by_test_and_number(tmp_path: Path) -> None:
    facts = [
        RULES,
        opened(1),
        opened(2),
        *ran(1, {"test (a)": "failure:Run tests", "build": "success"}),
        *ran(1, {"test (a)": "success"}, attempt=2),
        *ran(2, {"test (a)": "success", "build": "cancelled"}),
    ]
    with scene(tmp_path, facts) as world, world.knowledge() as knowledge:
        told = check_stats(knowledge, pull_results(knowledge))
    path = tmp_path / "check_stats.json"
    path.write_text(told)

    imported = read_dashboard_file(path, repo=None, workflow="")

    found = json.loads(told)
    assert found["test (a)"]["run_nums"] == [2, 1]
    assert found["test (a)"]["results"] == ["Pass", "Pass"]
    assert found["test (a)"]["rerun_results"] == [None, ["Fail"]]
    assert found["build"]["run_nums"] == [1]
    assert found["build"]["required"]
    assert imported.kind == "checks of pull requests"
    assert imported.totals == {"runs": 3, "fails": 1, "skips": 0}
