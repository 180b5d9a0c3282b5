"""When is a channel's digest due? By the clock of its own zone, which leaps once a year and says an hour twice.

A time that does not exist on a day is taken at the next that does; one that comes twice counts once, the first time.
"""

import datetime as dt
from zoneinfo import ZoneInfo

from msgspec import Struct

from chatops.config import WEEKDAYS, Channel, Digest

MINUTE = dt.timedelta(minutes=1)


class Due(Struct, frozen=True, kw_only=True):
    """A channel's digest of a day. From `at` on it may be posted, from `until` on it does not wait for a night."""

    day: dt.date
    at: dt.datetime
    until: dt.datetime

    def is_over(self, now: dt.datetime) -> bool:
        """Return whether a night is not waited for any longer."""
        return now >= self.until


def due_today(channel: Channel, digest: Digest, now: dt.datetime) -> Due | None:
    """Return the digest that is due by now; nothing on other days of the week, and before its time."""
    day = local_day(channel, now)
    if WEEKDAYS[day.weekday()] not in digest.weekdays:
        return None
    at = moment_of(day, digest.due_at, channel.clock)
    if now < at:
        return None
    return Due(day=day, at=at, until=max(at, moment_of(day, digest.due_until, channel.clock)))


def local_day(channel: Channel, now: dt.datetime) -> dt.date:
    """Return which day it is where the channel is."""
    return now.astimezone(channel.clock).date()


def is_weekly_day(digest: Digest, day: dt.date) -> bool:
    """Return whether the week is told on a day, too."""
    return WEEKDAYS[day.weekday()] == digest.weekly


def moment_of(day: dt.date, time: dt.time, zone: ZoneInfo) -> dt.datetime:
    """Return when it is that time on a day in a zone, UTC."""
    said = dt.datetime.combine(day, time)
    first, second = (said.replace(tzinfo=zone, fold=fold).astimezone(dt.UTC) for fold in (0, 1))
    if second >= first:
        return first
    # The clock leaps over it: what it would be after the leap lies before what it would be before it.
    found = second
    while found.astimezone(zone).replace(tzinfo=None) < said:
        found += MINUTE
    return found
