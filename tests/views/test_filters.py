from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatops.views.filters import LONGEST, YES_OR_NO, Filter, Qualifier, quoted, read_filter

Thing = Mapping[str, str]
QUALIFIERS: tuple[Qualifier[Thing], ...] = (
    Qualifier(
        name="status",
        read=lambda thing: {thing.get("status", "")},
        choices=("failed", "passed", "not-run"),
    ),
    Qualifier(
        name="flaky",
        read=lambda thing: {"yes" if float(thing.get("share", "0")) else "no"},
        choices=YES_OR_NO,
        share=lambda thing: float(thing["share"]) if "share" in thing else None,
    ),
    Qualifier(name="owner", read=lambda thing: {thing["owner"]} if "owner" in thing else set()),
)
THINGS: Mapping[str, Thing] = {
    "caller / launch / test (big, hot)": {"status": "failed", "owner": "Launch crew"},
    "caller / launch / test (small, hot)": {"status": "passed", "share": "0.04"},
    "caller / land / test-all": {"status": "not-run", "share": "0.2", "owner": "Gears"},
    'odd "name": x,y / -z': {"status": "passed"},
}
BIG, SMALL, LAND, ODD = THINGS


def read(text: str) -> Filter[Thing]:
    return read_filter(text, QUALIFIERS)


def let_through(text: str) -> list[str]:
    asked = read(text)
    return [name for name, thing in THINGS.items() if asked.lets(name, thing)]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("", [BIG, SMALL, LAND, ODD]),
        ("launch BIG", [BIG]),
        ("/ launch /", [BIG, SMALL]),
        (BIG, [BIG]),
        ("big,land", [BIG, LAND]),
        ("-launch", [LAND, ODD]),
        ("-", [LAND, ODD]),
        ("test -big,land", [SMALL]),
        ('"launch / test"', [BIG, SMALL]),
        ('"x,y / -z"', [ODD]),
        ('-"x,y / -z"', [BIG, SMALL, LAND]),
        ("/test$/", []),
        ("/test-all$/", [LAND]),
        ("/(big|small), hot/", [BIG, SMALL]),
        ("-/(big|small), hot/ test", [LAND]),
        ("/big/,/land/", [BIG, LAND]),
        ("status:failed", [BIG]),
        ("STATUS:Failed", [BIG]),
        ("status:failed,not-run", [BIG, LAND]),
        ("-status:passed test", [BIG, LAND]),
        ("launch status:passed", [SMALL]),
        ("owner:none", [SMALL, ODD]),
        ("owner:launch", [BIG]),
        ('owner:"launch crew"', [BIG]),
        ("owner:/^gear/", [LAND]),
        ("-owner:none", [BIG, LAND]),
        ("flaky:yes", [SMALL, LAND]),
        ("flaky:>5%", [LAND]),
        ("flaky:>=20%", [LAND]),
        ("flaky:<5%", [SMALL]),
        ("flaky:no,>5%", [BIG, LAND, ODD]),
        ('"status:failed"', []),
        ('"odd', [ODD]),
        ('"unclosed quotes', []),
        ("x: launch", []),
    ],
)
def test_what_a_filter_lets_through(text: str, names: list[str]) -> None:
    assert let_through(text) == names


@pytest.mark.parametrize(
    ("text", "note"),
    [
        (
            "stauts:failed",
            "“stauts:” is left out: it is nothing that can be asked for; did you mean “status:”?",
        ),
        ("colour:red", "there are flaky, owner, status."),
        ("status:faild", "“status:faild” is left out; did you mean “failed”?"),
        ("status:blue", "there are failed, passed, not-run."),
        ("flaky:often", "or a share such as >5%"),
        ("/(big/", "“/(big/” has a “(” without its “)”; it is left out."),
        ("status:,", "needs a value"),
        (" ".join(["test"] * 30), "Only the first 20 words"),
    ],
)
def test_what_cannot_be_meant_is_said_and_changes_nothing(text: str, note: str) -> None:
    [said] = read(text).notes

    assert note in said
    assert let_through(f"{text} land") == let_through("land") or "first 20" in note


@given(text=st.text(max_size=LONGEST + 50))
def test_no_text_is_an_error(text: str) -> None:
    asked = read(text)

    for name, thing in THINGS.items():
        assert asked.lets(name, thing) in {True, False}
    assert all(note and len(note) < 300 for note in asked.notes)
    assert read(asked.text) is not None


@given(text=st.text(alphabet='ab -:,/"()[]*|status:failed', max_size=60))
def test_terms_put_together_again_ask_for_the_same(text: str) -> None:
    asked = read(text)
    again = read(asked.without(-1))

    assert [term.said for term in again.terms] == [term.said for term in asked.terms]
    for name, thing in THINGS.items():
        assert again.lets(name, thing) == asked.lets(name, thing)


@given(value=st.text(min_size=1, max_size=30))
def test_a_value_that_is_asked_for_by_a_link_can_be_taken_out_by_it(value: str) -> None:
    value = " ".join("".join(sign for sign in value if sign.isprintable() and sign != '"').split())
    if not value:
        return
    asked = read("launch -land").toggled("owner", value)

    assert asked == f"launch -land owner:{quoted(value)}"
    assert read(asked).asks_for("owner", value)
    assert read(asked).toggled("owner", value) == "launch -land"


def test_two_values_of_one_kind_are_one_or_the_other() -> None:
    asked = read("status:failed").toggled("status", "passed")

    assert asked == "status:failed,passed"
    assert read(asked).toggled("status", "failed") == "status:passed"


def test_what_is_left_to_a_script_are_plain_words() -> None:
    asked = read('launch big status:passed "x y"')

    assert asked.asks_more
    assert asked.qualified(SMALL, THINGS[SMALL]) is False
    assert read("big status:passed").qualified(SMALL, THINGS[SMALL])
    assert not read("launch big").asks_more
