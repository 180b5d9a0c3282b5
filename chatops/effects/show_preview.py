"""Shows in Slack, under somebody's message, what the page says whose address it names.

On:        `preview.wanted`
Calls:     unfurl. Slack replaces what it shows under the address, so doing it twice is doing it once. If it does not
           take the picture, because it cannot fetch it, again without
Reports:   `preview.shown`, also where Slack does not take it: then it stays a bare address
"""

from collections.abc import Sequence
from typing import ClassVar

import msgspec

from chatops.engine.effect import Effect
from chatops.errors import Refused
from chatops.events import Event
from chatops.events.previews import PreviewShown, PreviewWanted
from chatops.ports import Ports, Slack
from chatops.views.previews import render_preview


class ShowPreview(Effect[PreviewWanted]):
    """Show what is behind an address."""

    name: ClassVar[str] = "show_preview"
    on: ClassVar[type[Event]] = PreviewWanted
    tells: ClassVar[bool] = True

    async def perform(self, event: PreviewWanted, ports: Ports) -> Sequence[Event]:
        if ports.slack is None:
            raise Refused("Slack is not set up for this bot any more.", reason="not_configured")
        slack = await ports.slack.of(event.team)
        try:
            await _show(event, slack)
        except Refused:
            if not event.picture:
                raise
            await _show(msgspec.structs.replace(event, picture=""), slack)
        return [_shown(event)]

    def describe(self, event: PreviewWanted) -> str:
        """Return what the call would do."""
        return f"Would show “{event.title}” under the address that was named in Slack."

    def refused(self, event: PreviewWanted, refusal: Refused) -> Sequence[Event]:
        return [_shown(event, refusal.text)]


async def _show(event: PreviewWanted, slack: Slack) -> None:
    await slack.unfurl(event.channel, event.message, {event.url: render_preview(event)})


def _shown(event: PreviewWanted, problem: str = "") -> PreviewShown:
    return PreviewShown(
        community=event.community,
        url=event.url,
        channel=event.channel,
        message=event.message,
        problem=problem,
    )
