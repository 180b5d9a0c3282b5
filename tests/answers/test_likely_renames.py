from pathlib import Path

import pytest

from chatops.answers.likely_renames import Likely, likely_rename
from chatops.answers.nights import night_board
from tests.builders import FAIL, MORNING, PASS, REPO, SCHEDULE, Jobs, Ran, night, nights_database

OLD, NEW = "ci / run-tests (qemu)", "ci / run-k8s-tests (qemu)"
OLD_CLH, NEW_CLH = "ci / run-tests (clh)", "ci / run-k8s-tests (clh)"
OTHER = "ci / build"


def found(folder: Path, name: str, *nights: Jobs | None, is_over: bool = True) -> Likely | None:
    """Return what is offered for a test after these nights, the newest first; a night may be missing."""
    facts = [
        fact
        for ago, jobs in enumerate(nights)
        if jobs is not None
        for fact in night(ago, jobs, is_over=is_over or ago > 0)
    ]
    with nights_database(folder, facts) as db:
        return likely_rename(night_board(db, [REPO], [SCHEDULE], now=MORNING), REPO, name)


def these(*names: str) -> dict[str, Ran]:
    """Return a night in which just these tests ran."""
    return dict.fromkeys((OTHER, *names), PASS)


@pytest.mark.parametrize("name", [OLD, NEW])
def test_a_test_that_stops_as_one_of_nearly_the_same_words_begins_is_offered(
    tmp_path: Path, name: str
) -> None:
    assert found(tmp_path, name, these(NEW), these(NEW), these(OLD), these(OLD)) == Likely(
        old=OLD, new=NEW, shared=4, words=5
    )


def test_of_a_matrix_each_goes_on_under_its_own_new_name(tmp_path: Path) -> None:
    pairs = [
        found(tmp_path, name, these(NEW, NEW_CLH), these(OLD, OLD_CLH)) for name in (OLD, NEW_CLH)
    ]

    assert [(pair.old, pair.new) for pair in pairs if pair] == [(OLD, NEW), (OLD_CLH, NEW_CLH)]


def test_a_night_without_runs_is_no_night_between(tmp_path: Path) -> None:
    assert found(tmp_path, OLD, these(NEW), None, these(OLD), these(OLD)) is not None


@pytest.mark.parametrize(
    "nights",
    [
        pytest.param([these(NEW, OLD), these(OLD)], id="side by side"),
        pytest.param([these(NEW), these(), these(OLD)], id="a night with neither between"),
        pytest.param([these(NEW), these(NEW)], id="it ran in the oldest night that is known"),
        pytest.param([these("ci / lint (go)"), these(OLD)], id="too few words in common"),
        pytest.param([these(OLD_CLH, NEW), these(OLD_CLH)], id="what was there before stays"),
    ],
)
def test_nothing_is_offered_where_it_would_be_a_guess_too_far(
    tmp_path: Path, nights: list[Jobs]
) -> None:
    for name in {name for jobs in nights for name in jobs}:
        assert found(tmp_path, name, *nights) is None


def test_of_two_that_are_as_near_none_is_offered(tmp_path: Path) -> None:
    nights = [these("ci / run-tests (qemu, a)", "ci / run-tests (qemu, b)"), these(OLD)]

    assert [found(tmp_path, name, *nights) for name in (OLD, *nights[0])] == [None] * 4


def test_one_that_another_is_nearer_to_is_not_offered(tmp_path: Path) -> None:
    nearer = "ci / run-k8s-tests (qemu, old)"

    nights = [these(NEW), these(OLD, nearer)]

    assert found(tmp_path, nearer, *nights) == Likely(old=nearer, new=NEW, shared=5, words=6)
    assert found(tmp_path, OLD, *nights) is None


def test_a_night_that_is_not_over_may_still_run_it(tmp_path: Path) -> None:
    assert found(tmp_path, OLD, these(NEW), these(OLD), is_over=False) is None


def test_a_test_that_no_night_knows_has_nothing_offered(tmp_path: Path) -> None:
    assert found(tmp_path, "ci / nobody", {NEW: FAIL}) is None
