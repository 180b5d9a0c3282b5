"""Shows that a command was heard: 👀 on the comment.

On:        `command.received`, from a GitHub comment
Calls:     add a reaction; a second time changes nothing on GitHub
Reports:   `reaction.added`
"""

from collections.abc import Sequence
from typing import ClassVar

from chatops.engine.effect import Effect
from chatops.events import Event
from chatops.events.conversation import CommandReceived, ReactionAdded
from chatops.ports import Ports

EYES = "eyes"


class Acknowledge(Effect[CommandReceived]):
    """Put 👀 on the comment of a command."""

    name: ClassVar[str] = "acknowledge"
    on: ClassVar[type[Event]] = CommandReceived
    tells: ClassVar[bool] = True

    async def perform(self, event: CommandReceived, ports: Ports) -> Sequence[Event]:
        if not event.comment_id:
            return []
        await ports.github.react(event.repo, event.comment_id, EYES)
        return [ReactionAdded(command=event.command, reaction=EYES)]

    def describe(self, event: CommandReceived) -> str:
        return "Would put 👀 on the comment." if event.comment_id else "Would show nothing."
