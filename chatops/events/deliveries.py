"""What GitHub says it delivered, compared with what came: a gap is an event, and so is its repair.

The ledger is of one App, and belongs to no repository and no community.
"""

from datetime import datetime
from typing import ClassVar

from chatops.events import Event

STREAM = "deliveries"


class DeliveryMissed(Event, frozen=True, kw_only=True):
    """GitHub tells of a delivery that never came, or that was turned away.

    `said` is how GitHub found it ended, such as `timed out`; `number` is what one of its attempts is called there.
    """

    kind: ClassVar[str] = "delivery.missed"

    guid: str
    number: int
    event: str
    said: str
    delivered_at: datetime

    def stream(self) -> str:
        return STREAM

    def key(self) -> str:
        return f"delivery/{self.guid}/missed"

    def happened_at(self) -> datetime | None:
        return self.delivered_at


class DeliveryAskedAgain(Event, frozen=True, kw_only=True):
    """GitHub was asked to send one once more, for the `time`th time."""

    kind: ClassVar[str] = "delivery.asked_again"

    guid: str
    time: int
    at: datetime

    def stream(self) -> str:
        return STREAM

    def key(self) -> str:
        return f"delivery/{self.guid}/again/{self.time}"

    def happened_at(self) -> datetime | None:
        return self.at


class DeliveryMended(Event, frozen=True, kw_only=True):
    """One that had been missed has come after all."""

    kind: ClassVar[str] = "delivery.mended"

    guid: str
    at: datetime

    def stream(self) -> str:
        return STREAM

    def key(self) -> str:
        return f"delivery/{self.guid}/mended"

    def happened_at(self) -> datetime | None:
        return self.at


class DeliveriesAudited(Event, frozen=True, kw_only=True):
    """GitHub's list from `since` to `until` was compared with ours: so many deliveries, and so many had not come."""

    kind: ClassVar[str] = "deliveries.audited"

    since: datetime
    until: datetime
    listed: int
    missed: int

    def stream(self) -> str:
        return STREAM

    def key(self) -> str:
        return f"deliveries/{self.until.isoformat()}"

    def happened_at(self) -> datetime | None:
        return self.until
