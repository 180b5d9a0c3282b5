from pathlib import Path

from chatops.events import Event
from chatops.events.conversation import CommandAccepted
from chatops.events.reruns import (
    RerunDeferred,
    RerunDropped,
    RerunRefused,
    RerunRequested,
    RerunStarted,
)
from chatops.names import RunId
from chatops.policies.rerun_gate import RerunGate
from tests.scene import COMMAND, HEAD, REPO, decided, ended, job, pull, received, scene, under_way

REQUESTS = [
    RerunRequested(
        command=COMMAND, repo=REPO, sha=HEAD, run_id=RunId(run_id), attempt=1, workflow=workflow,
        scope="failed", jobs=("test",),
    )
    for run_id, workflow in ((10, "CI"), (11, "Static"))
]  # fmt: skip
BEGUN = [received(), CommandAccepted(command=COMMAND), *REQUESTS]
RED_GATE = [ended(12, "Gatekeeper"), job(3, 12, "gatekeeper")]


def started(run_id: int, workflow: str = "CI") -> RerunStarted:
    return RerunStarted(
        command=COMMAND, repo=REPO, run_id=RunId(run_id), attempt=2, workflow=workflow
    )


def refused(run_id: int) -> RerunRefused:
    return RerunRefused(
        command=COMMAND, repo=REPO, run_id=RunId(run_id), workflow="Static", text="No."
    )


def asked_for(folder: Path, facts: list[Event], told: list[Event]) -> list[Event]:
    with scene(folder, [pull(), *facts]) as world:
        world.add(BEGUN, correlation_id=COMMAND)
        recorded = world.add(told, correlation_id=COMMAND)
        return decided(world, RerunGate(), recorded[-1])


def test_the_gate_runs_again_once_everything_before_it_was_started(tmp_path: Path) -> None:
    (gate,) = asked_for(tmp_path, RED_GATE, [started(10), started(11, "Static")])

    assert isinstance(gate, RerunRequested)
    assert (gate.run_id, gate.gate, gate.scope) == (12, True, "all")


def test_the_gate_waits_for_the_last_one(tmp_path: Path) -> None:
    assert asked_for(tmp_path, RED_GATE, [started(10)]) == []


def test_one_that_github_refused_does_not_hold_the_gate_up(tmp_path: Path) -> None:
    assert len(asked_for(tmp_path, RED_GATE, [started(10), refused(11)])) == 1


WAITS = RerunDeferred(
    command=COMMAND, repo=REPO, sha=HEAD, run_id=RunId(13), attempt=1, workflow="Slow",
    scope="failed",
)  # fmt: skip


def test_the_gate_waits_for_what_has_to_wait(tmp_path: Path) -> None:
    assert asked_for(tmp_path, RED_GATE, [WAITS, started(10), started(11, "Static")]) == []


def test_what_waited_in_vain_does_not_hold_the_gate_up(tmp_path: Path) -> None:
    dropped = RerunDropped(
        command=COMMAND, repo=REPO, run_id=RunId(13), workflow="Slow", text="It moved on."
    )
    told: list[Event] = [WAITS, started(10), started(11, "Static"), dropped]

    assert len(asked_for(tmp_path, RED_GATE, told)) == 1


def test_nothing_started_means_no_gate(tmp_path: Path) -> None:
    assert asked_for(tmp_path, RED_GATE, [refused(10), refused(11)]) == []


def test_a_gate_that_still_polls_notices_by_itself(tmp_path: Path) -> None:
    told: list[Event] = [started(10), started(11, "Static")]

    assert asked_for(tmp_path, [under_way(12, "Gatekeeper")], told) == []


def test_a_green_gate_is_left_alone(tmp_path: Path) -> None:
    told: list[Event] = [started(10), started(11, "Static")]

    assert asked_for(tmp_path, [ended(12, "Gatekeeper", "success")], told) == []
