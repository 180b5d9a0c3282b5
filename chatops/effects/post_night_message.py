"""Posts the message that a night has in a channel.

On:        `night_message.wanted`
Calls:     post a message, after a look whether it is there already, by a mark that it carries
Reports:   `night_message.sent`
"""

from collections.abc import Sequence
from typing import ClassVar

from chatops.engine.effect import Effect
from chatops.engine.posting import post_once
from chatops.events import Event
from chatops.events.night_threads import NightMessageSent, NightMessageWanted
from chatops.ports import Ports
from chatops.views.night_threads import night_mark, render_begun


class PostNightMessage(Effect[NightMessageWanted]):
    """Begin a night's thread, once."""

    name: ClassVar[str] = "post_night_message"
    on: ClassVar[type[Event]] = NightMessageWanted
    tells: ClassVar[bool] = True

    async def perform(self, event: NightMessageWanted, ports: Ports) -> Sequence[Event]:
        posted = await post_once(
            ports,
            event.team,
            event.channel,
            render_begun(event),
            mark=night_mark(event.message),
            wanted_at=event.wanted_at,
        )
        return [
            NightMessageSent(
                message=event.message,
                community=event.community,
                channel=event.channel,
                night=event.night,
                name=posted.name,
                found=posted.found,
            )
        ]

    def describe(self, event: NightMessageWanted) -> str:
        """Return what the call would do."""
        return f"Would post a message for the night of {event.night} in the channel {event.channel} in Slack."
