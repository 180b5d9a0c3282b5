"""Changes the message that a night has in a channel to how it went.

On:        `night_message.outdated`
Calls:     change a message of ours. A second time changes nothing, so nothing is looked at before
Reports:   nothing; where Slack says no, the message stays as it was
"""

from collections.abc import Sequence
from typing import ClassVar

from chatops.engine.effect import Effect
from chatops.errors import Refused
from chatops.events import Event
from chatops.events.night_threads import NightMessageOutdated
from chatops.ports import Ports
from chatops.views.night_threads import render_verdict


class EditNightMessage(Effect[NightMessageOutdated]):
    """Let it say the verdict."""

    name: ClassVar[str] = "edit_night_message"
    on: ClassVar[type[Event]] = NightMessageOutdated
    tells: ClassVar[bool] = True

    async def perform(self, event: NightMessageOutdated, ports: Ports) -> Sequence[Event]:
        if ports.slack is None:
            raise Refused("Slack is not set up for this bot any more.", reason="not_configured")
        slack = await ports.slack.of(event.team)
        await slack.update(event.channel, event.name, render_verdict(event))
        return []

    def describe(self, event: NightMessageOutdated) -> str:
        """Return what the call would do."""
        return f"Would change the message for the night of {event.night} in the channel {event.channel} in Slack."
