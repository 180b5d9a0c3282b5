from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest

from chatops.commands.approve import Approve
from chatops.config import Community
from chatops.engine.answer import Answer, as_text
from chatops.engine.command import Asked
from chatops.errors import Refused
from chatops.events import Event
from chatops.events.approvals import APPROVE, ApprovalGiven, ApprovalWithdrawn, Awaited
from chatops.events.conversation import EffectFailed
from chatops.events.owners import OwnersChanged, PathOwners
from tests.approving import OWNED, OWNERS, asked, community, ended, files, given, withdrawn
from tests.scene import COMMAND, COMMUNITY, HEAD, REPO, pull, scene, story

BOTH = [pull(), OWNERS, files("docs/a.md", "docs/b.md", "src/a.py")]
ALICE = asked("alice", "alice")


def decide(
    folder: Path, words: Sequence[str], *facts: Event, by: Asked = ALICE, said: Community = OWNED
) -> Event:
    with scene(folder, facts or BOTH) as world, world.knowledge(said) as knowledge:
        (event,) = Approve.parse(words).decide(by, knowledge)
    return event


def refusal(
    folder: Path, words: Sequence[str], *facts: Event, by: Asked = ALICE, said: Community = OWNED
) -> Refused:
    with pytest.raises(Refused) as refused:
        decide(folder, words, *facts, by=by, said=said)
    return refused.value


def test_it_counts_for_what_one_owns_and_says_what_is_left(tmp_path: Path) -> None:
    event = decide(tmp_path, [])

    assert isinstance(event, ApprovalGiven)
    assert (event.grade, event.by, event.stands_for, event.sha) == (
        APPROVE, "alice", ("alice",), HEAD,
    )  # fmt: skip
    assert event.awaits == (Awaited(place="/", files=1, owners=("mona", "hubot")),)


@pytest.mark.parametrize("words", [["no-issue"], ["please", "do", "not", "cancel"], ["thanks!"]])
def test_what_follows_is_why(tmp_path: Path, words: list[str]) -> None:
    assert isinstance(decide(tmp_path, words), ApprovalGiven)


NAMING = community(issue_required=True)


@pytest.mark.parametrize(
    ("words", "named", "no_issue", "awaits_issue"),
    [
        ([], False, False, True),
        ([], True, False, False),
        (["No-Issue"], False, True, False),
        (["no-issue", "please"], False, False, True),
    ],
)
def test_where_it_has_to_name_an_issue_that_is_looked_at(
    tmp_path: Path, words: list[str], *, named: bool, no_issue: bool, awaits_issue: bool
) -> None:
    facts = [pull(names_issue=named), OWNERS, files("docs/a.md")]

    event = decide(tmp_path, words, *facts, said=NAMING)

    assert isinstance(event, ApprovalGiven)
    assert (event.no_issue, event.awaits_issue) == (no_issue, awaits_issue)


def test_elsewhere_no_issue_is_a_word_like_any_other(tmp_path: Path) -> None:
    event = decide(tmp_path, ["no-issue"])

    assert isinstance(event, ApprovalGiven)
    assert not event.no_issue


def test_who_has_approved_says_later_that_no_issue_is_needed(tmp_path: Path) -> None:
    facts = [pull(), OWNERS, files("docs/a.md"), given("alice", APPROVE)]
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()

    event = decide(tmp_path / "a", ["no-issue"], *facts, said=NAMING)
    refused = refusal(tmp_path / "b", [], *facts, said=NAMING)

    assert isinstance(event, ApprovalGiven)
    assert event.no_issue
    assert "an owner says `/approve no-issue`" in refused.text


def test_who_takes_back_that_none_was_needed_needs_one_again(tmp_path: Path) -> None:
    word = msgspec.structs.replace(given("alice", APPROVE), no_issue=True)
    facts = [pull(), OWNERS, files("docs/a.md"), word]
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()

    again = decide(tmp_path / "a", [], *facts, said=NAMING)
    cancelled = decide(tmp_path / "b", ["cancel"], *facts, said=NAMING)

    assert isinstance(again, ApprovalGiven)
    assert again.awaits_issue
    assert isinstance(cancelled, ApprovalWithdrawn)
    assert cancelled.no_issue


def test_an_author_who_owns_may_approve(tmp_path: Path) -> None:
    event = decide(tmp_path, [], by=asked("hubot", "hubot"))

    assert isinstance(event, ApprovalGiven)
    assert [one.place for one in event.awaits] == ["docs/"]


@pytest.mark.parametrize("names", [(), ("carol",)])
def test_who_owns_nothing_is_told_who_does(tmp_path: Path, names: tuple[str, ...]) -> None:
    refused = refusal(tmp_path, [], by=asked("carol", *names))

    assert refused.reason == "not_an_owner"
    assert "`/` by mona or hubot; `docs/` by alice or bob" in refused.text


def test_who_might_be_in_a_team_is_not_told_they_own_nothing(tmp_path: Path) -> None:
    refused = refusal(tmp_path, [], by=asked("carol", unsure=["acme/rockets"]))

    assert refused.reason == "team_unknown"


