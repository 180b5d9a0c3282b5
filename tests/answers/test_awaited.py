from datetime import timedelta
from pathlib import Path

from chatops.answers.awaited import SETTLED, Awaited, awaited_runs
from chatops.events import Event
from chatops.events.conversation import CommandAccepted
from chatops.events.reruns import (
    RerunDeferred,
    RerunDropped,
    RerunFinished,
    RerunLost,
    RerunRefused,
    RerunRequested,
    RerunStarted,
    RetestFinished,
)
from chatops.names import CommandId, RunId
from tests.scene import COMMAND, HEAD, NOW, PULL, REPO, received, scene

OTHER = CommandId("command/github/comment/2/0/0")


def request(run_id: int = 10, command: CommandId = COMMAND) -> RerunRequested:
    return RerunRequested(
        command=command, repo=REPO, sha=HEAD, run_id=RunId(run_id), attempt=1, workflow="CI",
        scope="failed",
    )  # fmt: skip


def started(run_id: int = 10, command: CommandId = COMMAND) -> RerunStarted:
    return RerunStarted(command=command, repo=REPO, run_id=RunId(run_id), attempt=2, workflow="CI")


WAITS = RerunDeferred(
    command=COMMAND, repo=REPO, sha=HEAD, run_id=RunId(11), attempt=1, workflow="Static",
    scope="failed",
)  # fmt: skip
ENDED = RerunFinished(
    command=COMMAND, repo=REPO, run_id=RunId(10), attempt=2, workflow="CI", conclusion="success"
)
LOST = RerunLost(command=COMMAND, repo=REPO, run_id=RunId(10), attempt=2, workflow="CI")
REFUSED = RerunRefused(command=COMMAND, repo=REPO, run_id=RunId(10), workflow="CI", text="No.")
DROPPED = RerunDropped(
    command=COMMAND, repo=REPO, run_id=RunId(11), workflow="Static", text="It moved on."
)
CLOSED = RetestFinished(command=COMMAND, repo=REPO, number=PULL, passed=1, failed=0)


def awaited(folder: Path, *told: Event, later: timedelta = timedelta()) -> list[Awaited]:
    folder.mkdir(exist_ok=True)
    with scene(folder) as world:
        world.add([received(), CommandAccepted(command=COMMAND), *told], correlation_id=COMMAND)
        with world.knowledge() as knowledge:
            return awaited_runs(knowledge.db, world.log.story, NOW + later)


def seen(found: list[Awaited]) -> list[tuple[int, int]]:
    return [(one.run_id, one.attempt) for one in found]


def test_what_was_started_is_awaited_until_it_has_ended(tmp_path: Path) -> None:
    begun = (request(), started(), request(12), started(12))

    assert seen(awaited(tmp_path / "a", *begun)) == [(10, 2), (12, 2)]
    assert seen(awaited(tmp_path / "b", *begun, ENDED)) == [(12, 2)]
    assert seen(awaited(tmp_path / "c", *begun, LOST)) == [(12, 2)]


def test_what_was_not_started_is_not_awaited(tmp_path: Path) -> None:
    assert awaited(tmp_path / "a", request()) == []
    assert awaited(tmp_path / "b", request(), REFUSED) == []


def test_a_run_that_has_to_end_first_is_awaited(tmp_path: Path) -> None:
    assert seen(awaited(tmp_path / "a", WAITS)) == [(11, 1)]
    assert awaited(tmp_path / "b", WAITS, DROPPED) == []
    assert awaited(tmp_path / "c", WAITS, request(11)) == []


def test_what_is_over_is_not_awaited(tmp_path: Path) -> None:
    assert awaited(tmp_path, request(), started(), CLOSED) == []


def test_two_who_wait_for_one_attempt_cost_one_look(tmp_path: Path) -> None:
    begun = [request(), started(), request(command=OTHER), started(command=OTHER)]

    assert seen(awaited(tmp_path, *begun)) == [(10, 2)]


def test_after_some_minutes_github_would_show_what_it_has_accepted(tmp_path: Path) -> None:
    (soon,) = awaited(tmp_path / "a", request(), started())
    (late,) = awaited(tmp_path / "b", request(), started(), later=SETTLED * 2)

    assert not soon.is_settled
    assert late.is_settled
