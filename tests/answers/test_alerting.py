import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from chatops.answers.alerting import (
    AlertTurn,
    Turn,
    alike,
    results_of,
    signature_of,
    turns_of,
)
from chatops.answers.night_cells import Cell, Execution, State
from chatops.config import AlertRules
from chatops.names import JobId, RunId

RULES = AlertRules()
WORDS = {
    ".": State.PASSED, "r": State.RERUN, "F": State.FAILED, "G": State.FAILED, "T": State.FAILED,
    "c": State.CANCELLED, "i": State.INFRA, "-": State.NOT_RUN, " ": State.NONE,
}  # fmt: skip
STEPS = {"F": ("failure", "Run tests"), "G": ("failure", "Build"), "T": ("timed_out", "Run tests")}


def cell(word: str) -> Cell:
    conclusion, step = STEPS.get(word, ("success", ""))
    execution = Execution(RunId(1), 1, JobId(1), WORDS[word], conclusion, step, None, None)
    return Cell(WORDS[word], (execution,))


def turns(nights: str, rules: AlertRules = RULES, *, is_required: bool = True) -> list[AlertTurn]:
    """Return what became of a test's alert; the nights are written the oldest first."""
    cells = [cell(word) for word in reversed(nights)]
    return list(turns_of(results_of(cells, lambda _: is_required), rules))


def said(nights: str, rules: AlertRules = RULES, *, is_required: bool = True) -> str:
    """Return under each night what it did: `o`pened, `c`hanged, `x` closed."""
    marks = {Turn.OPENED: "o", Turn.CHANGED: "c", Turn.CLOSED: "x"}
    line = ["."] * len(nights)
    for turn in turns(nights, rules, is_required=is_required):
        line[len(nights) - 1 - turn.place] = marks[turn.turn]
    return "".join(line)


@pytest.mark.parametrize(
    ("nights", "told"),
    [
        (".F..F.", "......"),
        (".FF...", "..o.x."),
        # What has no verdict neither ends a row nor is part of it.
        (".Fc-iF.", ".....o."),
        # A rerun that passed is green.
        (".FrF.", "....."),
        # One green night ends nothing, and what fails again does not begin again.
        (".FF.FF..", "..o....x"),
        (".FF.F.F.F", "..o......"),
        # Another failure is no second one of the first; three in a row are enough, however they fail.
        (".FG.", "...."),
        (".FGFF", "...o."),
        (".FTT.", "...o."),
        # How it fails now is new once, and not again when it comes and goes.
        (".FFGFGF", "..oc..."),
        ("", ""),
    ],
)
def test_a_required_test_is_alerted_of_by_what_lasts(nights: str, told: str) -> None:
    assert said(nights) == told


@pytest.mark.parametrize(
    ("nights", "told"), [(".FF.", "...."), (".FFF..", "...o.x"), (".FGF", "...o")]
)
def test_another_test_needs_one_night_more(nights: str, told: str) -> None:
    assert said(nights, is_required=False) == told


def test_the_thresholds_are_the_communitys() -> None:
    eager = AlertRules(required_nights=1, other_nights=1, recovery_nights=1)

    assert said(".F.F", eager) == ".oxo"
    assert said(".F.F", eager, is_required=False) == ".oxo"


def test_an_alert_tells_since_when_for_how_long_and_how_it_fails() -> None:
    (opened,) = turns("..Fc.FF", RULES)

    assert (opened.place, opened.since, opened.nights) == (0, 1, 2)
    assert opened.signature == "Run tests"


@pytest.mark.parametrize(
    ("word", "signature"), [("F", "Run tests"), ("T", "Run tests, timed out"), (".", "")]
)
def test_a_failure_is_known_by_its_step_and_by_an_uncommon_end(word: str, signature: str) -> None:
    assert signature_of(cell(word)) == signature


def test_what_is_not_known_is_like_everything() -> None:
    assert alike("", "Build")
    assert alike("Build", "Build")
    assert not alike("Run tests", "Build")


NIGHTS = st.text(alphabet=list(WORDS), max_size=40)
EVERY_RULE = st.builds(
    AlertRules,
    required_nights=st.integers(1, 4),
    other_nights=st.integers(1, 5),
    recovery_nights=st.integers(1, 3),
)


@given(nights=NIGHTS, rules=EVERY_RULE, is_required=st.booleans())
def test_nothing_begins_twice_and_nothing_ends_that_has_not_begun(
    nights: str, rules: AlertRules, *, is_required: bool
) -> None:
    is_open = False
    for turn in turns(nights, rules, is_required=is_required):
        assert is_open == (turn.turn is not Turn.OPENED)
        is_open = turn.turn is not Turn.CLOSED


@given(nights=NIGHTS, rules=EVERY_RULE, is_required=st.booleans(), more=NIGHTS)
def test_what_comes_later_changes_nothing_of_what_was_told(
    nights: str, rules: AlertRules, more: str, *, is_required: bool
) -> None:
    before = turns(nights, rules, is_required=is_required)
    after = turns(nights + more, rules, is_required=is_required)

    moved = [
        replace(turn, place=turn.place + len(more), since=turn.since + len(more)) for turn in before
    ]
    assert moved == after[: len(before)]


@given(nights=NIGHTS, rules=EVERY_RULE, is_required=st.booleans())
def test_no_row_that_is_long_enough_is_missed(
    nights: str, rules: AlertRules, *, is_required: bool
) -> None:
    turned = {turn.place: turn.turn for turn in turns(nights, rules, is_required=is_required)}
    is_open, row = False, 0
    for result in results_of([cell(word) for word in reversed(nights)], lambda _: True):
        turn = turned.pop(result.place, None)
        is_open = is_open if turn in (None, Turn.CHANGED) else turn is Turn.OPENED
        row = row + 1 if result.fails else 0

        assert is_open or row < rules.other_nights
    assert turned == {}


@given(rows=st.lists(st.sampled_from(["F", "."]), max_size=30))
def test_a_result_says_which_night_it_is_of(rows: list[str]) -> None:
    results = results_of([cell(word) for word in reversed(rows)], lambda _: True)

    assert [result.place for result in results] == list(reversed(range(len(rows))))
    assert [result.fails for result in results] == [word == "F" for word in rows]


def test_what_was_not_required_in_its_night_is_judged_as_any_other() -> None:
    cells = [cell(word) for word in "F.FF."]

    found = turns_of(results_of(cells, lambda place: place < 2), RULES)
    always = turns_of(results_of(cells, lambda _: True), RULES)

    assert list(found) == []
    assert [(turn.turn, turn.place, turn.required) for turn in always] == [(Turn.OPENED, 2, True)]


def test_what_becomes_required_while_it_fails_is_alerted_of_then() -> None:
    cells = [cell(word) for word in "FF."]

    (opened,) = turns_of(results_of(cells, lambda place: place == 0), RULES)

    assert (opened.turn, opened.place, opened.required) == (Turn.OPENED, 0, True)
