from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from chatops.answers.reported_results import Reported, reported_results
from chatops.events import Event
from tests.projections.test_reported_checks import told
from tests.pulls import RULES
from tests.scene import scene


def reported(
    folder: Path, results: Mapping[int, Mapping[str, Sequence[str]]], *more: Event
) -> Reported:
    """Return what files tell: by pull request and test, how each attempt ended."""
    facts = [
        told(number, name, attempt, result)
        for number, tests in results.items()
        for name, attempts in tests.items()
        for attempt, result in enumerate(attempts, start=1)
    ]
    with scene(folder, [*more, *facts]) as world, world.knowledge() as knowledge:
        return reported_results(knowledge)


@pytest.mark.parametrize(
    ("attempts", "fails", "passes", "helped"),
    [
        (["Pass"], 0, 1, "0 of 0"),
        (["Fail"], 1, 0, "0 of 0"),
        (["Fail", "Pass"], 0, 1, "1 of 1"),
        (["Fail", "Fail"], 1, 0, "0 of 1"),
        (["Pass", "Fail"], 1, 0, "0 of 0"),
        (["Skip"], 0, 0, "0 of 0"),
        (["Fail", "Skip"], 0, 0, "0 of 1"),
    ],
)
def test_a_pull_request_counts_once_by_how_its_last_attempt_ended(
    tmp_path: Path, attempts: list[str], fails: int, passes: int, helped: str
) -> None:
    [test] = reported(tmp_path, {7: {"test (a)": attempts}}).tests

    assert (test.fails, test.passes, f"{test.helped} of {test.again}") == (fails, passes, helped)
    assert test.full == "test (a)"


def test_those_first_that_block_most_and_each_attempt_is_in_the_totals(tmp_path: Path) -> None:
    found = reported(
        tmp_path,
        {
            1: {"lint": ["Fail"], "test (a)": ["Fail", "Pass"]},
            2: {"lint": ["Fail"], "test (a)": ["Fail"]},
            3: {"lint": ["Fail"], "test (a)": ["Skip"]},
        },
        RULES,
    )

    assert [(test.name, test.is_required, test.blocked, test.pulls) for test in found.tests] == [
        ("test (a)", True, 1, (2,)),
        ("lint", False, 0, (3, 2, 1)),
    ]
    assert found.pulls == 3
    assert found.results == {"Fail": 5, "Pass": 1, "Skip": 1}


def test_without_a_file_there_is_nothing(tmp_path: Path) -> None:
    assert reported(tmp_path, {}) == Reported(tests=(), pulls=0, results={})
