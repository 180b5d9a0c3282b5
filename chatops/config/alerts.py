"""What a community says of its alerts: after how many nights, for whom, and when a channel wants its rest."""

from datetime import datetime, time, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

from msgspec import Struct

from chatops.config.clocks import clock_time, is_clock_or_empty
from chatops.config.saying import number, said, team


class AlertRules(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When something is wrong for so long, or in so many places, that people are to be told."""

    required_nights: Annotated[
        int,
        number(
            "After how many failed nights in a row a required test is alerted of, if it fails alike in all of them.",
            lowest=1,
            highest=30,
        ),
    ] = 2
    other_nights: Annotated[
        int,
        number(
            "The same for every other test; after so many, a required one is alerted of however it fails.",
            lowest=1,
            highest=30,
        ),
    ] = 3
    recovery_nights: Annotated[
        int,
        number(
            "How many nights in a row a test passes before its alert is over.",
            lowest=1,
            highest=30,
        ),
    ] = 2
    runner_jobs: Annotated[
        int,
        number(
            "How many jobs that need the same kind of runner wait or are lost before it counts as away.",
            lowest=1,
            highest=1_000,
        ),
    ] = 5
    runner_minutes: Annotated[
        int,
        number("For how many minutes each of them has waited.", lowest=5, highest=1_440),
    ] = 60
    late_hours: Annotated[
        int,
        number(
            "How many hours after its time a night has not begun before that is alerted of.",
            lowest=1,
            highest=24,
        ),
    ] = 3
    unmade_days: Annotated[
        int,
        number(
            "For how many days no run has made a name that has been required for as long.",
            lowest=1,
            highest=90,
        ),
    ] = 7


class Alerts(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a channel hears of what is wrong with its jobs."""

    on: Annotated[bool, said("Whether alerts are posted there.")] = True
    thread: Annotated[
        bool,
        said(
            "Whether each night has one message there, changed from running to its verdict, "
            "with what is new in its thread."
        ),
    ] = True
    mentions: Annotated[
        bool,
        said("Whether an alert calls the owners of its jobs by their names in Slack."),
    ] = True
    quiet_from: Annotated[
        str,
        said(
            "The time of day, in the channel's zone, from which nothing is posted; "
            "what comes then is told in one message when the rest is over.",
            expected="a time of day from 00:00 to 23:59",
            example="22:00",
            extra={"check": is_clock_or_empty, "as_written": True},
        ),
    ] = ""
    quiet_to: Annotated[
        str,
        said(
            "When the rest is over.",
            expected="a time of day from 00:00 to 23:59",
            example="07:00",
            extra={"check": is_clock_or_empty, "as_written": True},
        ),
    ] = ""

    def rests_until(self, now: datetime, zone: ZoneInfo) -> datetime | None:
        """Return when the rest is over in which a moment lies; nothing if it lies in none."""
        if not self.quiet_from or not self.quiet_to or self.quiet_from == self.quiet_to:
            return None
        here = now.astimezone(zone)
        begins, ends = clock_time(self.quiet_from), clock_time(self.quiet_to)
        at = here.time().replace(tzinfo=None)
        if not _lies_between(at, begins, ends):
            return None
        day = here.date() + timedelta(days=1 if at >= ends else 0)
        return datetime.combine(day, ends, zone).astimezone(now.tzinfo)


class Operators(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where those who run the bot are told when it does not work."""

    channel: Annotated[
        str,
        said(
            "The id of their channel in Slack; without one only the page of its status and its metrics tell them.",
            expected="the id of a channel in Slack",
            example="C0123456789",
            pattern=r"\A([CG][A-Z0-9]{4,})?\Z",
        ),
    ] = ""
    slack_team: Annotated[
        str,
        team(
            "The id of the workspace in Slack that has their channel, where the bot is in several."
        ),
    ] = ""
    canary_minutes: Annotated[
        int,
        number(
            "How often an event of our own goes all the way from the log to an effect, to see that it arrives.",
            lowest=5,
            highest=1_440,
        ),
    ] = 60
    silent_hours: Annotated[
        int,
        number(
            "For how many hours nothing is heard of a community before that is not believed.",
            lowest=1,
            highest=720,
        ),
    ] = 26


def _lies_between(at: time, begins: time, ends: time) -> bool:
    """Return whether a time of day lies in a span, which may go over midnight."""
    return begins <= at < ends if begins < ends else at >= begins or at < ends
