from pathlib import Path

from chatops.events.conversation import CommandTakenBack, CommandUndone
from chatops.names import CommandId
from chatops.policies.tell_undone import TellUndone
from tests.scene import COMMAND, decided, received, scene

UNDO = CommandId("command/github/comment/2/0/0")


def test_the_command_that_was_taken_back_learns_of_it(tmp_path: Path) -> None:
    taken = CommandTakenBack(command=UNDO, undone=COMMAND, said="retest")
    asked = received(command=UNDO, verb="undo", by="octocat")
    with scene(tmp_path) as world:
        *_, fact = world.add([asked, taken], correlation_id=UNDO)

        assert decided(world, TellUndone(), fact) == [
            CommandUndone(command=COMMAND, undone_by=UNDO, by="octocat")
        ]
