"""Tells a command's own story that it was taken back, so that its reply says so.

Whenever:  a command takes back another one
Asks for:  `command.undone` in the story of the other one, with who it was
"""

from collections.abc import Sequence
from typing import ClassVar

from chatops.engine.policy import Policy, Scene, Wanted
from chatops.events import Event, Recorded
from chatops.events.conversation import CommandTakenBack, CommandUndone


class TellUndone(Policy):
    """Note on a command that it was taken back."""

    name: ClassVar[str] = "tell_undone"
    reads: ClassVar[tuple[type[Event], ...]] = (CommandTakenBack,)

    def decide(self, fact: Recorded, scene: Scene) -> Sequence[Wanted]:
        assert isinstance(fact.event, CommandTakenBack)
        taken = fact.event
        undone = CommandUndone(
            command=taken.undone,
            undone_by=taken.command,
            by=scene.story(taken.command).asker,
        )
        return [Wanted(undone, taken.undone)]
