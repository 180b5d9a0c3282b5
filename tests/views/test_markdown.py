import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from chatops.engine.answer import (
    Action,
    Answer,
    Code,
    Line,
    Link,
    Person,
    Section,
    Strong,
    Tone,
    pieces,
)
from chatops.views.markdown import JOINER, line, render_markdown, text

HOSTILE = st.text(
    alphabet=st.sampled_from("@#`*_[]()<>!&~|\\\n\r -/:.wghGH1aé\u202e"), min_size=1, max_size=60
)

OURS = "https://ci.example/nightly"
OUR_TOKENS = {
    "inline", "text", "softbreak", "code_inline", "html_block", "html_inline",
    "paragraph_open", "paragraph_close", "link_open", "link_close", "strong_open", "strong_close",
    "bullet_list_open", "bullet_list_close", "list_item_open", "list_item_close",
}  # fmt: skip


@given(HOSTILE)
def test_no_text_from_outside_mentions_refers_or_links(outside: str) -> None:
    rendered = text(outside)

    assert not re.search(r"[@#](?!\u2060)", rendered)
    assert "://" not in rendered.replace(f"//{JOINER}", "")
    assert not re.search(r"[<>\[\]`*_]", re.sub(r"\\.", "", rendered))
    assert "\n" not in rendered


@given(HOSTILE.filter(lambda outside: bool(outside.split())))
def test_code_cannot_be_left_by_what_it_holds(outside: str) -> None:
    rendered = line((Code(outside),))

    fence = re.match(r"`+", rendered)
    assert fence is not None
    assert rendered.endswith(fence.group())
    inside = rendered[len(fence.group()) : -len(fence.group())]
    assert fence.group() not in re.findall(r"`+", inside)


@given(HOSTILE)
def test_a_link_leads_where_we_said_whatever_its_label(label: str) -> None:
    rendered = line((Link(label, "https://ci.example/a b)c"),))

    assert rendered.endswith("](https://ci.example/a%20b%29c)")
    assert re.sub(r"\\.", "", rendered).count("]") == 1


def test_what_stands_between_backticks_in_our_sentences_is_code() -> None:
    assert pieces("Say `/retest` again.") == ("Say ", Code("/retest"), " again.")


def test_a_reply_begins_with_its_mark_and_then_the_verdict() -> None:
    answer = Answer(
        verdict=("All 2 jobs passed this time on ", Code("abc"), "."),
        tone=Tone.GOOD,
        sections=(Section(title="Runs", lines=(("CI: ", Strong("done")),), more=3),),
    )

    rendered = render_markdown(answer, "command/github/1")

    assert rendered.splitlines()[0] == "<!-- chatops:command/github/1 -->"
    assert rendered.splitlines()[2] == "✅ All 2 jobs passed this time on `abc`."
    assert "- … and 3 more" in rendered


def test_a_folded_section_starts_closed_and_says_how_much_it_holds() -> None:
    lines: tuple[Line, ...] = (("one",), ("two",))
    folded = Section(title="Passed", lines=lines, folded=True)

    rendered = render_markdown(Answer(verdict=("x",), sections=(folded,)), "m")

    assert "<details><summary>Passed (2)</summary>" in rendered


@pytest.mark.parametrize(
    "name", ["run-k8s-tests (qemu, kubeadm)", "check (make check, agent, ub..."]
)
def test_job_names_stay_readable(name: str) -> None:
    shown = re.sub(r"\\(.)", r"\1", text(name))

    assert shown == name


@pytest.mark.parametrize(
    ("github", "shown"),
    [("octocat", "@octocat"), ("", "Mona @\u2060all"), ("a b", "Mona @\u2060all")],
)
def test_only_who_has_a_login_is_called(github: str, shown: str) -> None:
    assert line((Person(name="Mona @all", github=github),)) == shown


def _line_of(outside: st.SearchStrategy[str]) -> st.SearchStrategy[Line]:
    piece = st.one_of(
        outside,
        outside.map(Code),
        outside.map(Strong),
        outside.map(lambda label: Link(label, OURS)),
    )
    return st.lists(piece, min_size=1, max_size=3).map(tuple)


HOSTILE_ANSWERS = st.builds(
    Answer,
    verdict=_line_of(HOSTILE),
    tone=st.sampled_from(Tone),
    counts=_line_of(HOSTILE),
    sections=st.lists(
        st.builds(
            Section,
            title=HOSTILE,
            lines=st.lists(_line_of(HOSTILE), max_size=3).map(tuple),
            more=st.integers(0, 3),
            folded=st.booleans(),
        ),
        max_size=2,
    ).map(tuple),
    footer=_line_of(HOSTILE),
)


@settings(max_examples=200)
@given(HOSTILE_ANSWERS)
def test_no_answer_holds_markup_that_came_from_outside(answer: Answer) -> None:
    tokens = _tokens(render_markdown(answer, "command/github/1"))

    assert {token.attrGet("href") for token in tokens if token.type == "link_open"} <= {OURS}
    assert {token.type for token in tokens} <= OUR_TOKENS
    assert {token.content.strip() for token in tokens if "html" in token.type} <= {
        "", "<sub>", "</sub>", "</details>", "<!-- chatops:command/github/1 -->",
    } | {token.content.strip() for token in tokens if token.content.startswith("<details><summary>")}  # fmt: skip
    shown = "".join(token.content for token in tokens if token.type == "text")
    assert not re.search(r"[@#](?!\u2060)", shown)
    assert not re.search(r"(?<=:)//(?!\u2060)", shown)


def test_code_of_nothing_but_blanks_opens_no_code_that_others_end() -> None:
    tokens = _tokens(line((Code(" "), "@mona ", Code("#`"))))

    assert [token.content for token in tokens if token.type == "code_inline"] == ["#`"]
    assert "".join(token.content for token in tokens if token.type == "text") == f"@{JOINER}mona "


@given(HOSTILE)
def test_what_is_shown_is_what_was_said(outside: str) -> None:
    tokens = _tokens(text(f"x{outside}x"))

    shown = "".join(token.content for token in tokens if token.type == "text")
    assert shown.replace(JOINER, "").split() == f"x{outside}x".split()


def _tokens(markdown: str) -> list[Token]:
    """Return what a reader of Markdown makes of a text, GitHub's additions among it."""
    parsed = MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(markdown)
    return [inner for token in parsed for inner in (token, *(token.children or ()))]


def test_what_may_be_said_next_is_a_command_to_copy() -> None:
    answer = Answer(
        verdict=("done",),
        actions=(
            Action(text="Stop it", verb="cancel"),
            Action(text="Ask", verb="who", words=("a job", "b")),
        ),
    )

    assert 'Stop it: `/cancel` · Ask: `/who "a job" b`' in render_markdown(answer, "m")


@given(HOSTILE, HOSTILE)
def test_what_may_be_said_next_mentions_nobody(said: str, word: str) -> None:
    action = Action(text=said, verb="who", words=(word,))

    rendered = render_markdown(Answer(verdict=("x",), actions=(action,)), "m").split("\n\n")[-1]

    outside, _, code = rendered.partition(": `")
    assert not re.search(r"[@#](?!\u2060)", outside)
    assert code.endswith("`")
    assert "\n" not in rendered
