"""Posts the message that a night has in a channel.

On:        `night_message.wanted`
Calls:     post a message, after a look whether it is there already, by a mark that it carries
Reports:   `night_message.sent`
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import ClassVar

from chatops.engine.effect import Effect
from chatops.errors import Refused
from chatops.events import Event
from chatops.events.night_threads import NightMessageSent, NightMessageWanted
from chatops.ports import Ports, Slack
from chatops.views.night_threads import night_mark, render_begun

CLOCKS_DIFFER = timedelta(hours=1)
MAY_NOT_LOOK = "credentials"


class PostNightMessage(Effect[NightMessageWanted]):
    """Begin a night's thread, once."""

    name: ClassVar[str] = "post_night_message"
    on: ClassVar[type[Event]] = NightMessageWanted
    tells: ClassVar[bool] = True

    async def perform(self, event: NightMessageWanted, ports: Ports) -> Sequence[Event]:
        if ports.slack is None:
            raise Refused("Slack is not set up for this bot any more.", reason="not_configured")
        there = await _found(event, ports.slack)
        name = there or await ports.slack.post(event.channel, render_begun(event))
        return [
            NightMessageSent(
                message=event.message,
                community=event.community,
                channel=event.channel,
                night=event.night,
                name=name,
                found=there is not None,
            )
        ]

    def describe(self, event: NightMessageWanted) -> str:
        """Return what the call would do."""
        return f"Would post a message for the night of {event.night} in the channel {event.channel} in Slack."


async def _found(event: NightMessageWanted, slack: Slack) -> str | None:
    since, mark = event.wanted_at - CLOCKS_DIFFER, night_mark(event.message)
    try:
        return await slack.find(event.channel, mark, since=since)
    except Refused as refusal:
        if refusal.reason != MAY_NOT_LOOK:
            raise
        return None
