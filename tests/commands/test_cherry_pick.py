from pathlib import Path

import pytest

from chatops.commands.cherry_pick import CherryPick
from chatops.engine.answer import Answer, Tone, as_text
from chatops.errors import Refused
from chatops.events import Event
from chatops.events.conversation import EffectFailed
from chatops.events.picks import PickOpened, PickPromised, PickRefused, PickRequested
from chatops.names import PullNumber
from tests.approving import asked
from tests.scene import COMMAND, COMMUNITY, PULL, REPO, ended, pull, received, scene, story

MERGED = pull(state="closed", merged=True)


def decide(folder: Path, fact: Event, *words: str) -> list[Event]:
    with scene(folder, [fact]) as world, world.knowledge() as knowledge:
        return list(CherryPick.parse(words).decide(asked("mona"), knowledge))


def test_each_branch_is_asked_for(tmp_path: Path) -> None:
    events = decide(tmp_path, MERGED, "release-1.0,", "feature/x", "release-1.0")

    assert [event.branch for event in events if isinstance(event, PickRequested)] == [
        "release-1.0", "feature/x",
    ]  # fmt: skip


def test_before_the_merge_it_is_promised(tmp_path: Path) -> None:
    (event,) = decide(tmp_path, pull(), "stable", "old")

    assert isinstance(event, PickPromised)
    assert (event.branches, event.by) == (("stable", "old"), "mona")


@pytest.mark.parametrize(
    ("fact", "reason"),
    [
        (ended(10), "no_pull"),
        (pull(state="closed"), "not_merged"),
        (pull(base="stable"), "as_it_is"),
    ],
)
def test_it_says_why_there_is_nothing_to_pick(tmp_path: Path, fact: Event, reason: str) -> None:
    with pytest.raises(Refused) as refused:
        decide(tmp_path, fact, "stable")

    assert refused.value.reason == reason


@pytest.mark.parametrize(
    "word", ["a..b", "-x", "/x", "x/", "a b", "x.lock", "a//b", "a`b", "x.", "@{u}", "é"]
)
def test_what_cannot_be_a_branch_is_refused(word: str) -> None:
    with pytest.raises(Refused, match="cannot be the name of a branch"):
        CherryPick.parse([word])


@pytest.mark.parametrize(
    ("words", "said"),
    [([], "To which branch"), ([f"b{number}" for number in range(11)], "at most 10 at once")],
)
def test_it_says_what_it_needs(words: list[str], said: str) -> None:
    with pytest.raises(Refused, match=said):
        CherryPick.parse(words)


def test_both_spellings_are_heard() -> None:
    assert set(CherryPick.verbs(COMMUNITY)) == {"cherry-pick", "cherrypick"}


def tell(folder: Path, *events: Event) -> Answer:
    with scene(folder) as world, world.knowledge() as knowledge:
        return CherryPick.tell(story(received(), *events), knowledge)


def requested(branch: str) -> PickRequested:
    return PickRequested(
        command=COMMAND, repo=REPO, number=PULL, branch=branch, title="x", by="mona"
    )


def opened(branch: str, *, found: bool = False) -> PickOpened:
    return PickOpened(
        command=COMMAND, repo=REPO, number=PULL, branch=branch, opened=PullNumber(9), found=found
    )


def test_the_reply_says_for_each_branch_what_became_of_it(tmp_path: Path) -> None:
    refused = PickRefused(command=COMMAND, repo=REPO, number=PULL, branch="b", text="It conflicts.")

    answer = tell(
        tmp_path, *(requested(one) for one in "abcd"), opened("a"), opened("d", found=True), refused
    )

    assert as_text(answer).splitlines() == [
        "Picked for 2 of 4 branches.",
        "",
        "Branches",
        "  a: #9",
        "  b: It conflicts.",
        "  c: under way",
        "  d: #9 was there already",
    ]
    assert answer.tone is Tone.BUSY


def test_once_all_are_there_it_is_good(tmp_path: Path) -> None:
    answer = tell(tmp_path, requested("a"), opened("a"))

    assert answer.tone is Tone.GOOD


def test_a_promise_is_told(tmp_path: Path) -> None:
    promise = PickPromised(
        command=COMMAND, repo=REPO, number=PULL, branches=("stable", "old"), by="mona"
    )

    assert as_text(tell(tmp_path, promise)) == (
        "Once #7 is merged, I open a pull request with it for stable, old."
    )


def test_what_could_not_be_done_is_said(tmp_path: Path) -> None:
    failed = EffectFailed(effect="e", request="r", stream_of=COMMAND, text="GitHub is away.")

    answer = tell(tmp_path, requested("a"), failed)

    assert "Not done: GitHub is away." in as_text(answer)
    assert answer.tone is Tone.BAD


def test_it_says_why_it_cannot_be_undone(tmp_path: Path) -> None:
    with (
        scene(tmp_path) as world,
        world.knowledge() as knowledge,
        pytest.raises(Refused, match="`/close`"),
    ):
        CherryPick.taken_back(story(), asked("mona"), knowledge)
