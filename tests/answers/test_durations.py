from collections.abc import Sequence
from math import ceil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatops.answers.durations import Spread, durations, spread, together

SOME = st.lists(st.integers(min_value=0, max_value=20), max_size=40)


@pytest.mark.parametrize(
    ("values", "half", "nine"),
    [
        ([7], 7, 7),
        ([2, 1], 1, 2),
        ([3, 1, 2], 2, 3),
        (list(range(1, 11)), 5, 9),
        (list(range(1, 101)), 50, 90),
    ],
)
def test_half_and_nine_of_ten_are_values_that_were_seen(
    values: Sequence[int], half: int, nine: int
) -> None:
    found = spread(durations(values))

    assert (found.half, found.nine_of_ten) == (half, nine)


def test_a_spread_says_on_how_many_it_rests() -> None:
    assert spread(durations([])) == Spread(number=0, half=None, nine_of_ten=None, longest=None)
    assert spread(durations([30, 10, 20])) == Spread(number=3, half=20, nine_of_ten=30, longest=30)


@given(SOME, SOME)
def test_counts_tell_what_all_of_them_would(some: list[int], others: list[int]) -> None:
    every = sorted([*some, *others])
    found = spread(together([durations(some), durations(others)]))

    assert found == spread(durations(every))
    assert durations(every).seconds == tuple(every)
    if every:
        wanted = [every[ceil(share * len(every)) - 1] for share in (0.5, 0.9)]
        assert [found.half, found.nine_of_ten, found.longest] == [*wanted, every[-1]]
