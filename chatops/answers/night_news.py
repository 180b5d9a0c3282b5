"""What was the news of each night: how many tests failed, which of them newly, and which were fixed?

A night is compared with the last result before it that counts, as the nightly page does it; of the oldest night that
is looked at, nothing is known to compare it with, and it is left out.
"""

from collections.abc import Iterator

from msgspec import Struct

from chatops.answers.night_cells import COUNTED, GREEN, Cell, State
from chatops.answers.nights import Night, NightBoard, Test


class NightNews(Struct, frozen=True, kw_only=True):
    """A night that is over. `ran` are the tests that passed or failed in it; required tests come first in each list."""

    night: Night
    ran: int
    failed: tuple[Test, ...]
    newly_failing: tuple[Test, ...]
    fixed: tuple[Test, ...]
    required_failed: int
    """How many of the failed tests were required then."""


class Turn(Struct, frozen=True, kw_only=True):
    """A night in which a test turned red, or green."""

    night: Night
    fails: bool
    cell: Cell


def night_news(board: NightBoard) -> list[NightNews]:
    """Return the news of the nights of a board that are over, the newest first."""
    tests = sorted(board.tests, key=lambda test: (not test.is_required, test.name))
    found = []
    for place, night in enumerate(board.nights[:-1]):
        if not night.is_over:
            continue
        states = [(test, test.cells[place].state) for test in tests]
        failed = tuple(test for test, state in states if state is State.FAILED)
        found.append(
            NightNews(
                night=night,
                ran=sum(state in COUNTED for _, state in states),
                failed=failed,
                required_failed=sum(test.was_required(place) for test in failed),
                newly_failing=tuple(
                    test for test in failed if before(test, place) is not State.FAILED
                ),
                fixed=tuple(
                    test
                    for test, state in states
                    if state in GREEN and before(test, place) is State.FAILED
                ),
            )
        )
    return found


def turns(test: Test, nights: tuple[Night, ...]) -> Iterator[Turn]:
    """Yield the nights in which a test turned red or green, the newest first."""
    for place, (night, cell) in enumerate(zip(nights, test.cells, strict=True)):
        was = before(test, place)
        fails = cell.state is State.FAILED
        if cell.state in COUNTED and was is not None and fails != (was is State.FAILED):
            yield Turn(night=night, fails=fails, cell=cell)


def before(test: Test, place: int) -> State | None:
    """Return how the last night that counts went before the one in this place, counted from the newest."""
    return next((cell.state for cell in test.cells[place + 1 :] if cell.state in COUNTED), None)
