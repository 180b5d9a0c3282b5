"""What a community says of a channel in Slack that hears of its nights: of which jobs, when, and how much."""

import datetime as dt
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from msgspec import Struct

from chatops.config.alerts import Alerts
from chatops.config.clocks import clock_time, is_clock, is_clock_or_empty
from chatops.config.saying import said

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEKDAYS: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
"""The days of a week as they are written, in the order in which dates count them."""
PATIENCE_HOURS = 3
LAST = dt.time(23, 59)


def is_zone(name: str) -> bool:
    """Return whether a time zone of this name is known."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def zones() -> list[str]:
    """Return the names of the zones that are places, for whoever misspells one."""
    return [name for name in available_timezones() if "/" in name]


class Digest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One message a day with what has changed in the nights."""

    time: Annotated[
        str,
        said(
            "The time of day, in the channel's zone, at which it is posted if the night is complete by then.",
            expected="a time of day from 00:00 to 23:59",
            example="09:00",
            extra={"check": is_clock, "as_written": True},
        ),
    ] = "09:00"
    deadline: Annotated[
        str,
        said(
            "Until when an unfinished night is waited for; then that it has not finished, or did not start, "
            "is the news. By default three hours after `time`, on the same day.",
            expected="a time of day from 00:00 to 23:59",
            example="12:00",
            extra={"check": is_clock_or_empty, "as_written": True},
        ),
    ] = ""
    weekdays: Annotated[
        tuple[Annotated[Weekday, said("", expected=f"one of {', '.join(WEEKDAYS)}")], ...],
        said(
            "The days on which it is posted; what was news on the others is told on the next.",
            expected="a list of days with at least one",
            example="[mon, tue, wed, thu, fri]",
            at_least=1,
        ),
    ] = WEEKDAYS
    when: Annotated[
        Literal["on_change", "always"],
        said(
            "Whether it is posted only if something has changed since the last one, or every day."
        ),
    ] = "on_change"
    weekly: Annotated[
        Literal["never", "mon", "tue", "wed", "thu", "fri", "sat", "sun"],
        said(
            "The day on which the flaky tests and the trend of the week are told, too, "
            "whether or not a night has changed."
        ),
    ] = "never"
    mentions: Annotated[
        bool,
        said(
            "Whether the owners of what is newly broken are called by their names in Slack; else they are only named. "
            "Where alerts call them, too, a digest does not."
        ),
    ] = True

    @property
    def due_at(self) -> dt.time:
        """The time of day at which it is due."""
        return clock_time(self.time)

    @property
    def due_until(self) -> dt.time:
        """The time of day until which an unfinished night is waited for."""
        if self.deadline:
            return clock_time(self.deadline)
        due = self.due_at
        hour = due.hour + PATIENCE_HOURS
        return due.replace(hour=hour) if hour <= LAST.hour else LAST


class Channel(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A channel in Slack and the jobs it is about: those of groups, those that a filter lets through, or all."""

    key: Annotated[str, said("", extra={"is_key": True})] = ""
    name: Annotated[str, said("What people call it, without `#`.", example="acme-ci")] = ""
    groups: Annotated[
        tuple[str, ...],
        said(
            "The groups of `maintainers` whose jobs it is about; without these and a filter it is all jobs.",
            example="[Arch-s390x]",
        ),
    ] = ()
    filter: Annotated[
        str,
        said(
            "The jobs it is about, as the dashboard's filter says it: words of their names, `owner:`, `required:` "
            "and the facets.",
            example="arch:s390x required:yes",
        ),
    ] = ""
    zone: Annotated[
        str,
        said(
            "The time zone of its clock.",
            expected="the name of a time zone",
            example="Europe/Berlin",
            extra={"check": is_zone, "near": zones},
        ),
    ] = "UTC"
    digest: Annotated[
        Digest | None,
        said("The daily message; without it there is none."),
    ] = None
    alerts: Annotated[
        Alerts | None,
        said("What it hears at once when jobs are broken; without it nothing."),
    ] = None

    @property
    def title(self) -> str:
        """What people call the channel, or its id."""
        return self.name or self.key

    @property
    def clock(self) -> ZoneInfo:
        """The zone of its clock."""
        return ZoneInfo(self.zone)

    @property
    def hears_alerts(self) -> bool:
        """Whether alerts are posted there."""
        return self.alerts is not None and self.alerts.on

    @property
    def is_called_by_alerts(self) -> bool:
        """Whether alerts call people there: then they do when something lasts, and nobody is called twice."""
        return self.alerts is not None and self.alerts.on and self.alerts.mentions

    @property
    def is_for_all(self) -> bool:
        """Whether it is about everything there is in its community."""
        return not self.groups and not self.filter
