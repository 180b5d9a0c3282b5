import json
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from chatops.answers.open_queue import Queue, open_queue
from chatops.answers.pull_results import PullResults, pull_results
from chatops.engine.command import Knowledge
from chatops.events import Event
from chatops.pages.pr_tests import ON_A_PAGE, listed, pr_tests_json, render_pr_tests
from tests.projections.test_reported_checks import told
from tests.pulls import HOSTILE, RULES, opened, ran, town
from tests.scene import scene

Known = tuple[Knowledge, PullResults, Queue]


@contextmanager
def known(folder: Path, events: Sequence[Event]) -> Iterator[Known]:
    with scene(folder, events) as world, world.knowledge() as knowledge:
        yield knowledge, pull_results(knowledge), open_queue(knowledge)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, ["CI / test (a)", "CI / lint", "CI / test (b)"]),
        ({"s": "name"}, ["CI / lint", "CI / test (a)", "CI / test (b)"]),
        ({"s": "reruns"}, ["CI / test (b)", "CI / test (a)", "CI / lint"]),
        ({"required": "1"}, ["CI / test (a)", "CI / test (b)"]),
        ({"q": "TEST ci (b"}, ["CI / test (b)"]),
        ({"all": "1"}, ["CI / test (a)", "CI / lint", "CI / build", "CI / test (b)"]),
        ({"q": "nothing"}, []),
        ({"q": "-required:yes"}, ["CI / lint"]),
        ({"q": "owner:none lint,(b"}, ["CI / lint", "CI / test (b)"]),
    ],
)
def test_it_is_filtered_and_sorted_by_what_the_address_says(
    tmp_path: Path, query: dict[str, str], found: list[str]
) -> None:
    with known(tmp_path, town()) as all_known:
        assert [row.test.full for row in listed(*all_known, query).rows] == found


@pytest.mark.parametrize("key", ["w", "s", "p"])
def test_what_an_address_cannot_mean_is_left_out_and_said(tmp_path: Path, key: str) -> None:
    with known(tmp_path, town()) as all_known:
        (note,) = listed(*all_known, {key: "odd"}).asked.notes

    assert note.startswith("“odd” is no")


def test_the_sentence_says_what_blocks_and_whether_reruns_help(tmp_path: Path) -> None:
    with known(tmp_path, town()) as all_known:
        page = render_pr_tests(*all_known, {})

    assert "1 required test blocked 3 pull requests in the last 7 days." in page
    assert "Running again helped in 1 of 2 cases." in page


def test_a_test_leads_to_its_failures(tmp_path: Path) -> None:
    with known(tmp_path, town()) as all_known:
        page = render_pr_tests(*all_known, {"sel": "CI / test (a)"})
        told = json.loads(pr_tests_json(*all_known, {"sel": "CI / test (a)"}))

    failures = told["selected"]["failures"]
    assert [one["pull_requests"] for one in failures] == [[7], [5], [1]]
    for one in failures:
        assert f'href="{one["url"]}"' in page
    assert "Failures of <bdi>CI / test (a)</bdi>" in page


def test_a_test_that_is_not_there_is_said(tmp_path: Path) -> None:
    with known(tmp_path, town()) as all_known:
        page = render_pr_tests(*all_known, {"sel": "<i>gone"})

    assert "No test here is called <bdi>&lt;i&gt;gone</bdi>" in page


def test_what_it_blocks_now_is_told_apart_from_what_it_blocked(tmp_path: Path) -> None:
    with known(tmp_path, town()) as all_known:
        (row, *_) = listed(*all_known, {}).rows

    assert (row.test.blocked, row.now) == (3, 2)


def test_nothing_at_all_is_said(tmp_path: Path) -> None:
    with known(tmp_path, []) as all_known:
        page = render_pr_tests(*all_known, {})

    assert "No test has run in a pull request in the last 7 days." in page


def test_what_only_files_tell_is_shown_apart_with_their_totals(tmp_path: Path) -> None:
    evil = "suite / <b>bold"
    facts = [
        RULES, told(8, "test (a)", 1, "Fail"), told(9, "test (a)", 1, "Fail"), told(9, "test (a)", 2, "Pass"),
        told(9, evil, 1, "Fail"), told(9, "lint", 1, "Skip"),
    ]  # fmt: skip
    with known(tmp_path, facts) as all_known:
        usual = render_pr_tests(*all_known, {})
        page = render_pr_tests(*all_known, {"w": "files", "sel": evil})
        document = json.loads(pr_tests_json(*all_known, {"w": "files", "sel": evil}))

    assert '<a href="?w=files">Look at those</a>' in usual
    assert "<span>1 passed, 3 failed, 1 skipped, each attempt counted</span>" in page
    assert document["reported"] == {"pull_requests": 2, "passed": 1, "failed": 3, "skipped": 1}
    assert document["window_days"] is None
    assert document["verdict"] in page
    assert document["verdict"].startswith(
        "1 required test blocked 1 pull request of those that were imported. Running again helped in 1 of 1"
    )
    assert [(row["name"], row["failed_on"]) for row in document["rows"]] == [
        ("test (a)", [8]),
        (evil, [9]),
    ]
    assert [one["url"] for one in document["selected"]["failures"]] == [
        "https://github.com/acme/rocket/actions/runs/90/job/1"
    ]
    assert 'href="https://github.com/acme/rocket/pull/8"' in page
    assert "<b>bold" not in page


def test_without_an_import_nobody_is_asked_to_choose_one(tmp_path: Path) -> None:
    with known(tmp_path, town()) as all_known:
        usual = render_pr_tests(*all_known, {})
        page = render_pr_tests(*all_known, {"w": "files"})

    assert "in files" not in usual
    assert "No test has run in a pull request of those that were imported." in page


def test_pages_lead_to_each_other(tmp_path: Path) -> None:
    jobs = {f"job {number:03}": "failure:x" for number in range(ON_A_PAGE + 1)}
    with known(tmp_path, [RULES, opened(1), *ran(1, jobs)]) as all_known:
        first, second = listed(*all_known, {"w": "30d"}), listed(*all_known, {"w": "30d", "p": "2"})

    assert (first.older, second.newer) == ("?w=30d&p=2", "?w=30d")
    assert (len(first.rows), len(second.rows)) == (ON_A_PAGE, 1)


@pytest.mark.parametrize("name", HOSTILE)
def test_text_from_outside_stays_text(tmp_path: Path, name: str) -> None:
    events = [RULES, opened(1), *ran(1, {name: f"failure:{name[:100]}"})]
    with known(tmp_path, events) as all_known:
        page = render_pr_tests(*all_known, {"sel": f"CI / {name}", "q": name[:100]})

    assert "<script>document" not in page
    assert "<b>bold" not in page


def test_a_page_and_its_twin_show_the_same(tmp_path: Path) -> None:
    with known(tmp_path, town()) as all_known:
        page, told = (
            render_pr_tests(*all_known, {"all": "1"}),
            json.loads(pr_tests_json(*all_known, {"all": "1"})),
        )

    text = " ".join(re.sub(r"<[^>]+>", " ", page).split())
    assert told["verdict"] in text
    for row in told["rows"]:
        numbers = [row["blocked"], row["blocks_now"], *(f"#{n}" for n in row["failed_on"])]
        share = row["fails"] / (row["fails"] + row["passes"])
        shown = [*numbers, row["fails"], row["passes"], f"{share * 100:.0f} %"]
        name = row["name"] + (" required" if row["is_required"] else "")
        assert f"{name} {' '.join(map(str, shown))}" in text