def test_where_nothing_has_an_owner_that_is_said(tmp_path: Path) -> None:
    nobody = OwnersChanged(
        repo=REPO, branch="main", origin="CODEOWNERS", fingerprint="2",
        paths=(PathOwners(pattern="/docs/", owners=("bob",)),),
    )  # fmt: skip

    assert refusal(tmp_path, [], pull(), nobody, files("a")).reason == "no_owner"


def test_the_same_again_is_refused_with_what_is_left(tmp_path: Path) -> None:
    refused = refusal(tmp_path, [], *BOTH, given("alice", APPROVE))

    assert refused.reason == "as_it_is"
    assert "`/` by mona or hubot" in refused.text


def test_cancel_takes_back_ones_own(tmp_path: Path) -> None:
    event = decide(tmp_path, ["Cancel"], *BOTH, given("alice", APPROVE), given("mona", APPROVE))

    assert isinstance(event, ApprovalWithdrawn)
    assert (event.whose, event.stood_for) == ("alice", ("alice",))


def test_who_has_not_approved_has_nothing_to_take_back(tmp_path: Path) -> None:
    refused = refusal(tmp_path, ["cancel"], *BOTH, given("mona", APPROVE))

    assert refused.reason == "as_it_is"


def test_what_authors_approve_by_being_it_they_can_take_back(tmp_path: Path) -> None:
    said = community(authors_approve=True)
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()

    event = decide(tmp_path / "a", ["cancel"], by=asked("hubot", "hubot"), said=said)
    again = refusal(
        tmp_path / "b", ["cancel"], *BOTH, withdrawn("hubot", APPROVE), by=asked("hubot"), said=said
    )

    assert isinstance(event, ApprovalWithdrawn)
    assert event.whose == "hubot"
    assert again.reason == "as_it_is"


@pytest.mark.parametrize(
    ("facts", "said", "reason"),
    [
        (BOTH, COMMUNITY, "no_owners"),
        ([OWNERS], OWNED, "no_pull"),
        ([pull(state="closed")], OWNED, "closed"),
        ([pull(), OWNERS], OWNED, "owners_unknown"),
        ([pull(), files("a")], OWNED, "owners_unknown"),
    ],
)
def test_it_says_why_there_is_nothing_to_approve(
    tmp_path: Path, facts: list[Event], said: Community, reason: str
) -> None:
    assert refusal(tmp_path, [], *facts, said=said).reason == reason


def test_both_of_its_words_are_heard() -> None:
    assert Approve.verbs(COMMUNITY) == {"approve": (), "remove-approve": ("cancel",)}


def test_it_can_be_taken_back(tmp_path: Path) -> None:
    word = given("alice", APPROVE)
    with scene(tmp_path, [*BOTH, word]) as world, world.knowledge(OWNED) as knowledge:
        (event,) = Approve.taken_back(story(word), ALICE, knowledge)

    assert isinstance(event, ApprovalWithdrawn)


def tell(folder: Path, *events: Event) -> Answer:
    with scene(folder) as world, world.knowledge() as knowledge:
        return Approve.tell(story(*events), knowledge)


def test_the_reply_lists_who_still_has_to_approve_what(tmp_path: Path) -> None:
    event = decide(tmp_path, [])
    (tmp_path / "told").mkdir()

    answer = tell(tmp_path / "told", event)

    assert as_text(answer).splitlines() == [
        "Approved by alice. 1 file still needs an owner.",
        "",
        "Still to be approved",
        "  /: 1 file, by mona or hubot",
        "",
        "An owner says /approve.",
    ]
    assert not answer.quiet


def test_the_reply_says_that_an_issue_is_missing(tmp_path: Path) -> None:
    event = msgspec.structs.replace(given("alice", APPROVE), awaits_issue=True)

    answer = tell(tmp_path, event)

    assert as_text(answer).splitlines() == [
        "Approved by alice. Every file is approved, but no issue is named.",
        "",
        "It has to name an issue in its title or text, or an owner says /approve no-issue.",
    ]
    assert not answer.quiet


def test_the_reply_says_it_beside_what_else_is_missing(tmp_path: Path) -> None:
    rest = (Awaited(place="/", files=1, owners=("mona",)),)
    event = msgspec.structs.replace(given("alice", APPROVE), awaits_issue=True, awaits=rest)

    assert as_text(tell(tmp_path, event)).endswith(
        "An owner says /approve. It has to name an issue in its title or text, or an owner says /approve no-issue."
    )


@pytest.mark.parametrize(
    ("events", "said", "quiet"),
    [
        ([given("alice", APPROVE)], "Every file is approved.", True),
        ([withdrawn("alice", APPROVE)], "The approval of alice counts no longer.", True),
        (
            [given("alice", APPROVE), ended(given("alice", APPROVE), "dismissed")],
            "The approval of alice ended when the review was dismissed.",
            False,
        ),
        ([EffectFailed(effect="e", request="r", stream_of=COMMAND, text="No.")], "No.", False),
    ],
)
def test_success_is_quiet(tmp_path: Path, events: list[Event], said: str, *, quiet: bool) -> None:
    answer = tell(tmp_path, *events)

    assert as_text(answer) == said
    assert answer.quiet == quiet
