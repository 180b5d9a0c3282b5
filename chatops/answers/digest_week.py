"""What a channel hears of its weeks: which of its tests were flaky, and how many nights were red."""

from collections.abc import Sequence
from datetime import date, datetime

from chatops.answers.night_cells import COUNTED, State
from chatops.answers.night_tests import Night, Test
from chatops.answers.run_digests import monday
from chatops.events.digests import DigestWeek

MOST_WEEKS = 5


def flaky_lately(
    tests: Sequence[Test], nights: Sequence[Night], since: datetime | None
) -> list[tuple[Test, int]]:
    """Return the tests that passed only when they were run again, with in how many nights; the most frequent first."""
    places = [
        place
        for place, night in enumerate(nights)
        if since is None or (night.began_at is not None and night.began_at >= since)
    ]
    times = [
        (test, sum(test.cells[place].state is State.RERUN for place in places)) for test in tests
    ]
    found = [(test, number) for test, number in times if number]
    return sorted(found, key=lambda one: (-one[1], not one[0].is_required, one[0].name))


def red_weeks(tests: Sequence[Test], nights: Sequence[Night]) -> tuple[DigestWeek, ...]:
    """Return the newest weeks of some nights, the oldest first: how many were red at first, and in the end.

    A night is judged by the tests that were required in it, where any of them ever was.
    """
    knows_required = any(test.is_required or any(test.required_then) for test in tests)
    weeks: dict[date, list[int]] = {}
    for place, night in enumerate(nights):
        began_at = night.began_at
        if began_at is None or not night.is_over:
            continue
        cells = [
            test.cells[place] for test in tests if test.was_required(place) or not knows_required
        ]
        if not any(cell.state in COUNTED for cell in cells):
            continue
        counts = weeks.setdefault(monday(began_at), [0, 0, 0, 0])
        counts[0] += 1
        counts[1] += any(cell.first is State.FAILED for cell in cells)
        counts[2] += any(cell.state is State.FAILED for cell in cells)
        counts[3] += sum(test.cells[place].state is State.RERUN for test in tests)
    return tuple(
        DigestWeek(
            label=f"{day.day} {day:%b}", nights=nights_, red_first=first, red=red, flakes=flakes
        )
        for day, (nights_, first, red, flakes) in sorted(weeks.items())[-MOST_WEEKS:]
    )
