import html
import json
import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from chatops.config import Community
from chatops.engine.command import Knowledge
from chatops.events import Event
from chatops.pages.one_run import (
    one_attempt_json,
    one_run_json,
    render_one_attempt,
    render_one_run,
)
from tests.answers.test_one_run import TONIGHT, tonight
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
    nights_database,
    reported,
    required,
)
from tests.pages.test_one_test import HOSTILE, text_of

ACME = Community(key="acme", title="Acme Rockets", repositories=(REPO,), nightly=(SCHEDULE,))


def both_of(folder: Path, facts: list[Event], **query: str) -> tuple[str, Mapping[str, object]]:
    """Return the page, and what programs are told."""
    with nights_database(folder, facts) as db:
        knowledge = Knowledge(
            db=db, community=ACME, now=MORNING, github_url="https://github.example"
        )
        asked = {"id": str(TONIGHT), **query}
        if "attempt" in query:
            page, told = render_one_attempt(knowledge, asked), one_attempt_json(knowledge, asked)
        else:
            page, told = render_one_run(knowledge, asked), one_run_json(knowledge, asked)
    assert page is not None
    assert told is not None
    return page, json.loads(told)


def group(page: str, title: str) -> str:
    """Return a group of jobs."""
    found = next(
        part for part in page.split("<details")[1:] if f"<h2>{title} <b>" in part.partition("</summary>")[0]
    )  # fmt: skip
    return found.partition("</details>")[0]


def test_it_begins_with_what_failed_and_since_when(tmp_path: Path) -> None:
    page, _ = both_of(tmp_path, [*tonight({"a": PASS}, ago=1), *tonight({"a": FAIL, "b": PASS})])
    text = text_of(page.partition('tabindex="-1">')[2])

    assert text.startswith("Run Nightly #1000 1 of 2 jobs failed. It passed in the night before.")
    assert "new: it passed" in group(page, "Failed")
    assert ' href="../tests/Nightly~~a"' in group(page, "Failed")


def test_failures_are_open_and_what_went_well_is_folded(tmp_path: Path) -> None:
    jobs = {"a": FAIL, "b": CANCELLED, "c": PASS, "d": SKIPPED, "e": SETUP}
    page, _ = both_of(tmp_path, tonight(jobs))

    states = re.findall(
        r'<details class="group of-run [a-z]*"( open)?>\s*<summary><h2>(.*?) <b>(\d)', page
    )
    assert states == [
        (" open", "Failed", "1"), (" open", "No verdict", "2"), ("", "Passed", "1"), ("", "Skipped", "1"),
    ]  # fmt: skip


def test_attempts_stand_above_with_what_was_carried_over(tmp_path: Path) -> None:
    facts = tonight({"a": FAIL, "b": PASS}, {"a": PASS, "b": CARRIED})
    page, told = both_of(tmp_path, facts)
    text = text_of(page)

    assert "attempt 2 of 2" in text
    assert re.search(r"Attempt 2 success .* 1 h 30 min 1 1 0 1 Attempt 1", text)
    assert "carried over from 1" in group(page, "Passed")
    assert 'title="failed on attempt 1"' in group(page, "Passed on rerun")
    assert told["attempts"][1]["carried_over"] == 1  # type: ignore[index]  # JSON


def test_an_earlier_attempt_says_that_it_is_not_the_newest(tmp_path: Path) -> None:
    facts = tonight({"a": FAIL}, {"a": PASS})
    page, told = both_of(tmp_path, facts, attempt="1")

    assert "This is how it was after attempt 1." in page
    assert f'href="../../runs/{TONIGHT}"' in page
    assert 'href="1.json"' in page
    assert told["attempt"] == 1


def test_a_run_that_has_not_ended_shows_what_runs(tmp_path: Path) -> None:
    page, _ = both_of(tmp_path, tonight({"a": RUNNING, "b": PASS}, is_over=False))

    assert "It is running: 1 of 2 known jobs are done" in page
    assert "<bdi>a</bdi>" in group(page, "Not over")


def test_a_run_that_a_file_told_of_is_shown_without_what_it_did_not_say(tmp_path: Path) -> None:
    page, told = both_of(tmp_path, reported(7, {"a": "Fail", "b": "Pass"}), id="20000000007")

    assert "1 of 2 jobs failed." in page
    assert "None" not in text_of(page)
    assert (told["sha"], told["trigger"], told["compared_with"]) == (None, None, None)


def test_required_jobs_come_first(tmp_path: Path) -> None:
    page, _ = both_of(tmp_path, [*tonight({"a": FAIL, "z": FAIL}), *required("CI / z")])
    failed = group(page, "Failed")

    assert failed.index("<bdi>z</bdi>") < failed.index("<bdi>a</bdi>")
    assert failed.count('<b class="req">required</b>') == 1


@pytest.mark.parametrize("name", HOSTILE, ids=lambda name: name[:12])
def test_a_hostile_name_stays_text(tmp_path: Path, name: str) -> None:
    page, told = both_of(tmp_path, tonight({name: FAIL}))

    assert "<script>alert" not in page
    assert 'onmouseover="x' not in page
    assert [job["name"] for job in told["jobs"]] == [name]  # type: ignore[attr-defined]  # JSON
    assert html.escape(name, quote=False) in page.replace("&#34;", '"').replace("&#39;", "'")


@pytest.mark.parametrize(
    "query",
    [{"id": "1"}, {"id": "x"}, {"id": ""}, {"id": "9" * 30}, {"attempt": "3"}, {"attempt": "x"}],
)
def test_what_is_not_there_is_nothing(tmp_path: Path, query: Mapping[str, str]) -> None:
    with nights_database(tmp_path, tonight({"a": PASS})) as db:
        knowledge = Knowledge(db=db, community=ACME, now=MORNING)
        asked = {"id": str(TONIGHT), **query}

        assert render_one_attempt(knowledge, asked) is None
        assert one_attempt_json(knowledge, asked) is None
        if "attempt" not in query:
            assert render_one_run(knowledge, asked) is None
            assert one_run_json(knowledge, asked) is None


def test_programs_are_told_the_same(tmp_path: Path) -> None:
    facts = [
        *tonight({"a": PASS, "b": FAIL}, ago=1),
        *tonight({"a": FAIL, "b": FAIL, "c": CANCELLED, "d": PASS}, {"a": FAIL, "b": PASS, "c": CARRIED, "d": CARRIED}),
    ]  # fmt: skip
    page, told = both_of(tmp_path, facts)
    text = text_of(page)

    assert str(told["verdict"]) in text
    for state, number in told["counts"].items():  # type: ignore[attr-defined]  # JSON
        assert f"{number} {state}" in text
    rows = re.findall(
        r'<th scope="row">(?:<b.*?</b> )?<a href="../tests/[^"]*" title="(.*?)"', page
    )
    assert [job["name"] for job in told["jobs"]] == rows  # type: ignore[attr-defined]  # JSON
    assert {job["name"]: job["since"] for job in told["jobs"]}["a"] == "newly"  # type: ignore[attr-defined]  # JSON
