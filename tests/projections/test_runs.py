from collections.abc import Sequence
from itertools import permutations
from pathlib import Path

import pytest

from chatops.events import Event
from chatops.events.runs import RunHeld, RunReported, RunRequested
from chatops.names import RunId
from chatops.projections.runs import (
    attempts_of_commit,
    attempts_of_run,
    attempts_of_runs,
    completed_attempts,
    newest_of_workflows,
)
from tests.scene import HEAD, REPO, ended, scene, under_way


def test_the_furthest_thing_heard_of_an_attempt_wins(tmp_path: Path) -> None:
    with scene(tmp_path, [ended(10), under_way(10)]) as world, world.knowledge() as knowledge:
        (run,) = attempts_of_run(knowledge.db, RunId(10))

    assert (run.status, run.conclusion) == ("completed", "failure")


HELD = RunHeld(
    repo=REPO, run_id=RunId(10), attempt=1, workflow="CI", sha=HEAD, conclusion="action_required"
)
ASKED = RunRequested(repo=REPO, run_id=RunId(10), attempt=1, workflow="CI", sha=HEAD)


@pytest.mark.parametrize("facts", list(permutations([ASKED, HELD])))
def test_what_waits_for_an_approval_has_ended_for_now(
    tmp_path: Path, facts: Sequence[Event]
) -> None:
    with scene(tmp_path, facts) as world, world.knowledge() as knowledge:
        (run,) = attempts_of_run(knowledge.db, RunId(10))
        over = completed_attempts(knowledge.db, [RunId(10)])

    assert (run.status, run.conclusion) == ("completed", "action_required")
    assert over == set()


@pytest.mark.parametrize("facts", list(permutations([ASKED, HELD, under_way(10)])))
def test_the_same_attempt_goes_on_once_it_is_approved(
    tmp_path: Path, facts: Sequence[Event]
) -> None:
    with scene(tmp_path, facts) as world, world.knowledge() as knowledge:
        (run,) = attempts_of_run(knowledge.db, RunId(10))

    assert (run.status, run.conclusion) == ("in_progress", "")


@pytest.mark.parametrize("facts", list(permutations([HELD, under_way(10), ended(10)])))
def test_what_was_approved_ends_as_it_ended(tmp_path: Path, facts: Sequence[Event]) -> None:
    with scene(tmp_path, facts) as world, world.knowledge() as knowledge:
        (run,) = attempts_of_run(knowledge.db, RunId(10))

    assert (run.status, run.conclusion) == ("completed", "failure")


def test_attempts_are_told_apart(tmp_path: Path) -> None:
    facts = [ended(10), under_way(10, attempt=2)]
    with scene(tmp_path, facts) as world, world.knowledge() as knowledge:
        runs = attempts_of_commit(knowledge.db, REPO, HEAD)
        over = completed_attempts(knowledge.db, [RunId(10)])

    assert [(run.attempt, run.is_over) for run in runs] == [(1, True), (2, False)]
    assert over == {(10, 1)}


def test_nights_are_the_scheduled_runs_newest_first(tmp_path: Path) -> None:
    facts = [
        ended(1, "Nightly", trigger="schedule"),
        ended(2, "Nightly", trigger="workflow_dispatch"),
        ended(3, "Nightly", trigger="schedule"),
        RunReported(repo=REPO, run_id=RunId(4), attempt=1, number=9, workflow="Nightly"),
    ]
    with scene(tmp_path, facts) as world, world.knowledge() as knowledge:
        nights = newest_of_workflows(knowledge.db, REPO, ["Nightly"], 2)

    assert [run.run_id for run in nights] == [4, 3]


def test_the_attempts_of_several_runs_are_there_in_order(tmp_path: Path) -> None:
    facts = [ended(2), ended(1, attempt=2), ended(1), ended(3)]
    with scene(tmp_path, facts) as world, world.knowledge() as knowledge:
        found = attempts_of_runs(knowledge.db, [RunId(1), RunId(2)])

    assert [(run.run_id, run.attempt) for run in found] == [(1, 1), (1, 2), (2, 1)]
