from collections.abc import Sequence
from pathlib import Path

import pytest
from msgspec.structs import replace

from chatops.commands.lgtm import Lgtm
from chatops.config import Community
from chatops.engine.answer import Answer, as_text
from chatops.engine.command import Asked
from chatops.errors import Refused
from chatops.events import Event
from chatops.events.approvals import APPROVE, LGTM, ApprovalGiven, ApprovalWithdrawn
from chatops.events.changes import (
    AssigneesChanged,
    AssigneesRequested,
    ReviewersChanged,
    ReviewersRequested,
)
from chatops.events.conversation import EffectFailed
from chatops.names import Sha
from tests.approving import (
    OWNED,
    OWNERS,
    asked,
    community,
    ended,
    files,
    given,
    kinds,
    withdrawn,
)
from tests.scene import COMMAND, COMMUNITY, HEAD, PULL, REPO, pull, scene, story

OTHER = Sha("b" * 40)


def decide(
    folder: Path,
    words: Sequence[str],
    *facts: Event,
    by: Asked | None = None,
    said: Community = COMMUNITY,
) -> list[Event]:
    with scene(folder, facts or [pull()]) as world, world.knowledge(said) as knowledge:
        return list(Lgtm.parse(words).decide(by or asked("mona", verb="lgtm"), knowledge))


def refusal(folder: Path, words: Sequence[str], *facts: Event, by: Asked | None = None) -> Refused:
    with pytest.raises(Refused) as refused:
        decide(folder, words, *facts, by=by)
    return refused.value


@pytest.mark.parametrize("words", [[], ["no-issue"], ["NO-ISSUE"]])
def test_it_is_said_of_the_head_commit(tmp_path: Path, words: list[str]) -> None:
    (event,) = decide(tmp_path, words)

    assert isinstance(event, ApprovalGiven)
    assert (event.grade, event.by, event.sha) == (LGTM, "mona", HEAD)


def test_nobody_says_it_to_themselves(tmp_path: Path) -> None:
    assert refusal(tmp_path, [], by=asked("Hubot")).reason == "own_pull"


def test_nobody_says_it_to_themselves_from_slack_either(tmp_path: Path) -> None:
    assert refusal(tmp_path, [], by=asked("Hubot", member="U0HUBOT")).reason == "own_pull"


def test_who_says_it_in_slack_is_known_by_their_login(tmp_path: Path) -> None:
    (event,) = decide(tmp_path, [], by=asked("mona", member="U0MONA"))

    assert isinstance(event, ApprovalGiven)
    assert event.by == "mona"


KEEPING = community(keep_lgtm_of=("tess", "acme/leads"))


@pytest.mark.parametrize("is_listed", [True, False])
def test_for_an_author_who_is_trusted_so_far_pushes_do_not_end_it(
    tmp_path: Path, *, is_listed: bool
) -> None:
    asking = asked("mona", verb="lgtm")
    standing = replace(asking.standing, is_author_listed=is_listed)

    (event,) = decide(tmp_path, [], by=replace(asking, standing=standing), said=KEEPING)

    assert isinstance(event, ApprovalGiven)
    assert event.keeps is is_listed
    assert Lgtm.authors(KEEPING) == ("tess", "acme/leads")


ASSIGNING = community(lgtm_assigns=True)


def test_who_says_it_becomes_responsible_where_that_is_wanted(tmp_path: Path) -> None:
    given_now, assigned = decide(tmp_path, [], said=ASSIGNING)

    assert isinstance(given_now, ApprovalGiven)
    assert isinstance(assigned, AssigneesRequested)
    assert assigned.add == ("mona",)


def test_cancelling_asks_for_the_reviews_again_where_that_is_wanted(tmp_path: Path) -> None:
    facts = [pull(), given("alice"), given("bob")]

    *_, assigned, again = decide(tmp_path, ["cancel"], *facts, said=ASSIGNING)

    assert isinstance(assigned, AssigneesRequested)
    assert isinstance(again, ReviewersRequested)
    assert (assigned.add, again.add) == (("mona",), ("alice", "bob"))


def test_the_author_who_cancels_is_not_made_responsible(tmp_path: Path) -> None:
    *_, last = decide(
        tmp_path, ["cancel"], pull(), given("alice"), by=asked("hubot"), said=ASSIGNING
    )

    assert isinstance(last, ReviewersRequested)


def test_once_is_enough_for_one_commit(tmp_path: Path) -> None:
    assert refusal(tmp_path, [], pull(), given("Mona")).reason == "as_it_is"


def test_after_a_push_it_can_be_said_again(tmp_path: Path) -> None:
    assert len(decide(tmp_path, [], pull(), given("mona", sha=OTHER))) == 1


def test_cancel_takes_back_what_everybody_said(tmp_path: Path) -> None:
    events = decide(tmp_path, ["Cancel"], pull(), given("alice"), given("bob"), by=asked("hubot"))

    assert [event.whose for event in events if isinstance(event, ApprovalWithdrawn)] == [
        "alice", "bob",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "facts", [[], [given("mona", sha=OTHER)], [given("mona"), withdrawn("mona")]]
)
def test_where_none_stands_there_is_none_to_take_back(tmp_path: Path, facts: list[Event]) -> None:
    assert refusal(tmp_path, ["cancel"], pull(), *facts).reason == "as_it_is"


