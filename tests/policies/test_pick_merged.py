from pathlib import Path

import msgspec

from chatops.config import Merging
from chatops.events import Event
from chatops.events.picks import PickPromised, PickRequested
from chatops.names import CommandId
from chatops.policies.pick_merged import PickMerged
from tests.scene import COMMAND, COMMUNITY, PULL, REPO, decided, pull, scene

PROMISE = PickPromised(
    command=COMMAND, repo=REPO, number=PULL, branches=("stable", "old"), by="mona"
)


def asked_for(folder: Path, *facts: Event) -> list[Event]:
    with scene(folder) as world:
        recorded = world.add(facts)
        return decided(world, PickMerged(), recorded[-1])


def test_a_merge_keeps_the_promise_for_each_branch(tmp_path: Path) -> None:
    events = asked_for(tmp_path, PROMISE, pull(state="closed", merged=True))

    assert [event.branch for event in events if isinstance(event, PickRequested)] == [
        "stable", "old",
    ]  # fmt: skip


def test_without_a_merge_nothing_is_picked(tmp_path: Path) -> None:
    assert asked_for(tmp_path, PROMISE, pull(state="closed")) == []


def test_what_nobody_asked_for_is_not_picked(tmp_path: Path) -> None:
    assert asked_for(tmp_path, pull(state="closed", merged=True)) == []


def by_label(folder: Path, *labels: str) -> list[Event]:
    promise = msgspec.structs.replace(
        PROMISE, command=CommandId("command/github/label/7/0/cherry-pick/1"), branches=("stable",)
    )
    community = msgspec.structs.replace(COMMUNITY, merging=Merging(pick_labels="pick/"))
    with scene(folder) as world:
        recorded = world.add([promise, pull(state="closed", merged=True, labels=labels)])
        return decided(world, PickMerged(), recorded[-1], community)


def test_a_label_that_was_taken_off_picks_nothing(tmp_path: Path) -> None:
    assert by_label(tmp_path, "bug") == []


def test_a_label_that_is_still_there_does(tmp_path: Path) -> None:
    (wanted,) = by_label(tmp_path, "bug", "pick/stable")

    assert isinstance(wanted, PickRequested)
    assert wanted.branch == "stable"
