import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatops.engine.answer import Action, Answer, Code, Link, Person, Section, Strong, Tone
from chatops.views.blocks import TEXT_BUDGET, escape, render_blocks
from tests.payloads import problems
from tests.scene import received

OURS = "https://ci.example/nightly"
TEXT = st.text(max_size=400)
PIECE = st.one_of(
    TEXT,
    TEXT.map(Code),
    TEXT.map(Strong),
    st.builds(Link, TEXT, st.just(OURS)),
)
LINE = st.lists(PIECE, min_size=1, max_size=4).map(tuple)
SECTION = st.builds(
    Section,
    title=st.text(min_size=1, max_size=80),
    lines=st.lists(LINE, max_size=30).map(tuple),
    more=st.integers(0, 500),
)
ACTION = st.builds(
    Action,
    text=TEXT,
    verb=st.text(max_size=20),
    words=st.lists(st.text(max_size=900), max_size=3).map(tuple),
    costs=TEXT,
)
ANSWER = st.builds(
    Answer,
    verdict=st.text(min_size=1, max_size=200).filter(str.strip).map(lambda text: (text,)),
    tone=st.sampled_from(Tone),
    counts=LINE,
    sections=st.lists(SECTION, max_size=8).map(tuple),
    actions=st.lists(ACTION, max_size=30).map(tuple),
    footer=LINE,
)


@settings(max_examples=60)
@given(ANSWER)
def test_every_message_is_one_that_slack_takes(answer: Answer) -> None:
    assert problems(render_blocks(answer)) == []
    assert problems(render_blocks(answer, received(surface="slack"))) == []


@given(st.text())
def test_the_fallback_text_holds_no_markup(outside: str) -> None:
    fallback = render_blocks(Answer(verdict=(outside,)))["text"]

    assert "<" not in fallback
    assert ">" not in fallback


@given(st.text(alphabet="&<>;a ", max_size=2_000))
def test_no_escaped_character_is_cut_in_two(outside: str) -> None:
    fallback = render_blocks(Answer(verdict=(outside,)))["text"]

    assert len(fallback) <= 3_000
    assert re.fullmatch(r"(?:&(?:amp|lt|gt);|[^&<>])*", fallback)


def test_a_long_sentence_of_ours_is_shown_to_its_end() -> None:
    sentence = f"{'word ' * 100}end."

    assert sentence in json.dumps(render_blocks(Answer(verdict=(sentence,))))


def test_nothing_from_outside_is_ever_markup() -> None:
    loud = "<!channel> <@U1> <https://x|y> *bold*"

    message = render_blocks(
        Answer(verdict=(loud,), sections=(Section(title="t", lines=((loud,),)),))
    )

    kinds = {block["type"] for block in message["blocks"]}
    assert kinds == {"rich_text"}
    assert "mrkdwn" not in json.dumps(message)


def test_three_hundred_failing_tests_fit_into_one_message() -> None:
    lines = tuple(
        (f"kata-containers-ci-on-push / run-k8s-tests / {'x' * 100} ({n})",) for n in range(300)
    )
    sections = tuple(Section(title=title, lines=lines) for title in ("New", "Fixed", "Still"))

    message = render_blocks(Answer(verdict=("300 failed",), sections=sections))

    assert problems(message) == []
    assert len(json.dumps(message)) < 2 * TEXT_BUDGET
    assert "and 290 more" in json.dumps(message)


def test_a_private_answer_is_for_the_one_who_asked() -> None:
    assert render_blocks(Answer(verdict=("x",), private=True))["response_type"] == "ephemeral"
    assert render_blocks(Answer(verdict=("x",)))["response_type"] == "in_channel"


def test_escaping_touches_only_what_slack_reads() -> None:
    assert escape("a < b & c > d") == "a &lt; b &amp; c &gt; d"


@pytest.mark.parametrize(
    ("slack", "kind"), [("U0123456789", "user"), ("", "text"), ("<!here>", "text")]
)
def test_only_who_has_a_member_id_is_called(slack: str, kind: str) -> None:
    message = render_blocks(Answer(verdict=(Person(name="Mona <!here>", slack=slack),)))

    [paragraph] = message["blocks"][0]["elements"]
    assert [element["type"] for element in paragraph["elements"]] == [kind]
    assert "<!here>" not in message["text"]


LOUD = st.text(alphabet=st.sampled_from("<>!@#&|*_~`:/wchanel U1\n\r"), min_size=1, max_size=60)


@given(
    st.builds(
        Answer,
        verdict=LOUD.map(lambda text: (text, Code(text), Strong(text))),
        sections=LOUD.map(lambda text: (Section(title=text, lines=((Link(text, OURS), text),)),)),
        footer=LOUD.map(lambda text: (text,)),
    )
)
def test_no_message_holds_a_mention_link_or_markup_from_outside(answer: Answer) -> None:
    message = render_blocks(answer)
    parts = list(_parts(message["blocks"]))

    assert {part["type"] for part in parts} <= {
        "rich_text", "rich_text_section", "rich_text_list", "text", "link", "emoji",
    }  # fmt: skip
    assert {part["url"] for part in parts if "url" in part} <= {OURS}
    assert not re.search(r"[<>]|&(?!(?:amp|lt|gt);)", message["text"])


def _parts(node: object) -> Iterator[dict[str, Any]]:
    """Yield everything in a message that has a type."""
    if isinstance(node, list):
        for child in node:
            yield from _parts(child)
    elif isinstance(node, dict):
        yield node
        yield from _parts(node.get("elements", []))


def test_what_may_be_said_next_becomes_buttons_and_what_costs_is_asked_about() -> None:
    actions = (
        Action(text="Again", verb="retest", costs="Hours."),
        Action(text="Who?", verb="who", words=("a",)),
        Action(text="Too long", verb="who", words=("a" * 2_000,)),
    )

    message = render_blocks(Answer(verdict=("x",), actions=actions), received(surface="slack"))

    [block] = [block for block in message["blocks"] if block["type"] == "actions"]
    again, who = block["elements"]
    assert again["confirm"]["text"]["text"] == "Hours."
    assert "confirm" not in who
    assert who["text"] == {"type": "plain_text", "text": "Who?", "emoji": False}


def test_there_are_no_buttons_where_nobody_asked() -> None:
    message = render_blocks(Answer(verdict=("x",), actions=(Action(text="Go", verb="help"),)))

    assert {block["type"] for block in message["blocks"]} == {"rich_text"}
