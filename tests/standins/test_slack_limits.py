import pytest

from chatops.standins.slack.limits import (
    length_of_blocks,
    problems_of_blocks,
    refuse_bad_blocks,
    refuse_long_message,
)
from chatops.standins.slack.workspace import JsonObject, RefusedBySlack


def text(content: str, kind: str = "mrkdwn") -> JsonObject:
    return {"type": kind, "text": content}


def section(content: str = "hello") -> JsonObject:
    return {"type": "section", "text": text(content)}


def button(**more: object) -> JsonObject:
    return {"type": "button", "text": text("Go", "plain_text"), "action_id": "go", **more}


def rows(count: int, columns: int = 2) -> list[list[JsonObject]]:
    return [[{"type": "raw_text", "text": "cell"}] * columns for _ in range(count)]


def chart(**changes: object) -> JsonObject:
    """Return a chart of two nights, in which something is otherwise."""
    drawn: JsonObject = {
        "type": "line",
        "series": [{"name": "Failed", "data": [point("21 Aug"), point("22 Aug")]}],
        "axis_config": {"categories": ["21 Aug", "22 Aug"]},
    }
    return {"type": "data_visualization", "title": "Nights", "chart": {**drawn, **changes}}


def point(label: str, value: object = 3) -> JsonObject:
    return {"label": label, "value": value}


