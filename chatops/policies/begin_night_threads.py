"""Gives each night one message in the channels that want that.

Whenever:  a nightly run begins, or is settled without anybody having heard that it began
Asks for:  `night_message.wanted`, once for each night and channel; a channel that rests gets it afterwards
"""

from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar

from chatops.answers.night_thread import begun
from chatops.engine.policy import Policy, Scene, Wanted
from chatops.events import Event, Recorded
from chatops.events.notices import NightSettled
from chatops.events.runs import RunStarted
from chatops.projections.runs import attempts_of_run

SCHEDULE = "schedule"


class BeginNightThreads(Policy):
    """Say that a night is running."""

    name: ClassVar[str] = "begin_night_threads"
    reads: ClassVar[tuple[type[Event], ...]] = (RunStarted, NightSettled)

    def concerned(self, facts: Sequence[Recorded], scene: Scene) -> Sequence[Recorded]:
        """Return what is about a nightly workflow of a community with channels."""
        names = {
            workflow.name
            for community in scene.configuration.communities.values()
            if community.channels
            for workflow in community.nightly
        }
        return [fact for fact in facts if _is_nightly(fact.event, names)]

    def decide(self, fact: Recorded, scene: Scene) -> Sequence[Wanted]:
        event = fact.event
        assert isinstance(event, RunStarted | NightSettled)
        community = scene.configuration.community_of(event.repo)
        knowledge = scene.knowledge(community.key) if community is not None else None
        began_at = _began_at(event, scene)
        if knowledge is None or began_at is None:
            return []
        return [
            Wanted(message)
            for message in begun(knowledge, event.workflow, began_at, fact.recorded_at)
        ]


def _is_nightly(event: Event, names: set[str]) -> bool:
    if isinstance(event, NightSettled):
        return event.workflow in names
    assert isinstance(event, RunStarted)
    return event.trigger == SCHEDULE and event.workflow in names


def _began_at(event: RunStarted | NightSettled, scene: Scene) -> datetime | None:
    if isinstance(event, RunStarted):
        return event.created_at
    attempts = attempts_of_run(scene.db, event.run_id)
    return min((run.created_at for run in attempts if run.created_at), default=None)
