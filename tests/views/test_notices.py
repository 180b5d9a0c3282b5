import json
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatops.engine.answer import as_text
from chatops.events.notices import NoticeWanted
from chatops.names import PullNumber, RunId, Sha
from chatops.views.notices import notice_answer, notice_mark, render_notice
from chatops.views.offers import Offer, read_offer
from tests.payloads import problems
from tests.scene import HEAD, NOW, PULL, REPO

NOZZLE, TANK, FIN = "Nightly / engine / nozzle", "Nightly / tank", "Nightly / fin"
NAMES = st.lists(st.text(min_size=1, max_size=160), max_size=30).map(tuple)


def night(**changes: object) -> NoticeWanted:
    described = {
        "notice": "notice/acme/person/mona/10/1", "community": "acme", "subscriber": "person/mona",
        "repo": REPO, "run_id": RunId(10), "attempt": 1, "to": "U0MONA", "topics": ("nightly",),
        "workflow": "Nightly", "night": "Sat 22 Aug", "failing": (NOZZLE,),
        "url": "https://ci.example/nightly", "slash_command": "/acme", "wanted_at": NOW,
    }  # fmt: skip
    return NoticeWanted(**{**described, **changes})  # type: ignore[arg-type]  # of whatever kind each field is


def of_pull(**changes: object) -> NoticeWanted:
    described = {
        "run_id": RunId(0), "attempt": 0, "number": PULL, "sha": HEAD, "verdict": "red",
        "topics": ("#7",), "workflow": "", "night": "", "failing": ("CI / a", "CI / b"),
        "url": "https://github.com/acme/rocket/pull/7",
    }  # fmt: skip
    return night(**{**described, **changes})


def said(wanted: NoticeWanted) -> list[str]:
    return as_text(notice_answer(wanted)).splitlines()


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [
        ({}, "engine / nozzle fails now in Nightly of Sat 22 Aug."),
        (
            {"failing": (), "fixed": (NOZZLE,), "attempt": 2},
            "engine / nozzle passes again in Nightly of Sat 22 Aug, in attempt 2.",
        ),
        ({"failing": (NOZZLE, TANK)}, "2 jobs fail now in Nightly of Sat 22 Aug."),
        (
            {"failing": (NOZZLE, TANK), "fixed": (FIN,)},
            "2 jobs fail now and 1 passes again in Nightly of Sat 22 Aug.",
        ),
        ({"failing": (), "fixed": (TANK, FIN)}, "2 jobs pass again in Nightly of Sat 22 Aug."),
    ],
)
def test_the_first_line_is_the_news(changes: dict[str, Any], verdict: str) -> None:
    assert said(night(**changes))[0] == verdict
    assert render_notice(night(**changes))["text"] == verdict


def test_a_night_is_told_with_what_changed_and_how_to_end_it() -> None:
    wanted = night(failing=(NOZZLE, TANK), fixed=(FIN,), required_failed=2, required_passed=57)

    assert said(wanted) == [
        "2 jobs fail now and 1 passes again in Nightly of Sat 22 Aug.",
        "Of the required jobs that ran, 2 failed and 57 passed. Look at the night",
        "",
        "Newly failing (2)",
        "  engine / nozzle",
        "  tank",
        "",
        "Passes again (1)",
        "  fin",
        "",
        "Next",
        "  /unsubscribe nightly  (Stop these)",
        "",
        "You follow this. /acme unsubscribe nightly ends it.",
    ]


def test_all_required_jobs_may_have_passed() -> None:
    wanted = night(failing=(), fixed=(NOZZLE,), required_passed=59)

    assert said(wanted)[1] == "All 59 required jobs of it that ran passed. Look at the night"


def test_a_pull_request_is_told_with_its_verdict() -> None:
    assert said(of_pull())[:6] == [
        "acme/rocket#7 is red: 2 checks failed.",
        "Its head is c0ffee000. Look at it",
        "",
        "Failed (2)",
        "  CI / a",
        "  CI / b",
    ]
    green = of_pull(verdict="green", failing=(), gate=True, besides=3, required_passed=121)
    assert said(green)[:2] == [
        "acme/rocket#7 is green: 121 required checks passed, and its gate lets it through.",
        "Its head is c0ffee000. Not required, and failed: 3. Look at it",
    ]


def test_where_nothing_is_known_to_be_required_every_check_has_to_pass() -> None:
    green = of_pull(verdict="green", failing=())

    assert said(green)[0] == "acme/rocket#7 is green: every check has passed."


def buttons(message: dict[str, Any]) -> list[Offer | None]:
    return [
        read_offer(button["value"])
        for block in message["blocks"]
        if block["type"] == "actions"
        for button in block["elements"]
    ]


def test_the_button_ends_what_it_came_from_and_nothing_else() -> None:
    topics = ("nightly", "Nightly / engine / nozzle", "*tank*")

    [mine] = buttons(render_notice(night(topics=topics)))
    [ours] = buttons(render_notice(of_pull(subscriber="channel/T1/C1")))

    assert mine == Offer(community="acme", verb="unsubscribe", words=topics, repo=REPO)
    assert ours == Offer(
        community="acme", verb="unsubscribe", words=("#7", "here"), repo=REPO, number=PULL
    )


def test_where_much_is_followed_the_list_is_named() -> None:
    topics = tuple(f"*{number}*" for number in range(9))

    assert said(night(topics=topics))[-1] == (
        "You follow this. /acme subscribe list says because of what, and unsubscribe ends it."
    )
    assert said(night(topics=topics, subscriber="channel/T1/C1"))[-1].startswith(
        "This channel follows this. /acme subscribe list here says"
    )


def test_there_is_one_link() -> None:
    for wanted in (night(), of_pull()):
        assert json.dumps(render_notice(wanted)["blocks"]).count('"link"') == 1


def test_the_mark_is_the_notices_own_and_tells_nothing() -> None:
    one, other = night(), night(notice="notice/acme/person/mona/11/1")

    assert notice_mark(one) == notice_mark(msgspec.structs.replace(one, failing=()))
    assert notice_mark(one) != notice_mark(other)
    assert render_notice(one)["metadata"] == {
        "event_type": "notice",
        "event_payload": {"mark": notice_mark(one)},
    }
    assert "mona" not in notice_mark(one)


@settings(max_examples=40, deadline=None)
@given(failing=NAMES, fixed=NAMES, topics=NAMES, number=st.sampled_from([0, 7]))
def test_every_notice_is_one_that_slack_takes(
    failing: tuple[str, ...], fixed: tuple[str, ...], topics: tuple[str, ...], number: int
) -> None:
    wanted = night(
        failing=failing, fixed=fixed, topics=topics, number=PullNumber(number), sha=Sha("a" * 40)
    )

    assert problems(render_notice(wanted)) == []


def test_two_hundred_jobs_fit_into_one_message() -> None:
    failing = tuple(f"Nightly / {'x' * 100} ({number})" for number in range(200))

    message = render_notice(night(failing=failing, fixed=failing))

    assert problems(message) == []
    assert "and 190 more" in json.dumps(message["blocks"], ensure_ascii=False)


def test_nothing_from_outside_is_ever_markup() -> None:
    loud = "<!channel> <@U1> *bold*"

    message = render_notice(night(failing=(loud,), topics=(loud,), workflow=loud))

    assert "<!channel>" not in message["text"]
    assert "mrkdwn" not in json.dumps(message)
