from pathlib import Path

import msgspec
import pytest

from chatops.config import Community
from chatops.events import Event
from chatops.events.approvals import APPROVE, ApprovalWithdrawn
from chatops.events.conversation import CommentSeen
from chatops.names import Login, Sha
from chatops.policies.end_approvals import EndApprovals
from tests.approving import community, given, tree
from tests.scene import COMMUNITY, HEAD, NOW, PULL, REPO, decided, pull, scene

PUSHED = pull(sha=Sha("b" * 40), updated_at=NOW.replace(hour=13))


def review(action: str, comment_id: int = 5) -> CommentSeen:
    return CommentSeen(
        repo=REPO, number=PULL, comment_id=comment_id, place="review", action=action,
        author=Login("mona"),
    )  # fmt: skip


def wanted(folder: Path, *facts: Event, said: Community = COMMUNITY) -> list[ApprovalWithdrawn]:
    with scene(folder) as world:
        recorded = world.add(facts)
        events = decided(world, EndApprovals(), recorded[-1], said)
    return [event for event in events if isinstance(event, ApprovalWithdrawn)]


def test_a_push_ends_what_was_said_of_the_commit_before_and_no_approval(tmp_path: Path) -> None:
    word = given("mona")

    (event,) = wanted(tmp_path, pull(), word, given("alice", APPROVE), PUSHED)

    assert (event.command, event.whose, event.reason) == (word.command, "mona", "push")


def test_where_it_is_kept_a_push_ends_nothing(tmp_path: Path) -> None:
    assert wanted(tmp_path, pull(), given("mona"), PUSHED, said=community(keep_lgtm=True)) == []


def test_a_word_that_is_kept_goes_on(tmp_path: Path) -> None:
    kept = msgspec.structs.replace(given("mona"), keeps=True)

    (event,) = wanted(tmp_path, pull(), kept, given("alice"), PUSHED)

    assert event.whose == "alice"


SAME = community(keep_lgtm_of_same_files=True)
NEXT = PUSHED.sha


@pytest.mark.parametrize(
    ("trees", "ends"),
    [
        ([tree(NEXT, "t1"), tree(HEAD, "t1")], False),
        ([tree(HEAD, "t1"), tree(NEXT, "t2")], True),
        ([tree(NEXT, "t2"), tree(HEAD, "t1")], True),
        ([tree(HEAD, "t1")], False),
        ([tree(NEXT, "t1")], False),
        ([tree(HEAD, "t1"), tree(NEXT, "")], True),
        ([tree(HEAD, ""), tree(NEXT, "")], True),
    ],
    ids=["same", "others", "others, told late", "not known", "old not known", "not shown", "none"],
)
def test_where_files_that_stay_keep_it_it_ends_once_others_are_known(
    tmp_path: Path, trees: list[Event], *, ends: bool
) -> None:
    words = [given("mona"), given("alice", APPROVE)]

    events = wanted(tmp_path, pull(), *words, PUSHED, *trees, said=SAME)

    assert [(event.whose, event.reason) for event in events] == [("mona", "push")] * ends


def test_a_push_back_to_known_files_ends_what_was_said_of_others(tmp_path: Path) -> None:
    facts = [pull(), given("mona"), tree(HEAD, "t1"), tree(NEXT, "t2"), PUSHED]

    assert [event.whose for event in wanted(tmp_path, *facts, said=SAME)] == ["mona"]


def test_where_it_is_not_wanted_the_same_files_keep_nothing(tmp_path: Path) -> None:
    facts = [pull(), given("mona"), tree(HEAD), tree(NEXT), PUSHED]

    assert [event.whose for event in wanted(tmp_path, *facts)] == ["mona"]


def test_a_late_word_of_an_earlier_commit_ends_nothing(tmp_path: Path) -> None:
    assert wanted(tmp_path, PUSHED, given("mona", sha=PUSHED.sha), pull()) == []


def test_a_dismissed_review_ends_what_was_said_in_it(tmp_path: Path) -> None:
    there = "command/github/review/5/0/approve"
    facts = [pull(), given("mona", APPROVE, command=there), given("alice", APPROVE)]

    (event,) = wanted(tmp_path, *facts, review("dismissed"))

    assert (event.whose, event.reason) == ("mona", "dismissed")


@pytest.mark.parametrize("seen", [review("dismissed", 55), review("edited")])
def test_another_review_ends_nothing(tmp_path: Path, seen: CommentSeen) -> None:
    there = "command/github/review/5/0/approve"

    assert wanted(tmp_path, pull(), given("mona", APPROVE, command=there), seen) == []
