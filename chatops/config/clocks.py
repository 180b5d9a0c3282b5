"""Times of day, as people write them."""

import datetime as dt
import re

CLOCK = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])")


def clock_time(text: str) -> dt.time:
    """Return the time of day that is written as `09:00`."""
    hour, minute = text.split(":")
    return dt.time(int(hour), int(minute))


def is_clock(text: str) -> bool:
    """Return whether a text is a time of day."""
    return CLOCK.fullmatch(text) is not None


def is_clock_or_empty(text: str) -> bool:
    """Return whether a text is a time of day, or says none."""
    return not text or is_clock(text)
