from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest

from chatops.commands.merge import Merge
from chatops.config import Community, Merging
from chatops.engine.answer import as_text
from chatops.errors import Refused
from chatops.events import Event
from chatops.events.conversation import EffectFailed
from chatops.events.merges import (
    MergeArranged,
    MergeCancelled,
    MergeCancelRequested,
    MergeRequested,
)
from tests.approving import asked
from tests.scene import COMMAND, COMMUNITY, HEAD, PULL, REPO, ended, pull, received, scene, story

QUEUED = msgspec.structs.replace(COMMUNITY, merging=Merging(by="merge-queue", method="squash"))


def decide(
    folder: Path, words: Sequence[str], fact: Event | None = None, said: Community = COMMUNITY
) -> Event:
    with scene(folder, [fact or pull()]) as world, world.knowledge(said) as knowledge:
        (event,) = Merge.parse(words).decide(asked("mona", verb="merge"), knowledge)
    return event


@pytest.mark.parametrize(
    ("said", "by", "method"),
    [(COMMUNITY, "auto-merge", "merge"), (QUEUED, "merge-queue", "squash")],
)
def test_it_is_merged_as_the_community_merges(
    tmp_path: Path, said: Community, by: str, method: str
) -> None:
    event = decide(tmp_path, [], said=said)

    assert isinstance(event, MergeRequested)
    assert (event.sha, event.by, event.method) == (HEAD, by, method)


def test_it_can_be_cancelled(tmp_path: Path) -> None:
    assert isinstance(decide(tmp_path, ["Cancel"]), MergeCancelRequested)


@pytest.mark.parametrize(
    ("fact", "reason"),
    [
        (ended(10), "no_pull"),
        (pull(state="closed"), "closed"),
        (pull(state="closed", merged=True), "merged"),
        (pull(draft=True), "draft"),
        (pull(labels=("Do-Not-Merge",)), "held"),
    ],
)
def test_it_says_what_keeps_it_from_being_merged(tmp_path: Path, fact: Event, reason: str) -> None:
    with pytest.raises(Refused) as refused:
        decide(tmp_path, [], fact)

    assert refused.value.reason == reason


def test_how_it_is_merged_is_not_said_here() -> None:
    with pytest.raises(Refused, match="How it is merged"):
        Merge.parse(["squash"])


def arranged(how: str, *, found: bool = False) -> MergeArranged:
    return MergeArranged(command=COMMAND, repo=REPO, number=PULL, how=how, found=found)


def cancelled(*, found: bool = False) -> MergeCancelled:
    return MergeCancelled(command=COMMAND, repo=REPO, number=PULL, found=found)


@pytest.mark.parametrize(
    ("event", "said", "quiet"),
    [
        (arranged("auto-merge"), "GitHub merges #7 by itself once", False),
        (arranged("auto-merge", found=True), "GitHub merges #7 already by itself once", False),
        (arranged("merge-queue"), "#7 is in the merge queue. ", False),
        (arranged("merged"), "#7 is merged.", True),
        (arranged("merged", found=True), "#7 is merged.", False),
        (cancelled(), "GitHub merges #7 no longer by itself. It stays open.", True),
        (cancelled(found=True), "It was not going to be.", False),
        (EffectFailed(effect="e", request="r", stream_of=COMMAND, text="No."), "No.", False),
    ],
)
def test_it_tells_what_github_will_do_and_how_to_stop_it(
    tmp_path: Path, event: Event, said: str, *, quiet: bool
) -> None:
    with scene(tmp_path) as world, world.knowledge() as knowledge:
        answer = Merge.tell(story(received(), event), knowledge)

    text = as_text(answer).replace("\n", " ")
    assert said in text
    assert answer.quiet == quiet
    assert ("/merge cancel" in text) == (
        ("merges #7 " in text and "longer" not in text) or "queue" in text
    )


@pytest.mark.parametrize(
    ("told", "undoes"),
    [(arranged("auto-merge"), MergeCancelRequested), (cancelled(), MergeRequested)],
)
def test_each_way_can_be_taken_back(tmp_path: Path, told: Event, undoes: type[Event]) -> None:
    with scene(tmp_path, [pull()]) as world, world.knowledge() as knowledge:
        (event,) = Merge.taken_back(story(told), asked("mona"), knowledge)

    assert isinstance(event, undoes)


@pytest.mark.parametrize(
    ("fact", "told", "reason"),
    [
        (pull(state="closed", merged=True), arranged("auto-merge"), "merged"),
        (pull(), arranged("auto-merge", found=True), "as_it_is"),
        (pull(), cancelled(found=True), "as_it_is"),
    ],
)
def test_what_is_merged_or_was_not_ours_is_not_taken_back(
    tmp_path: Path, fact: Event, told: Event, reason: str
) -> None:
    with (
        scene(tmp_path, [fact]) as world,
        world.knowledge() as knowledge,
        pytest.raises(Refused) as refused,
    ):
        Merge.taken_back(story(told), asked("mona"), knowledge)

    assert refused.value.reason == reason


@pytest.mark.parametrize(
    ("told", "reason"),
    [
        ((), "not_done"),
        ((EffectFailed(effect="e", request="r", stream_of=COMMAND, text="No."),), "as_it_is"),
    ],
)
def test_before_github_was_asked_it_is_not_said_to_have_changed_nothing(
    tmp_path: Path, told: tuple[Event, ...], reason: str
) -> None:
    with (
        scene(tmp_path, [pull()]) as world,
        world.knowledge() as knowledge,
        pytest.raises(Refused) as refused,
    ):
        Merge.taken_back(story(*told), asked("mona"), knowledge)

    assert refused.value.reason == reason
