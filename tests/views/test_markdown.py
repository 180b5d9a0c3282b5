import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatops.engine.answer import Answer, Code, Line, Link, Person, Section, Strong, Tone, pieces
from chatops.views.markdown import JOINER, line, render_markdown, text

HOSTILE = st.text(
    alphabet=st.sampled_from("@#`*_[]()<>!&~|\\\n\r -/:.wghGH1aé\u202e"), min_size=1, max_size=60
)


@given(HOSTILE)
def test_no_text_from_outside_mentions_refers_or_links(outside: str) -> None:
    rendered = text(outside)

    assert not re.search(r"[@#](?!\u2060)", rendered)
    assert "://" not in rendered.replace(f"//{JOINER}", "")
    assert not re.search(r"[<>\[\]`*_]", re.sub(r"\\.", "", rendered))
    assert "\n" not in rendered


@given(HOSTILE)
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
