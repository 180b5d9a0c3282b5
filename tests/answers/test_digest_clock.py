from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatops.answers.digest_clock import due_last, due_today, is_weekly_day, moment_of
from chatops.config import WEEKDAYS, Channel, Digest

ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu"]
BERLIN = ZoneInfo("Europe/Berlin")
LEAP, TWICE = date(2026, 3, 29), date(2026, 10, 25)
"""The days of 2026 on which Berlin's clocks leap from two to three, and go back from three to two."""


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("day", "clock", "moment"),
    [
        (date(2026, 1, 15), "09:00", "2026-01-15T08:00"),
        (date(2026, 7, 15), "09:00", "2026-07-15T07:00"),
        (LEAP, "01:59", "2026-03-29T00:59"),
        (LEAP, "02:00", "2026-03-29T01:00"),
        (LEAP, "02:30", "2026-03-29T01:00"),
        (LEAP, "03:00", "2026-03-29T01:00"),
        (TWICE, "02:30", "2026-10-25T00:30"),
        (TWICE, "03:00", "2026-10-25T02:00"),
    ],
)
def test_a_time_is_that_of_the_zone_on_its_day(day: date, clock: str, moment: str) -> None:
    assert moment_of(day, time.fromisoformat(clock), BERLIN) == at(moment)


@given(
    day=st.dates(date(2000, 1, 1), date(2040, 1, 1)),
    clock=st.times().map(lambda one: one.replace(second=0, microsecond=0)),
    zone=st.sampled_from(ZONES).map(ZoneInfo),
)
def test_each_day_has_each_time_once_and_never_too_early(
    day: date, clock: time, zone: ZoneInfo
) -> None:
    local = moment_of(day, clock, zone).astimezone(zone)

    assert local.date() == day
    assert local.time() >= clock
    # Later than it was said only where that time is left out, and then no more than what is.
    assert (local.replace(tzinfo=None) - datetime.combine(day, clock)) <= timedelta(hours=1)


@given(
    day=st.dates(date(2020, 1, 1), date(2030, 1, 1)),
    zone=st.sampled_from(ZONES),
    step=st.sampled_from([1, 7, 59]),
)
def test_from_its_time_to_the_end_of_the_day_there_is_one_digest(
    day: date, zone: str, step: int
) -> None:
    channel, digest = Channel(zone=zone), Digest(time="02:30")
    now = datetime.combine(day, time(), ZoneInfo(zone)).astimezone(UTC)
    days = set()
    for minutes in range(0, 24 * 60, step):
        due = due_today(channel, digest, now + timedelta(minutes=minutes))
        if due is not None:
            days.add(due.day)

    assert day in days
    assert days <= {day, day + timedelta(days=1)}


def test_it_is_due_from_its_time_on_and_does_not_wait_after_its_deadline() -> None:
    channel = Channel(zone="Europe/Berlin")
    digest = Digest(time="09:00", deadline="12:00")

    assert due_today(channel, digest, at("2026-01-15T07:59")) is None
    due = due_today(channel, digest, at("2026-01-15T08:00"))
    assert due is not None
    assert (due.day, due.at, due.until) == (
        date(2026, 1, 15), at("2026-01-15T08:00"), at("2026-01-15T11:00"),
    )  # fmt: skip
    assert not due.is_over(at("2026-01-15T10:59"))
    assert due.is_over(at("2026-01-15T11:00"))


def test_the_day_is_that_of_the_channel() -> None:
    tokyo = Channel(zone="Asia/Tokyo")

    due = due_today(tokyo, Digest(time="07:00"), at("2026-01-14T22:30"))

    assert due is not None
    assert due.day == date(2026, 1, 15)


def test_it_is_due_on_its_weekdays() -> None:
    digest = Digest(time="00:00", weekdays=("mon", "fri"))
    monday = at("2026-01-12T12:00")

    due = [
        WEEKDAYS[number]
        for number in range(7)
        if due_today(Channel(), digest, monday + timedelta(days=number)) is not None
    ]

    assert due == ["mon", "fri"]


def test_the_week_is_told_on_its_day() -> None:
    assert is_weekly_day(Digest(weekly="thu"), date(2026, 1, 15))
    assert not is_weekly_day(Digest(weekly="fri"), date(2026, 1, 15))
    assert not is_weekly_day(Digest(), date(2026, 1, 15))


@pytest.mark.parametrize(
    ("now", "day"),
    [
        ("2026-01-15T10:59", date(2026, 1, 14)),
        ("2026-01-15T11:00", date(2026, 1, 15)),
        ("2026-01-18T23:00", date(2026, 1, 16)),
        ("2026-01-19T10:00", date(2026, 1, 16)),
        ("2026-01-19T11:00", date(2026, 1, 19)),
    ],
)
def test_the_newest_whose_night_is_not_waited_for_is_of_the_last_weekday(
    now: str, day: date
) -> None:
    digest = Digest(time="09:00", deadline="12:00", weekdays=WEEKDAYS[:5])

    due = due_last(Channel(zone="Europe/Berlin"), digest, at(now))

    assert due is not None
    assert due.day == day


def test_one_that_comes_once_a_week_is_found_a_week_later() -> None:
    digest = Digest(time="09:00", deadline="12:00", weekdays=("thu",))

    found = due_last(Channel(), digest, at("2026-01-22T11:59"))

    assert found is not None
    assert found.day == date(2026, 1, 15)
