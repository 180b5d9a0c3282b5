from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatops.standins.slack.limits import problems_of_blocks
from chatops.views.modals import (
    SAID,
    Kept,
    ask_command,
    ask_job,
    ask_pull,
    read_kept,
    read_said,
)
from tests.payloads import problems

KEPT = Kept(
    community="acme", verb="retest", channel="C1", thread="1.2", response_url="http://here/x"
)
FORMS = [ask_pull(KEPT), ask_job(KEPT, "a job\nwith a line"), ask_command(KEPT)]


@pytest.mark.node
@pytest.mark.parametrize("form", FORMS, ids=lambda form: str(form["callback_id"]))
def test_every_form_is_one_that_slack_takes(form: dict[str, Any]) -> None:
    assert problems(form) == []
    assert problems_of_blocks(form["blocks"], "modal") == []
    assert all(len(form[part]["text"]) <= 24 for part in ("title", "submit", "close"))
    assert len(form["private_metadata"]) <= 3_000


def test_what_a_form_carries_along_comes_back() -> None:
    assert read_kept(ask_pull(KEPT)) == KEPT


def test_an_address_that_is_too_long_to_be_carried_is_left_behind() -> None:
    kept = read_kept(ask_pull(Kept(community="acme", response_url="x" * 3_000)))

    assert kept == Kept(community="acme")


@given(st.text())
def test_a_guess_from_outside_is_one_line_that_fits(guess: str) -> None:
    element = ask_job(KEPT, guess)["blocks"][0]["element"]

    assert len(element.get("initial_value", "")) <= 200
    assert "\n" not in element.get("initial_value", "")


def test_what_was_written_is_found() -> None:
    assert read_said({"state": {"values": {SAID: {SAID: {"value": "#7"}}}}}) == "#7"


@pytest.mark.parametrize(
    "view",
    [None, [], "x", {}, {"state": 1}, {"state": {"values": {SAID: {SAID: {"value": None}}}}}],
)
def test_what_is_no_form_says_nothing(view: object) -> None:
    assert read_said(view) == ""
    assert read_kept(view) is None


@pytest.mark.parametrize("written", ["", "{", "[]", "[" * 9_999, '{"community": 1}'])
def test_what_was_carried_along_by_others_is_nothing(written: str) -> None:
    assert read_kept({"private_metadata": written}) is None
