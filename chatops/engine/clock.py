"""The one place that asks what time it is."""

import time
from datetime import UTC, datetime, timedelta


class SystemClock:
    """The machine's clock, in UTC."""

    def now(self) -> datetime:
        """Return the present, aware, UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Return seconds that never run backwards, for measuring."""
        return time.monotonic()


def microseconds(moment: datetime) -> int:
    """Return a moment as whole microseconds since 1970, the log's way to store it."""
    return round(moment.timestamp() * 1_000_000)


def from_microseconds(stored: int) -> datetime:
    """Return the moment that the log stored."""
    return datetime.fromtimestamp(0, UTC) + timedelta(microseconds=stored)


def seconds(moment: datetime | None) -> int | None:
    """Return a moment as whole seconds since 1970, the read models' way to store it."""
    return None if moment is None else int(moment.timestamp())


def moment(seconds: int | None) -> datetime | None:
    """Return the moment that a read model stored as whole seconds since 1970."""
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