def test_an_owner_approves_with_it_where_that_is_wanted(tmp_path: Path) -> None:
    said = community(lgtm_acts_as_approve=True)
    facts = [pull(), OWNERS, files("docs/a.md", "src/a.py")]

    events = decide(tmp_path, [], *facts, by=asked("alice", "alice"), said=said)

    given_ = [event for event in events if isinstance(event, ApprovalGiven)]
    assert [event.grade for event in given_] == [LGTM, APPROVE]
    assert [one.place for one in given_[1].awaits] == ["/"]


@pytest.mark.parametrize("words", [[], ["no-issue"]])
def test_an_owner_says_with_it_that_no_issue_is_needed(tmp_path: Path, words: list[str]) -> None:
    said = community(lgtm_acts_as_approve=True, issue_required=True)
    facts = [pull(), OWNERS, files("docs/a.md")]

    look, approval = decide(tmp_path, words, *facts, by=asked("alice", "alice"), said=said)

    assert isinstance(look, ApprovalGiven)
    assert isinstance(approval, ApprovalGiven)
    assert (look.no_issue, approval.no_issue) == (False, bool(words))


def test_by_default_it_approves_nothing(tmp_path: Path) -> None:
    facts = [pull(), OWNERS, files("docs/a.md")]

    assert len(decide(tmp_path, [], *facts, by=asked("alice", "alice"), said=OWNED)) == 1


@pytest.mark.parametrize("words", [["thanks"], ["cancel", "please"]])
def test_what_else_one_wants_to_say_goes_on_another_line(words: list[str]) -> None:
    with pytest.raises(Refused, match="another one"):
        Lgtm.parse(words)


def test_a_closed_pull_request_is_not_looked_at(tmp_path: Path) -> None:
    assert refusal(tmp_path, [], pull(state="closed")).reason == "closed"


def test_outside_a_pull_request_it_says_where_it_works(tmp_path: Path) -> None:
    assert refusal(tmp_path, [], OWNERS).reason == "no_pull"


def test_both_of_its_words_are_heard() -> None:
    assert Lgtm.verbs(COMMUNITY) == {"lgtm": (), "remove-lgtm": ("cancel",)}


def test_it_can_be_taken_back(tmp_path: Path) -> None:
    word = given("mona")
    with scene(tmp_path, [pull(), word]) as world, world.knowledge() as knowledge:
        (event,) = Lgtm.taken_back(story(word), asked("mona"), knowledge)

    assert isinstance(event, ApprovalWithdrawn)


def taken_back(folder: Path, *told: Event) -> Sequence[Event]:
    with scene(folder, [pull(), *told]) as world, world.knowledge(ASSIGNING) as knowledge:
        return Lgtm.taken_back(story(*told), asked("mona", verb="undo"), knowledge)


def test_whom_it_made_responsible_is_so_no_more_when_it_is_taken_back(tmp_path: Path) -> None:
    done = AssigneesChanged(command=COMMAND, repo=REPO, number=PULL, added=("mona",))

    word, person = taken_back(tmp_path, given("mona"), done)

    assert isinstance(word, ApprovalWithdrawn)
    assert isinstance(person, AssigneesRequested)
    assert (person.add, person.remove) == ((), ("mona",))


def test_who_was_responsible_before_stays_so(tmp_path: Path) -> None:
    done = AssigneesChanged(command=COMMAND, repo=REPO, number=PULL, unchanged=("mona",))

    assert kinds(taken_back(tmp_path, given("mona"), done)) == ["approval.withdrawn"]


def test_what_cancelling_asked_for_is_taken_back_with_it(tmp_path: Path) -> None:
    told = [
        withdrawn("alice"),
        AssigneesChanged(command=COMMAND, repo=REPO, number=PULL, added=("mona",)),
        ReviewersChanged(command=COMMAND, repo=REPO, number=PULL, added=("alice",)),
    ]

    events = taken_back(tmp_path, *told)

    assert kinds(events) == ["approval.given", "assignees.requested", "reviewers.requested"]


def test_while_nobody_knows_whether_somebody_was_made_responsible_it_waits(tmp_path: Path) -> None:
    wish = AssigneesRequested(command=COMMAND, repo=REPO, number=PULL, add=("mona",), before=None)

    with pytest.raises(Refused, match="Look again in a minute"):
        taken_back(tmp_path, given("mona"), wish)


def tell(folder: Path, *events: Event) -> Answer:
    with scene(folder) as world, world.knowledge() as knowledge:
        return Lgtm.tell(story(*events), knowledge)


@pytest.mark.parametrize(
    ("events", "said", "quiet"),
    [
        ([given("mona")], "mona finds c0ffee000 good.", True),
        ([withdrawn("mona")], "Taken back: what mona had said counts no longer.", True),
        ([given("mona"), ended(given("mona"))], "a push put an end to it", False),
        ([given("mona"), ended(given("mona"), "dismissed")], "the review was dismissed", False),
        (
            [given("mona"), EffectFailed(effect="e", request="r", stream_of=COMMAND, text="No.")],
            "No.",
            False,
        ),
    ],
)
def test_success_is_quiet_and_an_end_is_not(
    tmp_path: Path, events: list[Event], said: str, *, quiet: bool
) -> None:
    answer = tell(tmp_path, *events)

    assert said in as_text(answer)
    assert answer.quiet == quiet
