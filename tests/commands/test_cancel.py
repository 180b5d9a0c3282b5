from collections.abc import Sequence
from pathlib import Path

import pytest

from chatops.commands.cancel import Cancel
from chatops.engine.answer import Tone, as_text
from chatops.engine.authority import Grant, Standing
from chatops.engine.command import Asked
from chatops.errors import Refused
from chatops.events import Event
from chatops.events.cancels import CancelAccepted, CancelRefused, CancelRequested
from chatops.names import RunId
from tests.scene import COMMAND, REPO, ended, pull, received, scene, story, under_way

RUNNING = (pull(), ended(9, "Lint"), under_way(10), under_way(11, "Static checks"))


def decide(folder: Path, *events: Event, words: Sequence[str] = ()) -> list[CancelRequested]:
    asked = Asked(
        received=received(verb="cancel"), standing=Standing(), grant=Grant(ground="member")
    )
    with scene(folder, events) as world, world.knowledge() as knowledge:
        decided = Cancel.parse(words).decide(asked, knowledge)
    return [event for event in decided if isinstance(event, CancelRequested)]


def test_everything_that_runs_is_stopped(tmp_path: Path) -> None:
    asked = decide(tmp_path, *RUNNING)

    assert [(one.workflow, one.run_id, one.attempt) for one in asked] == [
        ("CI", 10, 1),
        ("Static checks", 11, 1),
    ]


def test_a_workflow_can_be_named(tmp_path: Path) -> None:
    assert [one.run_id for one in decide(tmp_path, *RUNNING, words=["static", "checks"])] == [11]


def test_a_workflow_that_does_not_run_is_refused_with_what_does(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="No job here is called `Lint`"):
        decide(tmp_path, *RUNNING, words=["Lint"])


@pytest.mark.parametrize(
    ("facts", "reason"), [([], "no_pull"), ([pull(), ended(9)], "nothing_runs")]
)
def test_where_there_is_nothing_to_stop_it_says_so(
    tmp_path: Path, facts: list[Event], reason: str
) -> None:
    with pytest.raises(Refused) as refused:
        decide(tmp_path, *facts)

    assert refused.value.reason == reason


CI = CancelRequested(command=COMMAND, repo=REPO, run_id=RunId(10), attempt=1, workflow="CI")
LINT = CancelRequested(command=COMMAND, repo=REPO, run_id=RunId(11), attempt=1, workflow="Lint")
STOPPED = CancelAccepted(command=COMMAND, repo=REPO, run_id=RunId(10), workflow="CI")
OVER = CancelAccepted(command=COMMAND, repo=REPO, run_id=RunId(11), workflow="Lint", found=True)
NO = CancelRefused(command=COMMAND, repo=REPO, run_id=RunId(11), workflow="Lint", text="Not mine.")


def tell(folder: Path, *events: Event) -> tuple[Tone, str]:
    with scene(folder) as world, world.knowledge() as knowledge:
        answer = Cancel.tell(story(received(verb="cancel"), CI, LINT, *events), knowledge)
    return answer.tone, as_text(answer)


def test_the_reply_says_what_stops_and_then_what_did(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()

    before, after = tell(tmp_path / "a"), tell(tmp_path / "b", STOPPED, OVER)

    assert (before[0], after[0]) == (Tone.BUSY, Tone.GOOD)
    assert before[1].startswith("Stopping 2 workflows.")
    assert after[1].startswith("Stopped 1 of 2 workflows.")
    assert "Lint: had ended already" in after[1]


def test_what_github_would_not_stop_is_said(tmp_path: Path) -> None:
    tone, text = tell(tmp_path, STOPPED, NO)

    assert tone is Tone.BAD
    assert "Lint: not stopped. Not mine." in text
