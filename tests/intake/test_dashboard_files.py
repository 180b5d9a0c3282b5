import json
from pathlib import Path
from typing import Any

import pytest

from chatops.errors import BadInput
from chatops.events.checks import CheckReported
from chatops.events.gate import RequiredReported
from chatops.events.runs import JobReported
from chatops.intake.dashboard_files import Imported, read_dashboard_file, recount

RUN = "https://github.com/acme/rocket/actions/runs"
NIGHTS: dict[str, Any] = {
    "engine / solid": {
        "runs": 2, "fails": 1, "skips": 0, "required": True, "run_nums": [12, 11],
        "results": ["Pass", "Fail"], "urls": [f"{RUN}/112/job/5", f"{RUN}/111/job/4"],
    },
    "engine / liquid": {
        "runs": 1, "fails": 0, "skips": 1, "required": False, "run_nums": [12],
        "results": ["Skip"], "urls": [f"{RUN}/112/job/6"],
    },
}  # fmt: skip
RERUN: dict[str, Any] = {
    "engine / solid": {
        "runs": 1, "fails": 1, "skips": 0, "required": False, "run_nums": [12], "results": ["Pass"],
        "urls": [f"{RUN}/112"], "reruns": [2], "rerun_results": [["Pass", "Fail"]],
        "attempt_urls": [[f"{RUN}/112/job/9", f"{RUN}/112/job/8", f"{RUN}/112/job/7"]],
    }
}  # fmt: skip


def read(folder: Path, content: object) -> Imported:
    path = folder / "stats.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return read_dashboard_file(path, repo=None, workflow="Nightly")


def problems(folder: Path, content: object) -> str:
    with pytest.raises(BadInput) as refused:
        read(folder, content)
    return "\n".join(refused.value.problems)


def test_the_totals_are_those_of_the_file(tmp_path: Path) -> None:
    imported = read(tmp_path, NIGHTS)

    assert imported.totals == {"runs": 3, "fails": 1, "skips": 1}
    assert recount(imported.facts, with_attempts=False) == imported.totals
    assert (imported.jobs, imported.runs) == (2, 2)


def test_every_result_is_a_report_with_its_job(tmp_path: Path) -> None:
    jobs = [
        fact.event for fact in read(tmp_path, NIGHTS).facts if isinstance(fact.event, JobReported)
    ]

    assert {(job.run_id, job.job_id, job.result) for job in jobs} == {
        (112, 5, "Pass"), (111, 4, "Fail"), (112, 6, "Skip"),
    }  # fmt: skip
    assert {job.repo for job in jobs} == {"acme/rocket"}


def test_attempts_are_told_oldest_first_and_repetitions_as_carried_over(tmp_path: Path) -> None:
    imported = read(tmp_path, RERUN)
    jobs = [fact.event for fact in imported.facts if isinstance(fact.event, JobReported)]

    told = [(job.attempt, job.result, job.job_id, job.carried) for job in jobs]
    assert told == [(1, "Fail", 7, False), (2, "Pass", 8, False), (3, "Pass", 9, True)]
    assert recount(imported.facts, with_attempts=True) == imported.totals


def test_what_was_required_then_is_kept(tmp_path: Path) -> None:
    (required,) = [
        fact.event
        for fact in read(tmp_path, NIGHTS).facts
        if isinstance(fact.event, RequiredReported)
    ]

    assert required.names == ("engine / solid",)
    assert required.first_run == 111


def test_checks_of_pull_requests_are_told_apart_from_nights(tmp_path: Path) -> None:
    pulls = {
        "skipper": {
            "runs": 1, "fails": 0, "skips": 1, "run_nums": [77], "results": ["Skip"], "required": False,
            "urls": ["https://github.com/acme/rocket/pull/77/checks"],
        }
    }  # fmt: skip

    imported = read(tmp_path, pulls)

    (check,) = [fact.event for fact in imported.facts]
    assert isinstance(check, CheckReported)
    assert (check.number, check.result) == (77, "Skip")


def test_the_same_file_again_holds_the_same_facts(tmp_path: Path) -> None:
    first, second = read(tmp_path, NIGHTS), read(tmp_path, NIGHTS)

    assert [fact.event.key() for fact in first.facts] == [fact.event.key() for fact in second.facts]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "found nothing"),
        ("<html>", "found a page"),
        ("[1]", "found a list"),
        ("{}", "an empty object"),
        ('{"a": 1}', "/a: found 1"),
        ('{"a":', "expected JSON"),
        ('{"a": {"results": []}}', "/a/run_nums: found None, expected a list"),
    ],
)
def test_a_wrong_file_is_refused_with_what_and_where(
    tmp_path: Path, content: str, said: str
) -> None:
    assert said in problems(tmp_path, content)


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        (
            "results",
            ["Pass", "Maybe"],
            "/engine / solid/results/1: found 'Maybe', expected Pass, Fail or Skip",
        ),
        ("run_nums", [12, "x"], "/run_nums/1: found 'x', expected a number"),
        ("run_nums", [12], "/run_nums: found 1, expected a list of 2"),
        ("urls", [f"{RUN}/112", "ftp://x"], "/urls/1: found 'ftp://x', expected the address"),
    ],
)
def test_one_wrong_value_is_named_and_nothing_is_read(
    tmp_path: Path, key: str, value: object, said: str
) -> None:
    wrong = {**NIGHTS, "engine / solid": {**NIGHTS["engine / solid"], key: value}}

    assert said in problems(tmp_path, wrong)


def test_a_great_many_problems_are_cut_short(tmp_path: Path) -> None:
    said = problems(tmp_path, {f"test {number}": 0 for number in range(100)})

    assert said.endswith("and 80 more problems")


def test_a_missing_file_is_said_to_be_missing(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="cannot be read"):
        read_dashboard_file(tmp_path / "nowhere.json", repo=None, workflow="Nightly")
