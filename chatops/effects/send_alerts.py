"""Tells a channel in Slack of alerts.

On:        `alert_message.wanted`
Calls:     post a message, below the one that told of it first where there is one, and then in the channel, too. Before
           that, looks whether it is there already, by a mark that the message carries: a process may have died after
           the call. Where Slack does not let us read the channel, it is posted without a look
Reports:   `alert_message.sent`, or `alert_message.withheld` with what Slack said
"""

from collections.abc import Sequence
from typing import ClassVar

from chatops.engine.effect import Effect
from chatops.engine.posting import post_once
from chatops.errors import Refused
from chatops.events import Event
from chatops.events.alerts import (
    AlertMessageSent,
    AlertMessageWanted,
    AlertMessageWithheld,
)
from chatops.ports import Ports
from chatops.views.alerts import alerts_mark, render_alerts


class SendAlerts(Effect[AlertMessageWanted]):
    """Tell a channel, once."""

    name: ClassVar[str] = "send_alerts"
    on: ClassVar[type[Event]] = AlertMessageWanted
    tells: ClassVar[bool] = True

    async def perform(self, event: AlertMessageWanted, ports: Ports) -> Sequence[Event]:
        posted = await post_once(
            ports,
            event.team,
            event.channel,
            render_alerts(event),
            mark=alerts_mark(event.message),
            wanted_at=event.wanted_at,
            thread=event.thread,
            is_shown=bool(event.thread),
        )
        return [
            AlertMessageSent(
                message=event.message,
                community=event.community,
                channel=event.channel,
                alerts=tuple(alert.alert for alert in event.news.opened),
                name=posted.name,
                found=posted.found,
            )
        ]

    def describe(self, event: AlertMessageWanted) -> str:
        """Return what the call would do."""
        news = event.news
        number = len(news.opened) + len(news.changed) + len(news.closed)
        return f"Would tell the channel {event.channel} in Slack of {number} {'alert' if number == 1 else 'alerts'}."

    def refused(self, event: AlertMessageWanted, refusal: Refused) -> Sequence[Event]:
        return [
            AlertMessageWithheld(
                message=event.message,
                community=event.community,
                channel=event.channel,
                opened=event.news.opened,
                changed=event.news.changed,
                closed=event.news.closed,
                reason=refusal.reason,
                text=refusal.text,
                withheld_at=event.wanted_at,
            )
        ]
