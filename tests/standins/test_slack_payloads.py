"""The judge is judged: it takes what Slack takes, and refuses what Slack refuses."""

from typing import Any

import pytest

from chatops.standins.slack.limits import problems_of_blocks
from tests.payloads import problems

Json = dict[str, Any]


def plain(text: str) -> Json:
    return {"type": "plain_text", "text": text}


def mrkdwn(text: str) -> Json:
    return {"type": "mrkdwn", "text": text}


def cells(count: int) -> list[Json]:
    return [{"type": "raw_text", "text": "cell"}] * count


def button(**more: object) -> Json:
    return {"type": "button", "action_id": "go", "text": plain("Go"), **more}


def message(*blocks: Json) -> Json:
    return {"channel": "C0CI", "text": "what it says", "blocks": list(blocks)}


GOOD: list[Json] = [
    {"type": "header", "text": plain("Nightly")},
    {"type": "section", "text": mrkdwn("*3* failed"), "accessory": button(url="https://x.test")},
    {"type": "section", "fields": [mrkdwn("a"), plain("b")]},
    {"type": "divider"},
    {"type": "image", "image_url": "https://x.test/a.png", "alt_text": "a"},
    {"type": "context", "elements": [mrkdwn("as of 06:14 UTC")]},
    {"type": "actions", "elements": [button(style="danger", value="1")]},
    {"type": "markdown", "text": "**bold**"},
    {
        "type": "rich_text",
        "elements": [{"type": "rich_text_section", "elements": [{"type": "text", "text": "x"}]}],
    },
    {"type": "table", "rows": [cells(2), cells(2)]},
    {"type": "data_table", "caption": "Nights", "rows": [cells(2), cells(2)], "page_size": 10},
]

BAD: list[Json] = [
    message(*[{"type": "divider"}] * 51),
    message({"type": "header", "text": plain("a" * 151)}),
    message({"type": "header", "text": mrkdwn("a")}),
    message({"type": "section", "text": mrkdwn("a" * 3001)}),
    message({"type": "section"}),
    message({"type": "section", "text": "bare"}),
    message({"type": "actions", "elements": [button(style="loud")]}),
    message({"type": "actions", "elements": [button(text=plain("a" * 76))]}),
    message({"type": "actions", "elements": [button(colour="red")]}),
    message({"type": "context", "elements": [mrkdwn("a")] * 11}),
    message({"type": "hologram"}),
    message({"type": "divider", "block_id": "a"}, {"type": "divider", "block_id": "a"}),
    message({"type": "data_table", "rows": [cells(1), cells(1)]}),
    message({"type": "data_table", "caption": "c", "rows": [cells(1)] * 102}),
    message({"type": "table", "rows": [cells(21)]}),
    message({"type": "table", "rows": [cells(1), cells(2)]}),
    message(*[{"type": "table", "rows": [cells(1)]}] * 2),
    message(*[{"type": "section", "text": mrkdwn("a" * 2500)}] * 5),
    {"blocks": [{"type": "divider"}]},
    {"text": "a" * 4001},
]


@pytest.mark.node
@pytest.mark.parametrize("block", GOOD, ids=lambda block: str(block["type"]))
def test_a_good_block_has_no_problems(block: Json) -> None:
    assert problems(message(block)) == []


@pytest.mark.node
@pytest.mark.parametrize("payload", BAD, ids=range(len(BAD)))
def test_a_bad_payload_is_refused(payload: Json) -> None:
    assert problems(payload) != []


@pytest.mark.node
def test_the_schema_names_the_block_and_the_key() -> None:
    [problem] = problems(message({"type": "divider"}, {"type": "divider", "colour": "red"}))

    assert problem.startswith("block 1 (divider) at /: ")
    assert "colour" in problem


@pytest.mark.node
def test_a_home_tab_has_more_room_and_needs_no_text() -> None:
    assert problems({"type": "home", "blocks": [{"type": "divider"}] * 100}) == []
    assert problems({"type": "home", "blocks": [{"type": "divider"}] * 101}) != []


@pytest.mark.parametrize("block", GOOD, ids=lambda block: str(block["type"]))
def test_the_stand_in_takes_what_the_judge_takes(block: Json) -> None:
    assert problems_of_blocks([block]) == []


def test_a_chart_is_left_to_the_counts_since_no_published_type_knows_it() -> None:
    chart: Json = {"type": "data_visualization", "title": "Passed", "chart": {"type": "line"}}

    assert problems(message(chart, chart, chart)) == [
        "3 blocks of the type data_visualization are more than 2"
    ]
