import pytest
from hypothesis import given
from hypothesis import strategies as some
from markupsafe import Markup

from chatops.standins.slack.block_kit import press_value, pressed, render_blocks
from chatops.standins.slack.mrkdwn import live_mentions, render_mrkdwn
from chatops.standins.slack.standin import small_workspace


def name_of(kind: str, identifier: str) -> str:
    return {"@U1": "mona", "#C1": "ci"}.get(kind + identifier, identifier)


def shown(text: str) -> str:
    return str(render_mrkdwn(text, name_of))


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("plain", "plain"),
        (
            "*bold* and _slanted_ and ~gone~",
            "<strong>bold</strong> and <em>slanted</em> and <s>gone</s>",
        ),
        ("snake_case_name and 2*3*4", "snake_case_name and 2*3*4"),
        ("`*code*`", "<code>*code*</code>"),
        ("```\n*block*\n```", "<pre>*block*</pre>"),
        ("&lt;b&gt; &amp; <b", "&lt;b&gt; &amp; &lt;b"),
        ("one\ntwo", "one<br>two"),
        ("&gt; said\nso", "<blockquote>said</blockquote>so"),
        ("<@U1>", '<span class="mention">@mona</span>'),
        ("<#C1|ci>", '<span class="mention channel">#ci</span>'),
        ("<!here>", '<strong class="mention loud">@here</strong>'),
        ("<!subteam^S1|@owners>", '<strong class="mention loud">@owners</strong>'),
        ("`<!channel>`", '<code><strong class="mention loud">@channel</strong></code>'),
        ("<javascript:alert(1)|click>", "click"),
        ("&lt;!here&gt;", "&lt;!here&gt;"),
        (":no_such_emoji:", ":no_such_emoji:"),
        (
            ":grey_question:",
            '<span role="img" aria-label="grey question">\N{WHITE QUESTION MARK ORNAMENT}</span>',
        ),
    ],
)
def test_mrkdwn_looks_as_in_slack(text: str, html: str) -> None:
    assert shown(text) == html


def test_a_link_shows_its_label_and_leads_to_its_address() -> None:
    html = shown("<https://example.org/?a=1&amp;b=2|the *run*>")

    assert 'href="https://example.org/?a=1&amp;b=2"' in html
    assert ">the *run*</a>" in html


@given(some.text(alphabet="<>&*_~`|!@#:/\n\"'=ab", max_size=80))
def test_no_text_becomes_markup_of_its_own(text: str) -> None:
    html = shown(text)

    rest = html
    for tag in ("strong", "em", "s", "code", "pre", "blockquote", "span", "a"):
        rest = rest.replace(f"</{tag}>", "").replace(f"<{tag}>", "")
    for opening in (
        '<strong class="mention loud">',
        '<span class="mention">',
        '<span class="mention channel">',
        "<br>",
    ):
        rest = rest.replace(opening, "")
    assert "<" not in rest


def test_every_kind_of_rich_text_is_shown() -> None:
    blocks = [
        {
            "type": "rich_text",
            "elements": [
                {
                    "type": "rich_text_section",
                    "elements": [
                        {"type": "text", "text": "<b>", "style": {"bold": True, "code": True}},
                        {"type": "link", "url": "https://example.org", "text": "run"},
                        {"type": "user", "user_id": "U1"},
                        {"type": "broadcast", "range": "here"},
                        {"type": "emoji", "name": "fire"},
                        {"type": "date", "timestamp": 0, "format": "{date}"},
                    ],
                },
                {
                    "type": "rich_text_list",
                    "style": "ordered",
                    "indent": 1,
                    "offset": 2,
                    "elements": [
                        {"type": "rich_text_section", "elements": [{"type": "text", "text": "x"}]}
                    ],
                },
                {"type": "rich_text_preformatted", "elements": [{"type": "text", "text": "log"}]},
                {"type": "rich_text_quote", "elements": [{"type": "text", "text": "said"}]},
            ],
        }
    ]

    html = render_blocks(blocks, name_of)

    assert "<code><strong>&lt;b&gt;</strong></code>" in html
    assert '<strong class="mention loud">@here</strong>' in html
    assert "1970-01-01 00:00 UTC" in html
    assert '<ol class="indent-1" start="3"><li>x</li></ol>' in html
    assert "<pre>log</pre>" in html
    assert "<blockquote>said</blockquote>" in html


