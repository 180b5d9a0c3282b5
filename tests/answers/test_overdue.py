from datetime import timedelta
from pathlib import Path

from chatops.answers.overdue import overdue, overdue_commands
from chatops.engine.work import Open
from chatops.events.conversation import CommandAccepted, ReplyPosted
from tests.scene import COMMAND, received, scene


def left(name: str, subject: str) -> Open:
    return Open(name, subject, 1, 3, timedelta(), parked=False, problem="Away.")


def test_the_steps_of_its_own_story_are_what_a_command_waits_for(tmp_path: Path) -> None:
    with scene(tmp_path) as world:
        told = world.add([received(), CommandAccepted(command=COMMAND)], correlation_id=COMMAND)

    event = overdue(
        told, [left("label", "2"), left("decide", "1"), left("rerun", "3"), left("reply", "x")], 5
    )

    assert (event.command, event.minutes, event.steps) == (COMMAND, 5, ("decide", "label"))


def test_nobody_waits_who_asked_just_now_or_was_answered(tmp_path: Path) -> None:
    with scene(tmp_path, [received()]) as world, world.knowledge() as knowledge:
        assert overdue_commands(knowledge) == []

    with scene(tmp_path, [ReplyPosted(command=COMMAND)]) as world, world.knowledge() as knowledge:
        assert overdue_commands(knowledge) == []
