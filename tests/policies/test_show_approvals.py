from pathlib import Path

import msgspec
import pytest

from chatops.config import Community
from chatops.events import Event
from chatops.events.approvals import (
    APPROVE,
    ApprovalLabelRequested,
    ApprovalStatusRequested,
    ApprovalStatusShown,
)
from chatops.events.checks import StatusSet
from chatops.names import Sha
from chatops.policies.show_approvals import ShowApprovals
from tests.approving import OWNED, OWNERS, community, files, given, tree, withdrawn
from tests.scene import HEAD, NOW, PULL, REPO, decided, pull, scene

LABELLED = community(
    lgtm_label="lgtm", approved_label="approved", lgtm_status="", approved_status=""
)


def wanted(folder: Path, *facts: Event, said: Community = OWNED) -> list[Event]:
    with scene(folder) as world:
        recorded = world.add(facts)
        return decided(world, ShowApprovals(), recorded[-1], said)


def states(events: list[Event]) -> dict[str, str]:
    return {
        event.context: event.state for event in events if isinstance(event, ApprovalStatusRequested)
    }


def test_files_that_become_known_are_shown_to_need_an_owner(tmp_path: Path) -> None:
    assert states(wanted(tmp_path, pull(), OWNERS, files("docs/a.md"))) == {
        "chatops/approved": "pending"
    }


def test_each_word_is_shown(tmp_path: Path) -> None:
    facts = [pull(), OWNERS, files("docs/a.md"), given("alice", APPROVE), given("mona")]

    assert states(wanted(tmp_path, *facts)) == {
        "chatops/approved": "success",
        "chatops/lgtm": "success",
    }


def test_a_word_taken_back_is_shown(tmp_path: Path) -> None:
    facts = [pull(), given("mona"), withdrawn("mona")]

    assert states(wanted(tmp_path, *facts)) == {"chatops/lgtm": "pending"}


def test_labels_are_touched_only_where_a_community_wants_them(tmp_path: Path) -> None:
    facts = [pull(), OWNERS, files("docs/a.md"), given("mona")]
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()

    without = wanted(tmp_path / "a", *facts)
    with_labels = wanted(tmp_path / "b", *facts, said=LABELLED)

    assert not any(isinstance(event, ApprovalLabelRequested) for event in without)
    assert [
        (event.label, event.wanted)
        for event in with_labels
        if isinstance(event, ApprovalLabelRequested)
    ] == [("lgtm", True), ("approved", False)]
    assert states(with_labels) == {}


def test_a_new_head_shows_a_word_that_is_kept_once(tmp_path: Path) -> None:
    pushed = pull(sha=Sha("b" * 40), updated_at=NOW.replace(hour=13))
    retitled = pull(sha=Sha("b" * 40), updated_at=NOW.replace(hour=14), title="Other")
    kept = community(keep_lgtm=True)
    with scene(tmp_path, [pull(), given("mona")]) as world:
        first = decided(world, ShowApprovals(), world.add([pushed])[0], kept)
        second = decided(world, ShowApprovals(), world.add([retitled])[0], kept)

    assert states(first) == {"chatops/lgtm": "success"}
    assert [event.key() for event in first] == [event.key() for event in second]


def test_a_new_head_shows_a_word_that_is_kept_for_its_author(tmp_path: Path) -> None:
    pushed = pull(sha=Sha("b" * 40), updated_at=NOW.replace(hour=13))
    kept = msgspec.structs.replace(given("mona"), keeps=True)
    with scene(tmp_path, [pull(), kept]) as world:
        events = decided(world, ShowApprovals(), world.add([pushed])[0])

    assert states(events) == {"chatops/lgtm": "success"}


NAMING = community(issue_required=True)
MISSING = "Names no issue in its title or text"
NAMED = pull(updated_at=NOW.replace(hour=13), names_issue=True)
APPROVED = [pull(), OWNERS, files("docs/a.md"), given("alice", APPROVE)]


def reported(state: str, description: str) -> StatusSet:
    return StatusSet(
        repo=REPO, status_id=5, context="chatops/approved", sha=HEAD, state=state, description=description
    )  # fmt: skip