def test_a_data_table_has_a_caption_and_headings_for_those_who_listen() -> None:
    rows = [
        [{"type": "raw_text", "text": "job"}, {"type": "raw_text", "text": "failed"}],
        [{"type": "raw_text", "text": "<build>"}, {"type": "raw_number", "value": 3, "text": "3"}],
    ]
    block = {"type": "data_table", "caption": "Jobs", "rows": rows, "row_header_column_index": 0}

    html = render_blocks([block], name_of)

    assert "<caption>Jobs</caption>" in html
    assert '<th scope="col">job</th>' in html
    assert '<th scope="row">&lt;build&gt;</th><td class="right">3</td>' in html


def chart(kind: str, **drawn: object) -> str:
    block = {"type": "data_visualization", "title": "<Nights>", "chart": {"type": kind, **drawn}}
    return str(render_blocks([block], name_of))


@pytest.mark.parametrize(
    ("kind", "shape"), [("line", "<polyline"), ("area", "<polygon"), ("bar", "<rect")]
)
def test_a_chart_is_a_picture_and_its_figures_are_there_for_those_who_listen(
    kind: str, shape: str
) -> None:
    data = [{"label": "22 Aug", "value": 4}, {"label": "21 Aug", "value": 0}]

    html = chart(
        kind,
        series=[{"name": "<Failed>", "data": data}],
        axis_config={"categories": ["21 Aug", "22 Aug"]},
    )

    assert "<figcaption>&lt;Nights&gt;</figcaption>" in html
    assert f'{shape} class="series-0"' in html
    assert '<span class="series-0">&lt;Failed&gt;</span>' in html
    assert '<th scope="row">21 Aug</th><td class="right">0</td>' in html
    assert '<th scope="row">22 Aug</th><td class="right">4</td>' in html


def test_a_pie_has_a_segment_for_each_value() -> None:
    html = chart("pie", segments=[{"label": "red", "value": 1}, {"label": "green", "value": 3}])

    assert html.count("<path") == 2
    assert '<th scope="row">green</th><td class="right">3</td>' in html


def test_a_button_that_asks_first_hides_its_answer_in_the_question() -> None:
    confirm = {
        "title": {"type": "plain_text", "text": "Sure?"},
        "text": {"type": "mrkdwn", "text": "*3* jobs"},
    }
    button = {
        "type": "button",
        "text": {"type": "plain_text", "text": "Rerun"},
        "action_id": "rerun/all",
        "confirm": confirm,
    }

    html = render_blocks([{"type": "actions", "block_id": "b 1", "elements": [button]}], name_of)

    assert html.startswith('<div class="actions"><details class="confirm"><summary')
    assert "<strong>3</strong> jobs" in html
    assert f'value="{press_value("b 1", "rerun/all")}"' in html


@given(some.text(min_size=1), some.text(min_size=1))
def test_what_a_button_sends_names_its_block_and_action(block_id: str, action_id: str) -> None:
    assert pressed(press_value(block_id, action_id)) == (block_id, action_id)


def test_a_block_of_tomorrow_is_named_and_does_not_break_the_page() -> None:
    assert render_blocks([{"type": "hologram"}], name_of) == Markup(
        '<div class="unknown">A block of the type hologram</div>'
    )


def test_a_live_mention_is_found_wherever_it_stands() -> None:
    workspace = small_workspace()
    hostile = {"type": "mrkdwn", "text": "branch `<!channel>`"}
    defused = {"type": "mrkdwn", "text": "branch &lt;!channel&gt;"}
    plain = {"type": "plain_text", "text": "<!channel>"}

    message = workspace.post(
        "C0CI",
        "fallback",
        blocks=[{"type": "context", "elements": [defused, plain, hostile]}],
    )

    assert live_mentions(message) == ("<!channel>",)
    assert live_mentions(workspace.post("C0CI", "hi <@U0MONA>")) == ("<@U0MONA>",)
