"""Sends a canary on once the read model has it, so that a policy is on its way, too.

Whenever:  a canary was put into the log
Asks for:  `canary.seen`, if the read model knows of it
"""

from collections.abc import Sequence
from typing import ClassVar

from chatops.engine.policy import Policy, Scene, Wanted
from chatops.events import Event, Recorded
from chatops.events.canaries import CanarySeen, CanarySent
from chatops.projections.canaries import canary


class SendCanaryOn(Policy):
    """Let it fly from the log to an effect."""

    name: ClassVar[str] = "send_canary_on"
    reads: ClassVar[tuple[type[Event], ...]] = (CanarySent,)

    def decide(self, fact: Recorded, scene: Scene) -> Sequence[Wanted]:
        event = fact.event
        assert isinstance(event, CanarySent)
        known = canary(scene.db).sent_at
        if known is None or known < event.at:
            return []
        return [Wanted(CanarySeen(canary=event.canary, at=event.at))]
