"""Raises an alert of each test that has failed for too long, and says when that is over.

Whenever:  a night's results are complete
Asks for:  `alerts.turned`, once for each settled attempt that turned anything
"""

from collections.abc import Sequence
from typing import ClassVar

from chatops.answers.alert_looks import turned_by_night
from chatops.engine.policy import Policy, Scene, Wanted
from chatops.events import Event, Recorded
from chatops.events.notices import NightSettled


class RaiseAlerts(Policy):
    """Find out what a night has turned."""

    name: ClassVar[str] = "raise_alerts"
    reads: ClassVar[tuple[type[Event], ...]] = (NightSettled,)

    def decide(self, fact: Recorded, scene: Scene) -> Sequence[Wanted]:
        settled = fact.event
        assert isinstance(settled, NightSettled)
        community = scene.configuration.community_of(settled.repo)
        knowledge = scene.knowledge(community.key) if community is not None else None
        if knowledge is None or not any(
            channel.hears_alerts for channel in knowledge.community.channels.values()
        ):
            return []
        return [Wanted(event) for event in turned_by_night(knowledge, settled, fact.recorded_at)]
