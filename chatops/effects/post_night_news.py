"""Says below the message of a night what its jobs did.

On:        `night_news.wanted`
Calls:     post a message in the thread, and show it in the channel where that is wanted; after a look into the thread
           whether it is there already, by a mark that it carries
Reports:   `night_news.sent`
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import ClassVar

from chatops.engine.effect import Effect
from chatops.errors import Refused
from chatops.events import Event
from chatops.events.night_threads import NightNewsSent, NightNewsWanted
from chatops.ports import Ports, Slack
from chatops.views.night_threads import night_mark, render_news

CLOCKS_DIFFER = timedelta(hours=1)
MAY_NOT_LOOK = "credentials"


class PostNightNews(Effect[NightNewsWanted]):
    """Say it in the thread, once."""

    name: ClassVar[str] = "post_night_news"
    on: ClassVar[type[Event]] = NightNewsWanted
    tells: ClassVar[bool] = True

    async def perform(self, event: NightNewsWanted, ports: Ports) -> Sequence[Event]:
        if ports.slack is None:
            raise Refused("Slack is not set up for this bot any more.", reason="not_configured")
        there = await _found(event, ports.slack)
        name = there or await ports.slack.post(
            event.channel, render_news(event), thread=event.thread, is_shown=event.is_shown
        )
        return [
            NightNewsSent(
                message=event.message,
                community=event.community,
                channel=event.channel,
                night=event.night,
                run_id=event.run_id,
                attempt=event.attempt,
                name=name,
                found=there is not None,
            )
        ]

    def describe(self, event: NightNewsWanted) -> str:
        """Return what the call would do."""
        return f"Would say in the channel {event.channel} in Slack what changed in the night of {event.night}."


async def _found(event: NightNewsWanted, slack: Slack) -> str | None:
    since, mark = event.wanted_at - CLOCKS_DIFFER, night_mark(event.key())
    try:
        return await slack.find(event.channel, mark, since=since, thread=event.thread)
    except Refused as refusal:
        if refusal.reason != MAY_NOT_LOOK:
            raise
        return None
