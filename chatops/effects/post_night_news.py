"""Says below the message of a night what its jobs did.

On:        `night_news.wanted`
Calls:     post a message in the thread, and show it in the channel where that is wanted; after a look into the thread
           whether it is there already, by a mark that it carries
Reports:   `night_news.sent`
"""

from collections.abc import Sequence
from typing import ClassVar

from chatops.engine.effect import Effect
from chatops.engine.posting import post_once
from chatops.events import Event
from chatops.events.night_threads import NightNewsSent, NightNewsWanted
from chatops.ports import Ports
from chatops.views.night_threads import night_mark, render_news


class PostNightNews(Effect[NightNewsWanted]):
    """Say it in the thread, once."""

    name: ClassVar[str] = "post_night_news"
    on: ClassVar[type[Event]] = NightNewsWanted
    tells: ClassVar[bool] = True

    async def perform(self, event: NightNewsWanted, ports: Ports) -> Sequence[Event]:
        posted = await post_once(
            ports,
            event.team,
            event.channel,
            render_news(event),
            mark=night_mark(event.key()),
            wanted_at=event.wanted_at,
            thread=event.thread,
            is_shown=event.is_shown,
        )
        return [
            NightNewsSent(
                message=event.message,
                community=event.community,
                channel=event.channel,
                night=event.night,
                run_id=event.run_id,
                attempt=event.attempt,
                name=posted.name,
                found=posted.found,
            )
        ]

    def describe(self, event: NightNewsWanted) -> str:
        """Return what the call would do."""
        return f"Would say in the channel {event.channel} in Slack what changed in the night of {event.night}."
