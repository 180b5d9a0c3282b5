"""When is a channel's digest due? By the clock of its own zone, which leaps once a year and says an hour twice.

A time that does not exist on a day is taken at the next that does; one that comes twice counts once, the first time.
"""

import datetime as dt
from zoneinfo import ZoneInfo

from msgspec import Struct

from chatops.config import WEEKDAYS, Channel, Digest

MINUTE = dt.timedelta(minutes=1)
DAY = dt.timedelta(days=1)


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
    due = _due_on(local_day(channel, now), channel, digest)
    return due if due is not None and due.at <= now else None


def due_last(channel: Channel, digest: Digest, now: dt.datetime) -> Due | None:
    """Return the newest digest whose night is not waited for any longer: today's, or that of the last such weekday."""
    today = local_day(channel, now)
    days = (_due_on(today - back * DAY, channel, digest) for back in range(len(WEEKDAYS) + 1))
    return next((due for due in days if due is not None and due.is_over(now)), None)


def _due_on(day: dt.date, channel: Channel, digest: Digest) -> Due | None:
    if WEEKDAYS[day.weekday()] not in digest.weekdays:
        return None
    at = moment_of(day, digest.due_at, channel.clock)
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
