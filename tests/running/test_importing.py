"""`chatops import`: what a file has to be, what is said when it is not, and that nothing is half done."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from chatops.errors import BadInput
from chatops.events.runs import JobReported
from chatops.running.importing import import_all
from tests.running.processes import opened, service

NIGHTS = 4
GATE = "required_tests:\n- CI / test (a)\npaths:\n- '^docs/': []\n"


def stats(**changes: object) -> dict[str, Any]:
    """Return a dashboard's file with one test."""
    numbers = list(range(NIGHTS, 0, -1))
    test = {
        "results": ["Pass", "Fail", "Skip", "Pass"],
        "run_nums": numbers,
        "urls": [f"https://github.com/acme/rocket/actions/runs/{n}/job/{n}" for n in numbers],
        "runs": NIGHTS, "fails": 1, "skips": 1,
    }  # fmt: skip
    return {"boot": {**test, **changes}}


def write(folder: Path, content: object, name: str = "job_stats.json") -> Path:
    path = folder / name
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def imported(
    database_url: str, folder: Path, *files: Path, repo: str = "", workflow: str = ""
) -> list[Mapping[str, Any]]:
    steps: list[tuple[int, int]] = []
    results = import_all(
        service(database_url, folder),
        files,
        repo=repo,
        workflow=workflow,
        step=lambda done, total: steps.append((done, total)),
    )
    assert steps == sorted(steps)
    assert all(done <= total for done, total in steps)
    return results


def test_a_file_becomes_facts_and_a_second_time_nothing(database_url: str, tmp_path: Path) -> None:
    path = write(tmp_path, stats())

    [first] = imported(database_url, tmp_path, path)
    [second] = imported(database_url, tmp_path, path)

    assert (first["kind"], first["facts"], first["new"], first["known"]) == (
        "jobs of nightlies",
        8,
        8,
        0,
    )
    assert first["totals"] == {"runs": 4, "fails": 1, "skips": 1}
    assert (second["new"], second["known"]) == (0, 8)
    with opened(database_url, tmp_path) as made:
        assert made.log.head() == 8
        assert {one.lag for one in made.projector.progress()} == {0}


def test_a_list_of_required_checks_is_recorded_once_for_each_version(
    database_url: str, tmp_path: Path
) -> None:
    path = write(tmp_path, GATE, "required-tests.yaml")

    counts = [imported(database_url, tmp_path, path)[0]["new"] for _ in range(2)]
    write(tmp_path, GATE.replace("(a)", "(b)"), "required-tests.yaml")
    counts.append(imported(database_url, tmp_path, path)[0]["new"])

    assert counts == [1, 0, 1]


def test_the_workflow_and_the_repository_can_be_said(tmp_path: Path) -> None:
    address = f"sqlite:///{tmp_path / 'chatops.db'}"

    imported(address, tmp_path, write(tmp_path, stats()), repo="acme/engine", workflow="Weekly")

    with opened(address, tmp_path) as made:
        jobs = [one.event for one in made.log.all() if isinstance(one.event, JobReported)]
    assert {job.repo for job in jobs} == {"acme/engine"}


BAD: Mapping[str, tuple[object, str]] = {
    "nothing": (b"", "found nothing, expected a JSON object"),
    "blanks": (b" \n\t ", "found nothing, expected a JSON object"),
    "a page": ("<html><body>404</body></html>", "found a page (it begins with '<'), expected"),
    "no JSON": ("{'boot': 1}", "line 1, column 2: expected JSON"),
    "truncated": (json.dumps(stats())[:-20], "expected JSON"),
    "no text": (b"\x89PNG\r\n\x1a\n" + b"\x00" * 100, "expected JSON"),
    "no UTF-8": (b'{"boot \xff": {}}', "expected JSON"),
    "a list": ([1, 2], "found a list, expected an object of tests by name"),
    "an empty object": ({}, "found an empty object, expected an object of tests by name"),
    "of another kind": ({"name": "x", "version": 1}, "/name: found 'x', expected an object with"),
    "very deep": ("[" * 200_000, "expected JSON"),
    "very large": ({"boot": "x" * 20_000_000}, "/boot: found 'xxxxx"),
    "a list missing": (stats(urls=None), "/boot/urls: found None, expected a list"),
    "a list too short": (stats(urls=[]), "/boot/urls: found 0, expected a list of 4, as results"),
    "an odd result": (
        stats(results=["Pass", "Perhaps", "Pass", "Pass"]),
        "/boot/results/1: found 'Perhaps', expected Pass, Fail or Skip",
    ),
    "an odd number": (
        stats(run_nums=[1, 2, 3, 10**30]),
        "/boot/run_nums/3: found 1000000000000000000000000000000, expected a number",
    ),
    "an odd address": (
        stats(urls=["javascript:alert(1)"] * NIGHTS),
        "/boot/urls/0: found 'javascript:alert(1)', expected the address of a run",
    ),
}


@pytest.mark.parametrize("what", BAD)
def test_a_file_that_will_not_do_is_said_with_place_and_reason(tmp_path: Path, what: str) -> None:
    content, reason = BAD[what]
    address = f"sqlite:///{tmp_path / 'chatops.db'}"
    good = write(tmp_path, stats(), "good.json")
    bad = write(tmp_path, content, "bad.json")

    with pytest.raises(BadInput) as said:
        imported(address, tmp_path, good, bad)

    assert all(line.startswith(f"{bad}: ") for line in said.value.problems)
    assert reason in said.value.problems[0]
    assert all(len(line) < len(str(bad)) + 250 for line in said.value.problems)
    with opened(address, tmp_path) as made:
        assert made.log.head() == 0


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("gate.yaml", b"required_tests: [", "this is not YAML"),
        ("gate.yaml", b"\xff\xfe\x00", "it cannot be read"),
        ("gate.yaml", b"a: 1", "expected a mapping with"),
        ("gate.yml", b"required_tests: 5", "required_tests"),
        ("gate.yaml", b"required_regexps: ['(']", "required_regexps"),
        ("gate.yaml", b"", "expected a mapping with"),
        ("gate.yaml", b"[" * 5_000, "this is not YAML"),
    ],
)
def test_a_list_of_required_checks_that_will_not_do_is_said_with_its_reason(
    tmp_path: Path, name: str, content: bytes, reason: str
) -> None:
    address = f"sqlite:///{tmp_path / 'chatops.db'}"
    bad = write(tmp_path, content, name)

    with pytest.raises(BadInput) as said:
        imported(address, tmp_path, bad)

    assert all(line.startswith(f"{bad}: ") for line in said.value.problems)
    assert reason in said.value.problems[0]


@pytest.mark.parametrize("name", ["none.json", "none.yaml", "folder.json", "folder.yaml"])
def test_a_file_that_is_not_there_is_said_to_be_so(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    if "folder" in name:
        path.mkdir()

    with pytest.raises(BadInput, match=f"{name}: it cannot be read"):
        imported(f"sqlite:///{tmp_path / 'chatops.db'}", tmp_path, path)


def test_of_many_problems_as_many_are_told_as_somebody_would_read(tmp_path: Path) -> None:
    many = {
        f"test {number}": {"results": ["No"], "run_nums": [1], "urls": ["x"]}
        for number in range(500)
    }
    path = write(tmp_path, many)

    with pytest.raises(BadInput) as said:
        imported(f"sqlite:///{tmp_path / 'chatops.db'}", tmp_path, path)

    assert len(said.value.problems) == 21
    assert said.value.problems[-1] == f"{path}: and 480 more problems"
