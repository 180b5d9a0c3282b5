"""Keeps the messages about alerts true: who has seen one, who looks after it, and that it is over.

Whenever:  somebody acknowledges, takes or mutes what a message told, it is over, or a message has just been sent
Asks for:  `alert_message.outdated` for each message that said otherwise
"""

from collections.abc import Collection, Sequence
from typing import ClassVar

from chatops.engine.command import Knowledge
from chatops.engine.policy import Policy, Scene, Wanted
from chatops.events import Event, Recorded
from chatops.events.alerts import (
    AlertMessageOutdated,
    AlertMessageSent,
    AlertMessageWanted,
    AlertsAcknowledged,
    AlertsAssigned,
    AlertsTurned,
    Told,
)
from chatops.events.mutes import JobsMuted, JobsUnmuted
from chatops.projections.alert_messages import Message, message_called, messages_of_alerts
from chatops.projections.alerts import alerts_named, open_alerts
from chatops.projections.mutes import muted_jobs

Said = AlertsAcknowledged | AlertsAssigned | AlertsTurned | JobsMuted | JobsUnmuted


class ShowAlerts(Policy):
    """Write a message again when it is no longer how it is."""

    name: ClassVar[str] = "show_alerts"
    reads: ClassVar[tuple[type[Event], ...]] = (
        AlertsAcknowledged, AlertsAssigned, AlertsTurned, JobsMuted, JobsUnmuted, AlertMessageSent,
    )  # fmt: skip

    def decide(self, fact: Recorded, scene: Scene) -> Sequence[Wanted]:
        event = fact.event
        assert isinstance(event, Said | AlertMessageSent)
        knowledge = scene.knowledge(event.community)
        if knowledge is None:
            return []
        if isinstance(event, AlertMessageSent):
            sent = message_called(knowledge.db, event.message)
            messages = [sent] if sent is not None and sent.name else []
        else:
            known = messages_of_alerts(knowledge.db, event.community, _named(event, knowledge))
            messages = list({one.message: one for one in known.values() if one.name}.values())
        found = []
        for message in sorted(messages, key=lambda one: one.message):
            told = _told(message, knowledge, fact)
            # What was just sent is true, unless something has happened on its way.
            if not isinstance(event, AlertMessageSent) or any(map(_says_something, told)):
                wanted = scene.keyed(message.message)
                team = wanted.team if isinstance(wanted, AlertMessageWanted) else ""
                found.append(Wanted(_outdated(message, told, team, knowledge, fact)))
        return found


def _named(event: Said, knowledge: Knowledge) -> Collection[str]:
    """Return the alerts that an event is about."""
    match event:
        case AlertsTurned():
            return [alert.alert for alert in event.closed]
        case JobsMuted() | JobsUnmuted():
            jobs = set(event.jobs)
            return [
                one.alert.alert
                for one in open_alerts(knowledge.db, event.community)
                if one.alert.subject in jobs
            ]
        case _:
            return event.alerts


def _told(message: Message, knowledge: Knowledge, fact: Recorded) -> list[Told]:
    names = [alert.alert for alert in (*message.news.opened, *message.news.changed)]
    known = alerts_named(knowledge.db, knowledge.community.key, names)
    muted = muted_jobs(knowledge.db, knowledge.community.key, fact.recorded_at)
    return [
        Told(
            alert=name,
            is_over=not one.is_open,
            seen_by=one.seen_by,
            looked_after_by=one.looked_after_by,
            muted_until=mute.until if (mute := muted.get(one.alert.subject)) else None,
        )
        for name in names
        if (one := known.get(name)) is not None
    ]


def _says_something(told: Told) -> bool:
    return told != Told(alert=told.alert)


def _outdated(
    message: Message, told: Sequence[Told], team: str, knowledge: Knowledge, fact: Recorded
) -> AlertMessageOutdated:
    return AlertMessageOutdated(
        message=message.message,
        community=knowledge.community.key,
        channel=message.channel,
        name=message.name,
        because=fact.id,
        news=message.news,
        told=tuple(told),
        team=team,
    )
