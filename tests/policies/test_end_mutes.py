from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from chatops.events import Event
from chatops.events.mutes import JobsOutlivedMute
from chatops.policies.end_mutes import EndMutes
from chatops.projections.mutes import muted_jobs
from tests.alerting import NOZZLE, muted, settled
from tests.commands.nights import MIDNIGHT
from tests.scene import NOW, decided, ended, job, scene

STEPS = {"F": "Run tests", "G": "Build", "u": ""}


def failed(row: str) -> list[Event]:
    """Return nights of the nozzle, the oldest first: `.` passed, a letter for the step that failed."""
    facts: list[Event] = []
    for place, word in enumerate(row):
        days_ago = len(row) - 1 - place
        at, run_id = MIDNIGHT - timedelta(days=days_ago), 1_000 - days_ago
        times = {"created_at": at, "completed_at": at + timedelta(hours=1)}
        conclusion = "success" if word == "." else "failure"
        facts += [
            ended(run_id, "Nightly", conclusion, trigger="schedule", **times),
            job(
                run_id * 10, run_id, "engine / nozzle", conclusion, started_at=at,
                failed_step=STEPS.get(word, ""), **times,
            ),
        ]  # fmt: skip
    return facts


def outlived(folder: Path, row: str, *facts: Event) -> Sequence[Event]:
    with scene(folder, [*failed(row), *facts]) as world:
        (fact,) = world.add([settled()])
        found = decided(world, EndMutes(), fact)
        world.add(found)
        with world.knowledge() as knowledge:
            assert bool(muted_jobs(knowledge.db, "acme", NOW)) == (bool(facts) and not found)
    return found


def test_a_failure_of_another_kind_ends_the_mute(tmp_path: Path) -> None:
    (event,) = outlived(tmp_path, "FFG", muted(NOZZLE))

    assert isinstance(event, JobsOutlivedMute)
    assert (event.jobs, event.signatures) == ((NOZZLE,), ("Build",))


@pytest.mark.parametrize("row", ["FFF", "GFG", "FF.", "..G", "uuG", "FFu"])
def test_what_was_known_when_it_was_muted_does_not(tmp_path: Path, row: str) -> None:
    assert outlived(tmp_path, row, muted(NOZZLE)) == []


def test_where_nothing_is_muted_nothing_ends(tmp_path: Path) -> None:
    assert outlived(tmp_path, "FFG") == []
