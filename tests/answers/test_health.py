from datetime import date
from pathlib import Path

import pytest

from chatops.answers.health import Health, health, hours
from chatops.answers.run_history import run_history
from chatops.events import Event
from tests.commands.nights import night
from tests.pulls import RULES, opened, ran
from tests.scene import scene


def healthy(folder: Path, *events: Event, weeks: int = 13) -> Health:
    with scene(folder, events) as world, world.knowledge() as knowledge:
        return health(run_history(knowledge), weeks)


def test_every_week_is_there_and_what_is_not_known_is_unknown(tmp_path: Path) -> None:
    found = healthy(tmp_path, *night(1, nozzle="success"), weeks=4)

    assert [(day, week is not None) for day, week in found.weeks] == [
        (date(2025, 12, 22), False),
        (date(2025, 12, 29), False),
        (date(2026, 1, 5), False),
        (date(2026, 1, 12), True),
    ]


def test_the_weeks_in_a_sentence(tmp_path: Path) -> None:
    found = healthy(
        tmp_path,
        *night(8, nozzle=["failure", "success"]),
        *night(1, nozzle="failure"),
        opened(1),
        *ran(1, {"build": "success"}),
    )

    assert found.verdict == (
        "In 2 of 2 nights a test failed at its first try, in 1 in the end. "
        "The one head of a pull request that turned green did within 8 min."
    )


def test_nothing_known_is_said(tmp_path: Path) -> None:
    found = healthy(tmp_path, RULES)

    assert found.verdict == "No night and no pull request of the last 13 weeks has a result."
    assert found.known == ()


@pytest.mark.parametrize(
    ("seconds", "said"), [(48, "48 s"), (1_140, "19 min"), (6_000, "1 h 40 min")]
)
def test_a_duration_in_a_sentence(seconds: int, said: str) -> None:
    assert hours(seconds) == said
