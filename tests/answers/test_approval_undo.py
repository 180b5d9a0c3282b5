"""What undoes an approval, and what has changed since."""

from pathlib import Path

import msgspec
import pytest

from chatops.answers.approval_undo import undone
from chatops.config import Community
from chatops.errors import Refused
from chatops.events import Event
from chatops.events.approvals import APPROVE, ApprovalGiven, ApprovalWithdrawn
from chatops.names import Sha
from tests.approving import OWNED, asked, community, ended, given, tree, withdrawn
from tests.scene import pull, scene, story


def undo(folder: Path, told: Event, *facts: Event, said: Community = OWNED) -> list[Event]:
    with (
        scene(folder, facts or [pull(), told]) as world,
        world.knowledge(said) as knowledge,
    ):
        return list(undone(story(told), asked("mona", verb="undo"), knowledge))


def test_what_was_said_is_taken_back_under_the_undoing_command(tmp_path: Path) -> None:
    (event,) = undo(tmp_path, given("mona", APPROVE))

    assert isinstance(event, ApprovalWithdrawn)
    assert (event.command, event.whose, event.grade) == (
        "command/github/comment/9/mona", "mona", APPROVE,
    )  # fmt: skip


def test_what_counts_no_longer_cannot_be_taken_back(tmp_path: Path) -> None:
    word = given("mona")

    with pytest.raises(Refused, match="counts no longer"):
        undo(tmp_path, word, pull(), word, ended(word))


def test_what_was_taken_back_is_given_again_in_the_name_of_who_had_said_it(tmp_path: Path) -> None:
    (event,) = undo(tmp_path, withdrawn("alice"))

    assert isinstance(event, ApprovalGiven)
    assert (event.by, event.sha) == ("alice", pull().sha)


def test_with_it_comes_back_that_no_issue_was_needed(tmp_path: Path) -> None:
    told = msgspec.structs.replace(withdrawn("alice", APPROVE), no_issue=True)

    (event,) = undo(tmp_path, told)

    assert isinstance(event, ApprovalGiven)
    assert event.no_issue


def test_not_after_a_push(tmp_path: Path) -> None:
    told = withdrawn("alice")

    with pytest.raises(Refused, match="pushed to since"):
        undo(tmp_path, told, pull(sha=Sha("b" * 40)), told)


@pytest.mark.parametrize(("name", "is_back"), [("t1", True), ("t2", False)])
def test_unless_the_push_left_all_files_as_they_were_where_that_is_wanted(
    tmp_path: Path, name: str, *, is_back: bool
) -> None:
    told, head = withdrawn("alice"), pull(sha=Sha("b" * 40))
    facts = [head, told, tree(told.sha, "t1"), tree(head.sha, name)]
    said = community(keep_lgtm_of_same_files=True)

    try:
        (event,) = undo(tmp_path, told, *facts, said=said)
    except Refused:
        assert not is_back
    else:
        assert is_back
        assert isinstance(event, ApprovalGiven)


def test_not_after_another_word_of_theirs(tmp_path: Path) -> None:
    told = withdrawn("alice")

    with pytest.raises(Refused, match="alice has said something else"):
        undo(tmp_path, told, pull(), told, given("alice", minutes=30))
