from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatops.answers.nights import NIGHTS
from chatops.views.night_asked import Asked, read_asked, selecting

KEYS = ("q", "required", "s", "g", "n", "hide", "open", "shut", "sel", "part", "x")


def asked_for(link: str) -> Asked:
    return read_asked(dict(parse_qsl(link.removeprefix("?"))), NIGHTS, facets=("size",))


@given(query=st.dictionaries(st.sampled_from(KEYS), st.text(max_size=40)))
def test_whatever_is_asked_its_link_asks_for_the_same(query: dict[str, str]) -> None:
    asked = read_asked(query, NIGHTS, facets=("size",))

    again = asked_for(asked.link(sel=asked.selected, part=asked.part))

    assert again.link() == asked.link()
    assert (again.text, again.sort, again.hide, again.group) == (
        asked.text, asked.sort, asked.hide, asked.group,
    )  # fmt: skip


@pytest.mark.parametrize("query", [{}, {"s": "worst", "g": "suite", "hide": "", "n": "30"}])
def test_what_is_usual_is_not_in_a_link(query: dict[str, str]) -> None:
    assert read_asked(query, NIGHTS).link() == "?"


def test_a_group_is_open_as_the_address_says_or_as_usual() -> None:
    asked = read_asked({"open": "aaaaaa,zz", "shut": "bbbbbb"}, NIGHTS)

    assert asked.is_open("aaaaaa", usually=False)
    assert not asked.is_open("bbbbbb", usually=True)
    assert asked.is_open("cccccc", usually=True)
    assert not asked.is_open("cccccc", usually=False)
    assert asked.link() == "?open=aaaaaa&shut=bbbbbb"


def test_what_tests_cannot_be_put_together_by_is_said() -> None:
    assert read_asked({"g": "size"}, NIGHTS, facets=("size",)).notes == ()
    [note] = read_asked({"g": "colour"}, NIGHTS, facets=("size",)).notes
    assert "“colour” is nothing to put tests together by" in note


@given(name=st.text(min_size=1, max_size=40))
def test_a_test_is_selected_by_its_whole_name(name: str) -> None:
    for rest in ("?", "?q=a"):
        assert dict(parse_qsl(selecting(rest, name)[1:], keep_blank_values=True))["sel"] == name
