"""What a review asks for by what it found, and a label by its name, where a community lets that count."""

import msgspec
import pytest

from chatops.app import catalogues
from chatops.config import Approvals, Configuration, Merging
from chatops.engine.vocabulary import vocabularies
from chatops.events.conversation import CommandReceived
from chatops.intake.webhooks import Comment
from chatops.names import Login
from chatops.surfaces.github import asked
from tests.scene import COMMUNITY, NOW, PULL, REPO

BOTH = Approvals(review_acts_as_lgtm=True, review_acts_as_approve=True)


def heard(
    state: str,
    text: str = "",
    *,
    said: Approvals = BOTH,
    off: tuple[str, ...] = (),
    bot: bool = False,
    action: str = "submitted",
) -> list[tuple[str, tuple[str, ...], bool]]:
    community = msgspec.structs.replace(COMMUNITY, approvals=said, commands_off=off)
    configuration = Configuration(communities={"acme": community})
    review = Comment(
        repo=REPO, number=PULL, comment_id=5, place="review", action=action, author=Login("mona"),
        author_is_bot=bot, association="MEMBER", text=text, previous_text="", updated_at=NOW,
        sender=Login("mona"), is_pull=True, state=state,
    )  # fmt: skip
    words = vocabularies(catalogues().commands, configuration)
    facts = asked(review, configuration, words, "guid", [])
    return [
        (fact.event.verb, fact.event.words, fact.event.implied)
        for fact in facts
        if isinstance(fact.event, CommandReceived)
    ]


def test_approving_says_both_and_requesting_changes_cancels_them() -> None:
    assert heard("approved") == [("lgtm", (), True), ("approve", (), True)]
    assert heard("changes_requested") == [
        ("lgtm", ("cancel",), True),
        ("approve", ("cancel",), True),
    ]


def test_only_what_a_community_lets_count_does() -> None:
    assert heard("approved", said=Approvals()) == []
    assert heard("approved", said=Approvals(review_acts_as_lgtm=True)) == [("lgtm", (), True)]
    assert heard("approved", off=("lgtm",)) == [("approve", (), True)]


@pytest.mark.parametrize("text", ["/lgtm cancel", "/remove-lgtm"])
def test_what_is_said_in_words_comes_first(text: str) -> None:
    found = heard("approved", text)

    assert [(verb, implied) for verb, _, implied in found] == [
        (text[1:].split(maxsplit=1)[0], False),
        ("approve", True),
    ]


@pytest.mark.parametrize("state", ["commented", "pending", "dismissed", ""])
def test_other_findings_ask_for_nothing(state: str) -> None:
    assert heard(state) == []


def test_an_edit_and_a_bot_ask_for_nothing() -> None:
    assert heard("approved", action="edited") == []
    assert heard("approved", bot=True) == []


def labelled(name: str, *, start: str = "cherrypick/", bot: bool = False) -> list[CommandReceived]:
    community = msgspec.structs.replace(COMMUNITY, merging=Merging(pick_labels=start))
    configuration = Configuration(communities={"acme": community})
    label = Comment(
        repo=REPO, number=PULL, comment_id=PULL, place="label", action="labeled", author=Login("mona"),
        author_is_bot=bot, association="", text=name, previous_text="", updated_at=NOW,
        sender=Login("mona"), is_pull=True,
    )  # fmt: skip
    words = vocabularies(catalogues().commands, configuration)
    facts = asked(label, configuration, words, "guid", [])
    return [fact.event for fact in facts if isinstance(fact.event, CommandReceived)]


def test_a_label_asks_for_a_pick_in_the_name_of_who_puts_it_on() -> None:
    (said,) = labelled("cherrypick/release/1.0")

    assert (said.verb, said.words, said.by) == ("cherry-pick", ("release/1.0",), "mona")
    assert said.implied


def test_two_labels_of_one_second_are_two_requests_and_each_is_one() -> None:
    names = [labelled(name)[0].command for name in ("cherrypick/a", "cherrypick/b", "cherrypick/a")]

    assert len(set(names)) == 2


@pytest.mark.parametrize("name", ["bug", "cherrypick/", "area/cherrypick/a", "/retest"])
def test_other_labels_ask_for_nothing(name: str) -> None:
    assert labelled(name) == []


def test_nor_do_labels_where_nobody_wants_it_or_a_bot_puts_them_on() -> None:
    assert labelled("cherrypick/a", start="") == []
    assert labelled("cherrypick/a", bot=True) == []
