"""Tells channels of what is wrong now and was not, and of what is over, in one message for each look.

Whenever:  a look at the facts has turned alerts
Asks for:  `alert_message.wanted` for each channel that some of them are about; `alert_message.withheld` for what is
           muted, and for everything while the channel rests
"""

from collections.abc import Callable, Iterator, Sequence
from typing import ClassVar

from msgspec import structs

from chatops.answers.alert_audience import called_for, is_empty, jobs_about, muted_parts, rest_of
from chatops.answers.alert_catch_up import withheld
from chatops.answers.dead_man import BOT
from chatops.answers.short_names import pages_of_tests
from chatops.config import Channel
from chatops.engine.command import Knowledge
from chatops.engine.policy import Policy, Scene, Wanted
from chatops.events import Event, Recorded
from chatops.events.alerts import (
    Alert,
    AlertMessageWanted,
    AlertNews,
    AlertsTurned,
)
from chatops.projections.alert_messages import messages_of_alerts
from chatops.projections.mutes import muted_jobs
from chatops.views.job_filters import jobs_of_channel


class TellOfAlerts(Policy):
    """Tell each channel once of each turn."""

    name: ClassVar[str] = "tell_of_alerts"
    reads: ClassVar[tuple[type[Event], ...]] = (AlertsTurned,)

    def decide(self, fact: Recorded, scene: Scene) -> Sequence[Wanted]:
        turned = fact.event
        assert isinstance(turned, AlertsTurned)
        knowledge = scene.knowledge(turned.community)
        # What is wrong with the bot itself is for those who run it.
        if knowledge is None or any(one.what == BOT for one in (*turned.opened, *turned.closed)):
            return []
        channels = [
            channel for channel in knowledge.community.channels.values() if channel.hears_alerts
        ]
        return [
            Wanted(event)
            for channel in channels
            for event in _told(fact, turned, channel, knowledge)
        ]


def _told(
    fact: Recorded, turned: AlertsTurned, channel: Channel, knowledge: Knowledge
) -> Iterator[Event]:
    community, at = knowledge.community, fact.recorded_at
    is_about = _is_about(channel, knowledge)
    threads = _threads(turned, channel, knowledge)
    news = AlertNews(
        opened=tuple(alert for alert in turned.opened if is_about(alert)),
        changed=tuple(alert for alert in turned.changed if is_about(alert)),
        # Who was not told that it began is not told that it is over.
        closed=tuple(alert for alert in turned.closed if alert.alert in threads),
        over=turned.over,
        night=turned.night,
        url=_url(turned, knowledge),
        pages=pages_of_tests(knowledge),
        home=community.repositories[0],
        slash_command=community.slash_command,
    )
    message = f"alerts/{community.key}/{channel.key}/{turned.look}"
    muted = muted_jobs(knowledge.db, community.key, at)
    news, kept = muted_parts(news, muted)
    rest = None if is_empty(news) else rest_of(news, channel, at)
    for one in (*kept, *((rest,) if rest else ())):
        yield withheld(message, channel, community.key, one, at)
    if is_empty(news) or rest:
        return
    mentions = channel.alerts is not None and channel.alerts.mentions
    named = called_for((*news.opened, *news.changed), knowledge) if mentions else ()
    yield AlertMessageWanted(
        message=message,
        community=community.key,
        channel=channel.key,
        news=structs.replace(news, called=named),
        thread=_thread(news, threads),
        wanted_at=at,
        team=community.slack_team,
    )


def _is_about(channel: Channel, knowledge: Knowledge) -> Callable[[Alert], bool]:
    """Return whether a channel is about an alert: by any of its jobs, or by what it is called where it has none."""
    wants = jobs_of_channel(knowledge.community, channel)

    def is_about(alert: Alert) -> bool:
        return channel.is_for_all or any(
            wants(job, is_required) for job, is_required in jobs_about(alert, knowledge)
        )

    return is_about


def _threads(turned: AlertsTurned, channel: Channel, knowledge: Knowledge) -> dict[str, str]:
    """Return what the messages are called in Slack that told the channel of what is changed or over now."""
    names = [alert.alert for alert in (*turned.changed, *turned.closed)]
    found = messages_of_alerts(knowledge.db, turned.community, names)
    return {alert: one.name for (key, alert), one in found.items() if key == channel.key}


def _thread(news: AlertNews, threads: dict[str, str]) -> str:
    """Return the message below which this belongs, if it is about what one message told and nothing else."""
    names = {threads.get(alert.alert, "") for alert in (*news.changed, *news.closed)}
    return names.pop() if len(names) == 1 and not news.opened else ""


def _url(turned: AlertsTurned, knowledge: Knowledge) -> str:
    """Return where to look: the pages of the nights, or the run itself where there are none."""
    if knowledge.base_url:
        return f"{knowledge.base_url}/{knowledge.community.key}/nightly"
    if turned.run_id:
        return f"{knowledge.github_url}/{turned.repo}/actions/runs/{turned.run_id}"
    return ""
