"""How often would a channel have heard of its nights besides alerts: in digests, and in a message for each night?

Whoever tunes a channel wants to know all that it would get. Here each night is told on its own day, and nothing is
muted, held back or late, so that the nights alone decide.
"""

from collections.abc import Callable, Iterator
from itertools import pairwise

from chatops.answers.digest_clock import is_weekly_day
from chatops.answers.night_cells import COUNTED, State
from chatops.answers.nights import NightBoard, Test
from chatops.config import WEEKDAYS, Channel

Wants = Callable[[str, bool], bool]
"""Whether a channel is about a job, by its name and whether it is required."""


def digests_posted(board: NightBoard, channel: Channel, wants: Wants) -> int:
    """Return of how many nights a channel would have got a digest: of the first it knows what fails."""
    digest = channel.digest
    if digest is None:
        return 0
    tests = [test for test in board.tests if wants(test.name, test.is_required)]
    posted = 0
    known: frozenset[int] | None = None
    failing: set[int] = set()
    for place in reversed(range(len(board.nights))):
        for test in tests:
            _note(failing, test, place)
        day = board.nights[place].day
        if day is not None and WEEKDAYS[day.weekday()] not in digest.weekdays:
            continue
        is_news = known is not None and failing != known
        is_weekly = day is not None and is_weekly_day(digest, day)
        posted += is_news or is_weekly or digest.when == "always"
        known = frozenset(failing)
    return posted


def night_messages(board: NightBoard, channel: Channel, wants: Wants) -> tuple[int, int]:
    """Return how many messages of nights a channel would have got, and in how many it would have seen a turn, too."""
    if channel.alerts is None or not channel.alerts.thread:
        return 0, 0
    reds = list(_reds(board, [test for test in board.tests if wants(test.name, test.is_required)]))
    turns = sum(was != now for was, now in pairwise(reds))
    return len(board.nights), turns


def _reds(board: NightBoard, tests: list[Test]) -> Iterator[bool]:
    """Yield of each night, the oldest first, whether a test failed in it that was required, or any if none is known."""
    failing: set[int] = set()
    for place in reversed(range(len(board.nights))):
        for test in tests:
            _note(failing, test, place)
        yield any(
            id(test) in failing and (test.was_required(place) or not board.knows_required)
            for test in tests
        )


def _note(failing: set[int], test: Test, place: int) -> None:
    """Note how a test ended in a night; without a result it is as it was."""
    state = test.cells[place].state
    if state is State.FAILED:
        failing.add(id(test))
    elif state in COUNTED:
        failing.discard(id(test))