def test_an_issue_that_is_named_later_is_shown(tmp_path: Path) -> None:
    said_so = reported("pending", MISSING)

    events = wanted(tmp_path, *APPROVED, said_so, NAMED, said=NAMING)

    assert states(events) == {"chatops/approved": "success"}


def test_what_is_shown_already_is_not_shown_with_each_change(tmp_path: Path) -> None:
    said_so = reported("success", "Every file is approved by an owner, or needs none")

    assert wanted(tmp_path, *APPROVED, said_so, NAMED, said=NAMING) == []


def test_where_no_issue_has_to_be_named_such_a_change_shows_nothing(tmp_path: Path) -> None:
    assert wanted(tmp_path, *APPROVED, NAMED) == []


@pytest.mark.parametrize(("labels", "asks"), [((), [True]), (("Approved",), [])])
def test_without_a_status_the_label_tells_whether_it_is_shown(
    tmp_path: Path, labels: tuple[str, ...], asks: list[bool]
) -> None:
    said = community(issue_required=True, approved_status="", approved_label="approved")
    named = msgspec.structs.replace(NAMED, labels=labels)

    events = wanted(tmp_path, *APPROVED, named, said=said)

    assert [event.wanted for event in events if isinstance(event, ApprovalLabelRequested)] == asks


SAME = community(keep_lgtm_of_same_files=True)
NEXT = pull(sha=Sha("b" * 40), updated_at=NOW.replace(hour=13))


def test_a_word_that_goes_on_with_the_same_files_is_shown_on_the_new_head(tmp_path: Path) -> None:
    with scene(tmp_path, [pull(), given("mona"), tree(HEAD)]) as world:
        pushed = decided(world, ShowApprovals(), world.add([NEXT])[0], SAME)
        told = decided(world, ShowApprovals(), world.add([tree(NEXT.sha)])[0], SAME)
        retitled = msgspec.structs.replace(NEXT, title="x", updated_at=NOW.replace(hour=14))
        again = decided(world, ShowApprovals(), world.add([retitled])[0], SAME)

    assert (pushed, states(told)) == ([], {"chatops/lgtm": "success"})
    assert [event.key() for event in again] == [event.key() for event in told]


def test_other_files_are_shown_by_the_end_of_the_word_alone(tmp_path: Path) -> None:
    facts = [pull(), given("mona"), tree(HEAD), NEXT, tree(NEXT.sha, "t2")]

    assert wanted(tmp_path, *facts, said=SAME) == []


def shown(state: str, description: str) -> ApprovalStatusShown:
    return ApprovalStatusShown(
        repo=REPO, number=PULL, sha=HEAD, context="chatops/lgtm", state=state,
        description=description, because="x",
    )  # fmt: skip


def test_a_status_that_came_too_late_is_set_right(tmp_path: Path) -> None:
    late = shown("pending", "Nobody has said /lgtm for this commit")

    assert states(wanted(tmp_path, pull(), given("mona"), late)) == {"chatops/lgtm": "success"}


def test_one_that_is_right_is_left_alone(tmp_path: Path) -> None:
    assert wanted(tmp_path, pull(), given("mona"), shown("success", "mona said /lgtm")) == []


def test_what_is_closed_shows_nothing_any_more(tmp_path: Path) -> None:
    assert wanted(tmp_path, pull(state="closed"), given("mona")) == []


def test_other_owners_are_shown_on_every_open_pull_request(tmp_path: Path) -> None:
    open_ones = [pull(), files("docs/a.md"), pull(number=8), pull(number=9, state="closed")]

    events = wanted(tmp_path, *open_ones, given("mona"), OWNERS)

    assert [(event.number, event.state) for event in events if isinstance(event, ApprovalStatusRequested)] == [
        (PULL, "pending")
    ]  # fmt: skip


def test_the_owners_of_a_branch_that_does_not_count_are_not_shown(tmp_path: Path) -> None:
    said = community(branch="stable")

    assert wanted(tmp_path, pull(), files("docs/a.md"), OWNERS, said=said) == []
