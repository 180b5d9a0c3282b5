from pathlib import Path

from chatops.events.conversation import CommandTakenBack
from chatops.names import CommandId
from chatops.projections.undone import taken_back
from tests.scene import COMMAND, scene

UNDO = CommandId("command/github/comment/2/0/0")


def test_what_was_taken_back_is_known(tmp_path: Path) -> None:
    event = CommandTakenBack(command=UNDO, undone=COMMAND, said="label bug")

    with scene(tmp_path, [event]) as world, world.knowledge() as knowledge:
        assert taken_back(knowledge.db, [COMMAND, UNDO]) == {COMMAND}
        assert taken_back(knowledge.db, []) == set()
