"""Runs the gate again after the jobs it waits for were started; it does not notice by itself once it has failed.

Whenever:  every rerun that a `/retest` asked for has been started or refused, also those that had to wait, and at
           least one was started; or all have passed and the gate had failed before that
Asks for:  `rerun.requested` for the newest run of the community's gate workflow, unless it is green or under way
"""

from collections.abc import Sequence
from typing import ClassVar

from chatops.answers.gate_turn import gate_turn
from chatops.engine.policy import Policy, Scene, Wanted
from chatops.events import Event, Recorded
from chatops.events.conversation import CommandReceived
from chatops.events.reruns import RerunDropped, RerunFinished, RerunRefused, RerunStarted


class RerunGate(Policy):
    """Ask for the gate when everything before it runs."""

    name: ClassVar[str] = "rerun_gate"
    reads: ClassVar[tuple[type[Event], ...]] = (
        RerunStarted,
        RerunRefused,
        RerunFinished,
        RerunDropped,
    )

    def decide(self, fact: Recorded, scene: Scene) -> Sequence[Wanted]:
        event = fact.event
        assert isinstance(event, RerunStarted | RerunRefused | RerunFinished | RerunDropped)
        story = scene.story(event.command)
        received = story.first(CommandReceived)
        knowledge = None if received is None else scene.knowledge(received.community)
        if received is None or knowledge is None:
            return []
        request = gate_turn(story, received, knowledge)
        return [] if request is None else [Wanted(request)]
