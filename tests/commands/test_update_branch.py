from pathlib import Path

import pytest

from chatops.commands.update_branch import UpdateBranch
from chatops.engine.answer import as_text
from chatops.errors import Refused
from chatops.events import Event
from chatops.events.conversation import EffectFailed
from chatops.events.merges import BranchUpdated, BranchUpdateRequested
from tests.approving import asked
from tests.scene import COMMAND, HEAD, PULL, REPO, ended, pull, scene, story


def decide(folder: Path, fact: Event) -> Event:
    with scene(folder, [fact]) as world, world.knowledge() as knowledge:
        (event,) = UpdateBranch.parse([]).decide(asked("mona"), knowledge)
    return event


def test_it_is_asked_for_on_top_of_the_head(tmp_path: Path) -> None:
    event = decide(tmp_path, pull(base="stable"))

    assert isinstance(event, BranchUpdateRequested)
    assert (event.sha, event.base) == (HEAD, "stable")


@pytest.mark.parametrize(
    ("fact", "reason"), [(ended(10), "no_pull"), (pull(state="closed"), "closed")]
)
def test_it_works_on_an_open_pull_request(tmp_path: Path, fact: Event, reason: str) -> None:
    with pytest.raises(Refused) as refused:
        decide(tmp_path, fact)

    assert refused.value.reason == reason


def test_it_takes_no_words() -> None:
    with pytest.raises(Refused, match="alone"):
        UpdateBranch.parse(["main"])


def test_it_says_why_it_cannot_be_undone(tmp_path: Path) -> None:
    with (
        scene(tmp_path) as world,
        world.knowledge() as knowledge,
        pytest.raises(Refused, match="forced push"),
    ):
        UpdateBranch.taken_back(story(), asked("mona"), knowledge)


def updated(*, found: bool = False) -> BranchUpdated:
    return BranchUpdated(command=COMMAND, repo=REPO, number=PULL, base="main", found=found)


@pytest.mark.parametrize(
    ("events", "said", "quiet"),
    [
        ([], "Asking GitHub.", True),
        ([updated()], "Merged main into the branch.", True),
        ([updated(found=True)], "Somebody has pushed to the branch meanwhile", False),
        ([EffectFailed(effect="e", request="r", stream_of=COMMAND, text="No.")], "No.", False),
    ],
)
def test_success_is_quiet(tmp_path: Path, events: list[Event], said: str, *, quiet: bool) -> None:
    with scene(tmp_path) as world, world.knowledge() as knowledge:
        answer = UpdateBranch.tell(story(*events), knowledge)

    assert said in as_text(answer)
    assert answer.quiet == quiet
