"""Shows that GitHub accepted a rerun: 🚀 on the comment that asked for it.

Whenever:  the first `rerun.started` of a command that was said in a comment
Asks for:  `reaction.requested`
"""

from collections.abc import Sequence
from typing import ClassVar

from chatops.engine.policy import Policy, Scene, Wanted
from chatops.events import Event, Recorded
from chatops.events.conversation import CommandReceived, ReactionRequested
from chatops.events.reruns import RerunStarted

ROCKET = "rocket"


class ShowStart(Policy):
    """Put 🚀 on the comment once something runs."""

    name: ClassVar[str] = "show_start"
    reads: ClassVar[tuple[type[Event], ...]] = (RerunStarted,)

    def decide(self, fact: Recorded, scene: Scene) -> Sequence[Wanted]:
        assert isinstance(fact.event, RerunStarted)
        received = scene.story(fact.event.command).first(CommandReceived)
        if received is None or not received.comment_id:
            return []
        return [
            Wanted(
                ReactionRequested(
                    command=received.command,
                    repo=received.repo,
                    comment_id=received.comment_id,
                    reaction=ROCKET,
                )
            )
        ]
