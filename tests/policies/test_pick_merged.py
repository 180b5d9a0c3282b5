from pathlib import Path

from chatops.events import Event
from chatops.events.picks import PickPromised, PickRequested
from chatops.policies.pick_merged import PickMerged
from tests.scene import COMMAND, PULL, REPO, decided, pull, scene

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