GOOD: list[JsonObject] = [
    {"type": "header", "text": text("Nightly", "plain_text")},
    section(),
    {"type": "section", "fields": [text("*a*"), text("b", "plain_text")], "accessory": button()},
    {"type": "divider"},
    {"type": "context", "elements": [text("now")]},
    {"type": "actions", "elements": [button(style="danger", confirm={"text": text("Sure?")})]},
    {"type": "markdown", "text": "# title"},
    {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": []}]},
    {"type": "image", "image_url": "https://example.org/a.png", "alt_text": "a"},
    {"type": "table", "rows": rows(100, 20)},
    {"type": "data_table", "caption": "nights", "rows": rows(101), "page_size": 10},
    chart(),
    chart(type="bar", axis_config={"categories": ["21 Aug", "22 Aug"], "y_label": "jobs"}),
    {
        "type": "data_visualization",
        "title": "Nights",
        "chart": {"type": "pie", "segments": [point("red"), point("green", 1.5)]},
    },
]


@pytest.mark.parametrize("block", GOOD, ids=lambda block: str(block["type"]))
def test_a_block_within_its_limits_is_taken(block: JsonObject) -> None:
    assert problems_of_blocks([block]) == []


@pytest.mark.parametrize(
    ("block", "problem"),
    [
        (
            section("a" * 3001),
            "must be less than 3001 characters [json-pointer:/blocks/0/text/text]",
        ),
        (section(""), "must be more than 0 characters [json-pointer:/blocks/0/text/text]"),
        (
            {"type": "header", "text": text("a" * 151, "plain_text")},
            "must be less than 151 characters [json-pointer:/blocks/0/text/text]",
        ),
        (
            {"type": "header", "text": text("a")},
            "must be one of plain_text [json-pointer:/blocks/0/text/type]",
        ),
        (
            {"type": "section", "fields": [text("a")] * 11},
            "no more than 10 items allowed [json-pointer:/blocks/0/fields]",
        ),
        (
            {"type": "section", "fields": [text("a" * 2001)]},
            "must be less than 2001 characters [json-pointer:/blocks/0/fields/0/text]",
        ),
        (
            {"type": "context", "elements": [text("a")] * 11},
            "no more than 10 items allowed [json-pointer:/blocks/0/elements]",
        ),
        (
            {"type": "actions", "elements": [button()] * 26},
            "no more than 25 items allowed [json-pointer:/blocks/0/elements]",
        ),
        (
            {"type": "actions", "elements": [button(text=text("a" * 76, "plain_text"))]},
            "must be less than 76 characters [json-pointer:/blocks/0/elements/0/text/text]",
        ),
        (
            {"type": "actions", "elements": [button(style="loud")]},
            "must be a valid enum value [json-pointer:/blocks/0/elements/0/style]",
        ),
        (
            {"type": "actions", "elements": [button(value="a" * 2001)]},
            "must be less than 2001 characters [json-pointer:/blocks/0/elements/0/value]",
        ),
        (
            {
                "type": "section",
                "text": text("a"),
                "accessory": button(confirm={"text": text("a" * 301)}),
            },
            "must be less than 301 characters [json-pointer:/blocks/0/accessory/confirm/text/text]",
        ),
        ({"type": "balloon"}, "unsupported type: balloon [json-pointer:/blocks/0/type]"),
        (
            {"type": "divider", "colour": "red"},
            "invalid additional property: colour [json-pointer:/blocks/0]",
        ),
        (
            {"type": "table", "rows": rows(101)},
            "no more than 100 items allowed [json-pointer:/blocks/0/rows]",
        ),
        (
            {"type": "table", "rows": rows(1, 21)},
            "no more than 20 items allowed [json-pointer:/blocks/0/rows/0]",
        ),
        (
            {"type": "data_table", "caption": "c", "rows": rows(1)},
            "must have a heading row and at least one more [json-pointer:/blocks/0/rows]",
        ),
        (
            {"type": "data_table", "rows": rows(2)},
            "missing required field: caption [json-pointer:/blocks/0]",
        ),
        (
            {**chart(), "title": "a" * 51},
            "must be less than 51 characters [json-pointer:/blocks/0/title]",
        ),
        (
            chart(type="radar"),
            "must be one of pie, bar, area, line [json-pointer:/blocks/0/chart/type]",
        ),
        (
            chart(series=[{"name": "Failed", "data": [point("21 Aug")]}]),
            "must have one data point for each category [json-pointer:/blocks/0/chart/series/0/data]",
        ),
        (
            chart(series=[{"name": "Failed", "data": [point("21 Aug"), point("22 Aug", "3")]}]),
            "must be a number [json-pointer:/blocks/0/chart/series/0/data/1/value]",
        ),
        (
            chart(
                series=[{"name": f"{n % 2}", "data": [point("a")]} for n in range(7)],
                axis_config={"categories": ["a"]},
            ),
            "no more than 6 items allowed [json-pointer:/blocks/0/chart/series]",
        ),
        (
            chart(
                series=[{"name": "x", "data": [point("a")]}] * 2, axis_config={"categories": ["a"]}
            ),
            "series names must be unique [json-pointer:/blocks/0/chart/series]",
        ),
        (
            chart(axis_config={"categories": ["a" * 21, "22 Aug"]}),
            "must be a string of 1 to 20 characters [json-pointer:/blocks/0/chart/axis_config/categories/0]",
        ),
        (
            chart(axis_config={}),
            "must provide an array of categories [json-pointer:/blocks/0/chart/axis_config/categories]",
        ),
        (
            {"type": "alert", "text": text("only in modals")},
            "unsupported type: alert [json-pointer:/blocks/0/type]",
        ),
    ],
)
def test_a_block_beyond_its_limits_is_named_with_its_place(block: JsonObject, problem: str) -> None:
    assert problem in problems_of_blocks([block])


def test_a_message_has_fifty_blocks_and_a_modal_a_hundred() -> None:
    assert problems_of_blocks([section()] * 50) == []
    assert problems_of_blocks([section()] * 51) == [
        "no more than 50 items allowed [json-pointer:/blocks]"
    ]
    assert problems_of_blocks([section()] * 100, "modal") == []


def test_two_blocks_of_one_name_are_refused() -> None:
    twins = [{**section(), "block_id": "twin"}] * 2

    assert problems_of_blocks(twins) == ["`block_id` twin already exists [json-pointer:/blocks]"]


def test_a_message_has_one_table() -> None:
    table: JsonObject = {"type": "table", "rows": rows(1)}

    assert problems_of_blocks([table, table]) == [
        "no more than 1 table blocks allowed [json-pointer:/blocks]"
    ]


def test_blocks_that_are_no_list_have_an_error_of_their_own() -> None:
    with pytest.raises(RefusedBySlack, match="invalid_blocks_format"):
        refuse_bad_blocks({"type": "divider"})


def test_all_blocks_together_have_a_length_too() -> None:
    blocks = [section("a" * 2500)] * 5

    assert problems_of_blocks(blocks) == []
    assert length_of_blocks(blocks) == 12_500
    with pytest.raises(RefusedBySlack, match="msg_blocks_too_long"):
        refuse_long_message("", blocks, is_update=False)


def test_an_edit_may_say_less_than_a_post() -> None:
    refuse_long_message("a" * 5000, [], is_update=False)

    with pytest.raises(RefusedBySlack, match="msg_too_long"):
        refuse_long_message("a" * 5000, [], is_update=True)
    with pytest.raises(RefusedBySlack, match="msg_too_long"):
        refuse_long_message("a" * 40_001, [], is_update=False)
