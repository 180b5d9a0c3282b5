from pathlib import Path

from chatops.answers.nights import night_board
from chatops.config import Community
from chatops.views.night_traits import read_traits
from chatops.views.nightly_told import NightlyDocument, nightly_document
from tests.builders import FAIL, MORNING, PASS, REPO, SCHEDULE, Jobs, night, nights_database

A, B = "suite / a", "suite / b"
ACME = Community(key="acme", title="Acme", repositories=(REPO,), nightly=(SCHEDULE,))


def told(folder: Path, *attempts: Jobs) -> NightlyDocument:
    """Return what programs read of one night with these attempts."""
    with nights_database(folder, night(0, *attempts)) as db:
        board = night_board(db, [REPO], [SCHEDULE], now=MORNING)
    shown = read_traits(board, ACME).values()
    return nightly_document(board, shown, ["a note"], "https://github.example")


def test_what_passed_at_once_is_one_word_and_else_each_try_is_told(tmp_path: Path) -> None:
    document = told(tmp_path, {A: PASS, B: FAIL}, {B: PASS})

    cells = {test["name"]: test["cells"][0] for test in document["tests"]}
    assert cells[A] == "passed"
    again = cells[B]
    assert not isinstance(again, str)
    assert [tried["conclusion"] for tried in again["executions"]] == ["failure", "success"]
    assert [tried["attempt"] for tried in again["executions"]] == [1, 2]
    assert all(tried["url"].startswith("https://github.example/") for tried in again["executions"])


def test_the_newest_night_is_told_in_names_and_numbers_that_agree(tmp_path: Path) -> None:
    document = told(tmp_path, {A: PASS, B: FAIL})

    newest = document["newest"]
    assert newest is not None
    assert newest["night"] == document["nights"][0]["key"]
    assert newest["failed"] == newest["newly_failing"] == (B,)
    assert newest["counts"]["failed"] == 1
    assert newest["total"] == len(document["tests"])
    assert document["notes"] == ["a note"]


def test_only_the_tests_that_are_shown_are_told(tmp_path: Path) -> None:
    with nights_database(tmp_path, night(0, {A: PASS, B: FAIL})) as db:
        board = night_board(db, [REPO], [SCHEDULE], now=MORNING)

    document = nightly_document(board, [], [], "https://github.example")

    assert document["tests"] == []
    assert document["verdict"] == board.verdict
