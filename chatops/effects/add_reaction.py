"""Puts a reaction on the comment of a command.

On:        `reaction.requested`
Calls:     add a reaction; a second time changes nothing on GitHub
Reports:   `reaction.added`
"""

from collections.abc import Sequence
from typing import ClassVar

from chatops.engine.effect import Effect
from chatops.events import Event
from chatops.events.conversation import ReactionAdded, ReactionRequested
from chatops.ports import Ports


class AddReaction(Effect[ReactionRequested]):
    """Add a reaction to a comment."""

    name: ClassVar[str] = "add_reaction"
    on: ClassVar[type[Event]] = ReactionRequested
    tells: ClassVar[bool] = True

    async def perform(self, event: ReactionRequested, ports: Ports) -> Sequence[Event]:
        await ports.github.react(event.repo, event.comment_id, event.reaction)
        return [ReactionAdded(command=event.command, reaction=event.reaction)]

    def describe(self, event: ReactionRequested) -> str:
        return f"Would put the reaction `{event.reaction}` on the comment."
