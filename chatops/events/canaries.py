"""An event of our own that goes all the way, now and then, so that somebody sees when the way is blocked."""

from datetime import datetime
from typing import ClassVar

from chatops.events import Event


class _OfCanary(Event, frozen=True, kw_only=True):
    """What is about one canary, which is called by the moment it was due."""

    canary: str
    at: datetime

    def stream(self) -> str:
        return "canary"

    def happened_at(self) -> datetime | None:
        return self.at


class CanarySent(_OfCanary, frozen=True, kw_only=True):
    """A canary was put into the log."""

    kind: ClassVar[str] = "canary.sent"

    def key(self) -> str:
        return f"canary/{self.canary}"


class CanarySeen(_OfCanary, frozen=True, kw_only=True):
    """A policy saw it in the read model, and sends it on."""

    kind: ClassVar[str] = "canary.seen"

    def key(self) -> str:
        return f"canary/{self.canary}/seen"


class CanaryReturned(_OfCanary, frozen=True, kw_only=True):
    """An effect saw it: log, read models, policies and the crew do their work."""

    kind: ClassVar[str] = "canary.returned"

    def key(self) -> str:
        return f"canary/{self.canary}/returned"
