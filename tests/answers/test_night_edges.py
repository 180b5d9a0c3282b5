from pathlib import Path

import pytest

from chatops.answers.night_edges import Changes, night_changes
from chatops.answers.nights import night_board
from chatops.events import Event
from chatops.names import RunId
from tests.builders import (
    CANCELLED,
    CARRIED,
    FAIL,
    MORNING,
    PASS,
    REPO,
    SCHEDULE,
    SETUP,
    Jobs,
    NightOf,
    Ran,
    nights_database,
    required,
)


def changes(
    folder: Path, *nights: NightOf, attempt: int = 1, of: int = -1, more: list[Event] | None = None
) -> Changes | None:
    """Return what has changed in an attempt of the newest of these nights, or of another one."""
    facts = [fact for night in nights for fact in night.facts()] + (more or [])
    with nights_database(folder, facts) as db:
        board = night_board(db, [REPO], [SCHEDULE], now=MORNING)
        return night_changes(board, nights[of].run_id, attempt)


def edges(folder: Path, *nights: NightOf, attempt: int = 1, of: int = -1) -> dict[str, str]:
    found = changes(folder, *nights, attempt=attempt, of=of)
    assert found is not None
    return {
        edge.test.name: ("fails" if edge.fails else "passes")
        + (", as before" if edge.is_back else "")
        for edge in found.edges
    }


def nights(*each: Jobs) -> list[NightOf]:
    """Return nights with one attempt each, the oldest first."""
    return [
        NightOf(ago=ago, attempts=[jobs])
        for ago, jobs in zip(range(len(each) - 1, -1, -1), each, strict=True)
    ]


@pytest.mark.parametrize(
    ("each", "said"),
    [
        ([PASS, FAIL], "fails"),
        ([FAIL, PASS], "passes"),
        ([PASS, PASS], None),
        ([FAIL, FAIL], None),
        ([PASS, CANCELLED, FAIL], "fails"),
        ([FAIL, SETUP, PASS], "passes"),
        ([FAIL, CANCELLED], None),
        ([PASS, SETUP], None),
        ([FAIL], None),
    ],
)
def test_only_what_turned_is_an_edge(tmp_path: Path, each: list[Ran], said: str | None) -> None:
    found = edges(tmp_path, *nights(*({"a": one} for one in each)))

    assert found == ({"a": said} if said else {})


def test_an_older_night_is_compared_with_what_was_before_it(tmp_path: Path) -> None:
    each = nights({"a": FAIL}, {"a": PASS}, {"a": FAIL})

    assert edges(tmp_path, *each, of=1) == {"a": "passes"}


def test_each_attempt_is_compared_with_the_one_before_it(tmp_path: Path) -> None:
    before = NightOf(ago=1, attempts=[{"a": PASS, "b": FAIL, "c": PASS}])
    again = NightOf(
        ago=0, attempts=[{"a": FAIL, "b": PASS, "c": FAIL}, {"a": PASS, "b": CARRIED, "c": FAIL}]
    )
    (tmp_path / "first").mkdir()

    assert edges(tmp_path / "first", before, again) == {"a": "fails", "b": "passes", "c": "fails"}
    assert edges(tmp_path, before, again, attempt=2) == {"a": "passes, as before"}


def test_a_rerun_may_end_what_lasted_for_nights(tmp_path: Path) -> None:
    before = NightOf(ago=1, attempts=[{"a": FAIL}])
    again = NightOf(ago=0, attempts=[{"a": FAIL}, {"a": PASS}])
    (tmp_path / "first").mkdir()

    assert edges(tmp_path / "first", before, again) == {}
    assert edges(tmp_path, before, again, attempt=2) == {"a": "passes"}


def test_the_required_tests_are_counted_as_they_are_after_the_attempt(tmp_path: Path) -> None:
    before = NightOf(ago=1, attempts=[{"a": PASS, "b": PASS, "c": PASS}])
    tonight = NightOf(
        ago=0, attempts=[{"a": FAIL, "b": FAIL, "c": FAIL}, {"a": PASS, "b": FAIL, "c": FAIL}]
    )

    found = changes(tmp_path, before, tonight, attempt=2, more=required("CI / a", "CI / b"))

    assert found is not None
    assert (found.required_failed, found.required_passed) == (1, 1)
    assert found.night == "Sat 22 Aug"


def test_a_run_of_no_night_has_no_changes(tmp_path: Path) -> None:
    with nights_database(tmp_path, []) as db:
        board = night_board(db, [REPO], [SCHEDULE], now=MORNING)

        assert night_changes(board, RunId(1), 1) is None
