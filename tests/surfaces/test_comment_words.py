import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatops.surfaces.comment_words import Spoken, newly_spoken, split_words, spoken

VERBS = {"retest", "status", "help"}


def heard(text: str) -> list[tuple[str, ...]]:
    return [(one.verb, *one.words) for one in spoken(text, VERBS.__contains__)]


@pytest.mark.parametrize(
    "text",
    [
        "/retest",
        "/Retest",
        "/RETEST",
        "/retest.",
        "/retest \r\n",
        "Please\n/retest\nthanks",
        "/retest!",
    ],
)
def test_what_was_meant_is_heard(text: str) -> None:
    assert heard(text) == [("retest",)]


@pytest.mark.parametrize(
    "text",
    [
        "> /retest",
        " /retest",
        "please /retest",
        "@dependabot /retest",
        "`/retest`",
        "    /retest",
        "```\n/retest\n```",
        "~~~ yaml\n/retest\n~~~",
        "````\n```\n/retest\n````",
        "<!-- /retest -->",
        "<!--\n/retest\n-->",
        "<!-- never closed\n/retest",
        "/retesting",
        "/retest/now",
        "//retest",
        "/unknown",
        "/ retest",
        "",
    ],
)
def test_what_was_quoted_hidden_or_meant_for_others_is_not(text: str) -> None:
    assert heard(text) == []


def test_lines_may_end_as_in_windows() -> None:
    assert heard("/retest\r\n\r\n/Status nightly.\r\n") == [("retest",), ("status", "nightly")]


def test_words_keep_together_in_quotation_marks_of_any_make() -> None:
    assert heard("/status “run tests (a, b)” nightly") == [
        ("status", "run tests (a, b)", "nightly")
    ]


def test_dashes_of_phones_are_dashes() -> None:
    assert heard("/retest –required") == [("retest", "-required")]


def test_several_commands_are_several_and_the_same_twice_is_one() -> None:
    assert heard("/retest\n/status nightly\n/retest") == [("retest",), ("status", "nightly")]


def test_an_edit_says_only_what_is_new() -> None:
    new = newly_spoken("/retest\n/help", "/retest", VERBS.__contains__)

    assert [one.verb for one in new] == ["help"]


def test_truncated_names_keep_their_dots() -> None:
    assert split_words('check "make check, ub..."') == ["check", "make check, ub..."]


@given(st.text())
def test_no_text_breaks_it(text: str) -> None:
    for one in spoken(text, VERBS.__contains__):
        assert one.verb in VERBS
    assert split_words(text) is not None


TALK = st.text(alphabet=st.sampled_from("/retsau \n`~<>!-\"'“”–—.?,\r\t\xa0\u200b"), max_size=60)


@given(TALK)
def test_what_is_heard_said_again_is_heard_the_same(text: str) -> None:
    first = spoken(text, VERBS.__contains__)

    again = spoken("\n".join(map(said_plainly, first)), VERBS.__contains__)

    assert [(one.verb, one.words) for one in again] == [(one.verb, one.words) for one in first]


@given(TALK)
def test_an_edit_that_changes_nothing_asks_for_nothing(text: str) -> None:
    assert newly_spoken(text, text, VERBS.__contains__) == []


@given(TALK, TALK)
def test_what_is_quoted_is_never_heard(before: str, quoted: str) -> None:
    text = "\n".join(f"> {line}" for line in f"/retest\n{quoted}".splitlines())

    assert spoken(text, VERBS.__contains__) == []
    assert {one.verb for one in spoken(f"{before}\n\n{text}", VERBS.__contains__)} == {
        one.verb for one in spoken(before, VERBS.__contains__)
    }


@given(st.text(), st.text())
def test_no_text_from_a_terminal_or_slack_breaks_it(text: str, more: str) -> None:
    assert all(isinstance(word, str) for word in split_words(f"{text} {more}"))


def said_plainly(one: Spoken) -> str:
    """Say a command as somebody careful would: each word in quotation marks where it needs them."""
    return " ".join([f"/{one.verb}", *map(_marked, one.words)])


def _marked(word: str) -> str:
    if word and word[0] not in "\"'" and not any(letter.isspace() for letter in word):
        return word
    return f"'{word}'" if '"' in word else f'"{word}"'
