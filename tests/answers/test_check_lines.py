from datetime import timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from chatops.answers.check_lines import freshness
from chatops.answers.pull_checks import pull_checks
from chatops.engine.answer import plain
from chatops.names import PullNumber
from tests.scene import PULL, REPO, ended, job, pull, scene


@pytest.mark.parametrize(
    ("age", "words"),
    [
        (timedelta(), "less than a minute"),
        (timedelta(hours=3), "3 h"),
        (timedelta(days=10), "10 days"),
    ],
)
def test_how_fresh_an_answer_is_stands_in_the_words_of_people(
    tmp_path: Path, age: timedelta, words: str
) -> None:
    with scene(tmp_path, [pull(), ended(1), job(11, 1)]) as world, world.knowledge() as knowledge:
        checks = pull_checks(knowledge, REPO, PullNumber(PULL))
        assert checks.heard_at is not None
        later = replace(knowledge, now=checks.heard_at + age)

        said = plain(freshness(checks, later))

    assert said.endswith(f"; last heard from GitHub {words} ago.")
