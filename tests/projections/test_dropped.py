from pathlib import Path

from chatops.events.reruns import RerunDropped
from chatops.names import CommandId, RunId
from chatops.projections.dropped import is_dropped
from tests.scene import COMMAND, REPO, scene

UNDO = CommandId("command/undo")


def test_what_another_command_took_back_is_dropped(tmp_path: Path) -> None:
    event = RerunDropped(
        command=UNDO, repo=REPO, run_id=RunId(10), workflow="CI", text="Taken back.", of=COMMAND
    )

    with scene(tmp_path, [event]) as world, world.knowledge() as knowledge:
        assert is_dropped(knowledge.db, COMMAND, RunId(10))
        assert not is_dropped(knowledge.db, COMMAND, RunId(11))
        assert not is_dropped(knowledge.db, UNDO, RunId(10))


def test_what_came_to_nothing_by_itself_was_not_taken_back(tmp_path: Path) -> None:
    event = RerunDropped(
        command=COMMAND, repo=REPO, run_id=RunId(10), workflow="CI", text="It moved on."
    )

    with scene(tmp_path, [event]) as world, world.knowledge() as knowledge:
        assert not is_dropped(knowledge.db, COMMAND, RunId(10))
