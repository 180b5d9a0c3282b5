"""Writes a message about alerts again, as it is now.

On:        `alert_message.outdated`
Calls:     change a message of ours. A second time changes nothing, so nothing is looked at before
Reports:   nothing; where Slack says no, the message stays as it was
"""

from collections.abc import Sequence
from typing import ClassVar

from chatops.engine.effect import Effect
from chatops.errors import Refused
from chatops.events import Event
from chatops.events.alerts import AlertMessageOutdated
from chatops.ports import Ports
from chatops.views.alerts import render_outdated


class EditAlerts(Effect[AlertMessageOutdated]):
    """Keep a message true."""

    name: ClassVar[str] = "edit_alerts"
    on: ClassVar[type[Event]] = AlertMessageOutdated
    tells: ClassVar[bool] = True

    async def perform(self, event: AlertMessageOutdated, ports: Ports) -> Sequence[Event]:
        if ports.slack is None:
            raise Refused("Slack is not set up for this bot any more.", reason="not_configured")
        slack = await ports.slack.of(event.team)
        await slack.update(event.channel, event.name, render_outdated(event))
        return []

    def describe(self, event: AlertMessageOutdated) -> str:
        """Return what the call would do."""
        return f"Would change a message about alerts in the channel {event.channel} in Slack."
