"""Lets a canary come back: the end of its way.

On:        `canary.seen`
Calls:     nobody. That an effect was performed is what it is to show, so it may be performed again
Reports:   `canary.returned`
"""

from collections.abc import Sequence
from typing import ClassVar

from chatops.engine.effect import Effect
from chatops.events import Event
from chatops.events.canaries import CanaryReturned, CanarySeen
from chatops.ports import Ports


class ReturnCanary(Effect[CanarySeen]):
    """Show that the crew works."""

    name: ClassVar[str] = "return_canary"
    on: ClassVar[type[Event]] = CanarySeen
    tells: ClassVar[bool] = True

    async def perform(self, event: CanarySeen, ports: Ports) -> Sequence[Event]:
        del ports
        return [CanaryReturned(canary=event.canary, at=event.at)]

    def describe(self, event: CanarySeen) -> str:
        """Return what the call would do."""
        return f"Would note that the canary of {event.at:%Y-%m-%d %H:%M} UTC has come back, and call nobody."
