from datetime import timedelta
from pathlib import Path

import msgspec

from chatops.events import Event
from chatops.events.conversation import CommandAccepted
from chatops.events.reruns import (
    JobOutcome,
    RerunDeferred,
    RerunDropped,
    RerunFinished,
    RerunRefused,
    RerunRequested,
    RerunStarted,
)
from chatops.names import RunId
from chatops.policies.rerun_gate import RerunGate
from tests.scene import (
    COMMAND,
    HEAD,
    NOW,
    REPO,
    decided,
    ended,
    job,
    pull,
    received,
    scene,
    under_way,
)

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


def finished(
    run_id: int, conclusion: str = "success", minutes: int = 0, **changes: bool
) -> RerunFinished:
    jobs = () if changes.get("gate") else (JobOutcome(name="test", conclusion=conclusion),)
    return RerunFinished(
        command=COMMAND, repo=REPO, run_id=RunId(run_id), attempt=2, workflow="CI", conclusion=conclusion,
        jobs=jobs, completed_at=NOW + timedelta(minutes=minutes), **changes,
    )  # fmt: skip


GATE_ASKED = RerunRequested(
    command=COMMAND, repo=REPO, sha=HEAD, run_id=RunId(12), attempt=1, workflow="Gatekeeper",
    scope="all", gate=True,
)  # fmt: skip
GATE_STARTED = RerunStarted(
    command=COMMAND, repo=REPO, run_id=RunId(12), attempt=2, workflow="Gatekeeper", gate=True
)
RED_TWICE: list[Event] = [
    ended(12, "Gatekeeper", attempt=2), job(4, 12, "gatekeeper", attempt=2)
]  # fmt: skip
LOOKED: list[Event] = [started(10), started(11, "Static"), GATE_ASKED, GATE_STARTED]


def test_a_gate_that_failed_before_all_had_passed_looks_once_more(tmp_path: Path) -> None:
    told = [*LOOKED, finished(12, "failure", 1, gate=True), finished(10, minutes=5), finished(11)]

    (gate,) = asked_for(tmp_path, RED_TWICE, told)

    assert isinstance(gate, RerunRequested)
    assert (gate.run_id, gate.attempt, gate.gate, gate.again) == (12, 2, True, True)
    assert gate.key() != GATE_ASKED.key()


def test_a_gate_that_failed_after_all_had_ended_has_its_reasons(tmp_path: Path) -> None:
    told = [*LOOKED, finished(10), finished(11), finished(12, "failure", 1, gate=True)]

    assert asked_for(tmp_path, RED_TWICE, told) == []


def test_while_something_still_runs_the_gate_is_not_asked_again(tmp_path: Path) -> None:
    told = [*LOOKED, finished(12, "failure", 1, gate=True), finished(10, minutes=5)]

    assert asked_for(tmp_path, RED_TWICE, told) == []


def test_where_a_job_failed_again_the_gate_is_not_asked_again(tmp_path: Path) -> None:
    told = [
        *LOOKED,
        finished(12, "failure", 1, gate=True),
        finished(10, "failure", 5),
        finished(11),
    ]

    assert asked_for(tmp_path, RED_TWICE, told) == []


def test_the_gate_is_asked_a_second_time_and_no_third(tmp_path: Path) -> None:
    again: Event = msgspec.structs.replace(GATE_ASKED, again=True, attempt=2)
    told = [
        *LOOKED,
        finished(12, "failure", 1, gate=True),
        finished(10, minutes=5),
        again,
        finished(11),
    ]

    assert asked_for(tmp_path, RED_TWICE, told) == []
