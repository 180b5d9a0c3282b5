"""Many durations in little room: how often each number of seconds was seen.

Hundreds of thousands of jobs wait for a runner in a quarter, and most of them as long as many others did. What half of
them or nine of ten do not exceed is told from the counts as exactly as from all of them.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from math import ceil

from msgspec import Struct

HALF, NINE_OF_TEN = 0.5, 0.9


class Durations(Struct, frozen=True):
    """How often each number of seconds was seen, the shortest first."""

    counts: Mapping[int, int] = {}

    @property
    def number(self) -> int:
        """Return how many durations there are."""
        return sum(self.counts.values())

    @property
    def seconds(self) -> tuple[int, ...]:
        """Return each of them, the shortest first."""
        return tuple(Counter(self.counts).elements())


class Spread(Struct, frozen=True, kw_only=True):
    """How some durations in seconds are spread: how many, and what half, nine of ten and all of them do not exceed."""

    number: int
    half: int | None
    nine_of_ten: int | None
    longest: int | None


def durations(seconds: Iterable[int]) -> Durations:
    """Return some durations as counts."""
    return Durations(dict(sorted(Counter(seconds).items())))


def together(some: Iterable[Durations]) -> Durations:
    """Return several as one."""
    counts: Counter[int] = Counter()
    for one in some:
        counts.update(one.counts)
    return Durations(dict(sorted(counts.items())))


def spread(of: Durations) -> Spread:
    """Return how some durations are spread. A share is met by the first that at least so many do not exceed."""
    number = of.number
    half, nine_of_ten = ceil(HALF * number), ceil(NINE_OF_TEN * number)
    found: dict[int, int] = {}
    seen = 0
    for seconds, times in of.counts.items():
        for place in (half, nine_of_ten):
            if seen < place <= seen + times:
                found[place] = seconds
        seen += times
    return Spread(
        number=number,
        half=found.get(half),
        nine_of_ten=found.get(nine_of_ten),
        longest=max(of.counts, default=None),
    )
