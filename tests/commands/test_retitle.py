from pathlib import Path

import pytest

from chatops.commands.retitle import Retitle
from chatops.errors import Refused
from chatops.events.changes import EditRequested
from tests.commands.issues import asking, refusal, wanted
from tests.scene import issue

ISSUE = issue(is_pull=False, title="It leaks")


def test_a_title_is_taken_as_it_was_written(tmp_path: Path) -> None:
    asked = asking(ISSUE, said="Fins: \u201cwide\u201d \u2013 or not?")

    asks = wanted(
        tmp_path, Retitle, ["Fins:", "wide", "-", "or", "not"], EditRequested, asked=asked
    )

    assert asks.value == "Fins: \u201cwide\u201d \u2013 or not?"
    assert asks.before == "It leaks"


@pytest.mark.parametrize("said", ["", "Fins: wide or not --dry-run"])
def test_without_what_was_written_its_words_are_the_title(tmp_path: Path, said: str) -> None:
    asked = asking(ISSUE, said=said)

    asks = wanted(tmp_path, Retitle, ["Fins:", "wide", "or", "not"], EditRequested, asked=asked)

    assert asks.value == "Fins: wide or not"


def test_the_title_it_has_is_left_alone(tmp_path: Path) -> None:
    assert refusal(tmp_path, Retitle, ["It", "leaks"], asked=asking(ISSUE)).reason == "as_it_is"


@pytest.mark.parametrize(
    "title",
    [
        "Fixes #9999",
        "this closes: acme/rocket#3",
        "Resolved https://github.com/acme/rocket/issues/3",
    ],
)
def test_a_title_closes_nothing(title: str) -> None:
    with pytest.raises(Refused) as refused:
        Retitle.parse(title.split())

    assert refused.value.reason == "closes"


@pytest.mark.parametrize("title", ["Fix the leak", "prefixes #3", "Close the door, 3 times"])
def test_other_titles_are_free(title: str) -> None:
    assert Retitle.parse(title.split()).title == title


@pytest.mark.parametrize(
    ("words", "said"), [([], "Which title?"), (["x" * 257], "has 257 characters")]
)
def test_a_title_is_neither_empty_nor_endless(words: list[str], said: str) -> None:
    with pytest.raises(Refused) as refused:
        Retitle.parse(words)

    assert said in refused.value.text
