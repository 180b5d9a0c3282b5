from pathlib import Path

from chatops.events import Event
from chatops.events.conversation import ReactionRequested
from chatops.events.reruns import RerunStarted
from chatops.names import RunId
from chatops.policies.show_start import ShowStart
from tests.scene import COMMAND, REPO, decided, received, scene

STARTED = RerunStarted(command=COMMAND, repo=REPO, run_id=RunId(10), attempt=2, workflow="CI")


def asked_for(folder: Path, comment_id: int) -> list[Event]:
    with scene(folder) as world:
        recorded = world.add([received(comment_id=comment_id), STARTED], correlation_id=COMMAND)
        return decided(world, ShowStart(), recorded[-1])


def test_the_comment_gets_a_rocket_when_something_runs(tmp_path: Path) -> None:
    (asked,) = asked_for(tmp_path, 5)

    assert isinstance(asked, ReactionRequested)
    assert (asked.comment_id, asked.reaction) == (5, "rocket")


def test_what_was_not_said_in_a_comment_gets_none(tmp_path: Path) -> None:
    assert asked_for(tmp_path, 0) == []
