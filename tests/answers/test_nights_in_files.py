from datetime import timedelta
from pathlib import Path

import pytest

from chatops.answers.nights_in_files import in_files, not_counted
from chatops.events import Event
from chatops.events.runs import RunReported
from chatops.names import RunId
from tests.commands.nights import night
from tests.scene import NOW, REPO, TickingClock, scene


def of_file(run_id: int, workflow: str = "Nightly") -> Event:
    """Return what an imported file tells of a night."""
    return RunReported(repo=REPO, run_id=RunId(run_id), attempt=1, workflow=workflow, number=run_id)


@pytest.mark.parametrize(("days", "number"), [(1, 0), (10, 2), (30, 3), (365, 4)])
def test_nights_of_files_are_counted_since_a_moment_by_where_their_numbers_stand(
    tmp_path: Path, days: int, number: int
) -> None:
    # Later runs have greater numbers; those of files stand between nights of which more is known.
    events = [
        of_file(900), *night(40, nozzle="success"), of_file(965), *night(20, nozzle="success"),
        of_file(985), of_file(986), *night(2, nozzle="success"), of_file(990, workflow="CI"),
    ]  # fmt: skip
    with scene(tmp_path, events, clock=TickingClock()) as world, world.knowledge() as knowledge:
        assert in_files(knowledge, NOW - timedelta(days=days)) == number


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (0, ""),
        (
            1,
            "1 night that only a file tells of is not among them: the file says neither when it was",
        ),
        (
            1_200,
            "1,200 nights that only a file tells of are not among them: the file says neither when they were",
        ),
    ],
)
def test_it_is_said_how_many_are_not_counted_and_why(number: int, words: str) -> None:
    said = not_counted(number)

    assert said.startswith(words)
    assert bool(said) is bool(number)
