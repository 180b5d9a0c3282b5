import pytest

from chatops.answers.shares import bounds, within


@pytest.mark.parametrize(
    ("hits", "tries", "low", "high"),
    [(0, 10, 0.0, 0.278), (1, 10, 0.018, 0.404), (5, 10, 0.237, 0.763), (0, 30, 0.0, 0.114)],
)
def test_few_tries_say_little_of_the_true_share(
    hits: int, tries: int, low: float, high: float
) -> None:
    assert bounds(hits, tries) == pytest.approx((low, high), abs=0.001)


def test_no_try_says_nothing() -> None:
    assert bounds(0, 0) == (0.0, 1.0)


def test_it_is_said_in_whole_percent() -> None:
    assert within(3, 10) == "11 to 60 %"
