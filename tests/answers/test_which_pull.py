from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatops.answers.which_pull import named_pull, on_pull
from chatops.commands.gatekeeper import Gatekeeper
from chatops.commands.status import Status
from chatops.commands.why import Why
from chatops.errors import Refused
from tests.scene import COMMUNITY, REPO, received


@pytest.mark.parametrize(
    ("words", "named", "rest"),
    [
        ([], None, ()),
        (["boot"], None, ("boot",)),
        (["7"], None, ("7",)),
        (["#7", "boot"], ("", 7), ("boot",)),
        (["PR", "7"], ("", 7), ()),
        (["pr", "#7"], ("", 7), ()),
        (["pr"], None, ("pr",)),
        (["pr", "boot"], None, ("pr", "boot")),
        (["acme/rocket#7"], ("acme/rocket", 7), ()),
        (["https://github.com/acme/rocket/pull/7/files?w=1", "x"], ("acme/rocket", 7), ("x",)),
        (["#٣"], None, ("#٣",)),
        (["engine / solid"], None, ("engine / solid",)),
    ],
)
def test_a_pull_request_is_named_in_the_ways_people_do(
    words: list[str], named: tuple[str, int] | None, rest: tuple[str, ...]
) -> None:
    assert named_pull(words) == (named, rest)


def test_the_named_one_takes_the_place_of_the_conversations() -> None:
    found = on_pull(received(number=0), COMMUNITY, ("ACME/Rocket", 12))

    assert (found.repo, found.number) == (REPO, 12)


def test_without_a_repository_the_one_of_the_conversation_is_meant() -> None:
    assert on_pull(received(), COMMUNITY, ("", 12)).repo == REPO
    assert on_pull(received(), COMMUNITY, None) == received()


def test_other_peoples_repositories_are_refused() -> None:
    with pytest.raises(Refused, match="not among the repositories of Acme: acme/rocket"):
        on_pull(received(), COMMUNITY, ("other/place", 1))


@given(words=st.lists(st.text(max_size=30), max_size=6))
def test_no_words_make_it_stumble(words: list[str]) -> None:
    named, rest = named_pull(words)

    assert list(rest) == words[len(words) - len(rest) :]
    assert named is None or 0 <= named[1] < 10**9
    for command in (Status, Why, Gatekeeper):
        with suppress(Refused):
            assert command.parse(words) == command.parse(words)
            command.target(received(words=tuple(words)), COMMUNITY)
