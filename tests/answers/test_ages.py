from datetime import timedelta

import pytest

from chatops.answers.ages import ago


@pytest.mark.parametrize(
    ("age", "words"),
    [
        (timedelta(seconds=20), "less than a minute"),
        (timedelta(minutes=41), "41 min"),
        (timedelta(minutes=119), "1 h"),
        (timedelta(hours=26), "26 h"),
        (timedelta(days=3), "3 days"),
    ],
)
def test_an_age_is_said_the_way_people_do(age: timedelta, words: str) -> None:
    assert ago(age) == words
