"""Adds the label that lets the tests in, once the status that says for which commit is there: workflows may read both.

Whenever:  the status of an `/ok-to-test` was written
Asks for:  `labels.requested`, where the community has the label set and it is not there
"""

from collections.abc import Sequence
from typing import ClassVar

from chatops.answers.trust_labels import letting_in
from chatops.engine.policy import Policy, Scene, Wanted
from chatops.events import Event, Recorded
from chatops.events.conversation import CommandReceived
from chatops.events.statuses import StatusWritten
from chatops.events.trust import TrustGiven
from chatops.projections.pulls import pull


class AddTrustLabel(Policy):
    """Let the label follow the status, as long as the commit is the head."""

    name: ClassVar[str] = "add_trust_label"
    reads: ClassVar[tuple[type[Event], ...]] = (StatusWritten,)

    def decide(self, fact: Recorded, scene: Scene) -> Sequence[Wanted]:
        assert isinstance(fact.event, StatusWritten)
        if not fact.event.command.startswith("command/"):
            return []
        story = scene.story(fact.event.command)
        given, received = story.first(TrustGiven), story.first(CommandReceived)
        if given is None or received is None:
            return []
        knowledge = scene.knowledge(received.community)
        known = pull(scene.db, given.repo, given.number)
        if knowledge is None or known is None or known.sha != given.sha:
            return []
        labels = letting_in(given.command, known, knowledge.community.trust)
        return [] if labels is None else [Wanted(labels)]
