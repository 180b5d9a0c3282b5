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
    RerunLost,
    RerunRefused,
    RerunRequested,
    RerunStarted,
    RetestFinished,
)
from chatops.events.tables import RowsShown
from chatops.names import RunId
from chatops.policies.finish_retest import FinishRetest
from tests.scene import COMMAND, HEAD, NOW, PULL, REPO, decided, ended, job, pull, received, scene


def request(run_id: int, *, gate: bool = False) -> RerunRequested:
    return RerunRequested(
        command=COMMAND, repo=REPO, sha=HEAD, run_id=RunId(run_id), attempt=1, workflow="CI",
        scope="failed", gate=gate,
    )  # fmt: skip


def finished(run_id: int, *conclusions: str, gate: bool = False) -> RerunFinished:
    return RerunFinished(
        command=COMMAND, repo=REPO, run_id=RunId(run_id), attempt=2, workflow="CI", conclusion="success",
        jobs=tuple(JobOutcome(name=f"{n}", conclusion=one) for n, one in enumerate(conclusions)),
        gate=gate,
    )  # fmt: skip


STARTED = RerunStarted(command=COMMAND, repo=REPO, run_id=RunId(10), attempt=2, workflow="CI")
WAITS = RerunDeferred(
    command=COMMAND, repo=REPO, sha=HEAD, run_id=RunId(11), attempt=1, workflow="Static",
    scope="failed",
)  # fmt: skip
DROPPED = RerunDropped(
    command=COMMAND, repo=REPO, run_id=RunId(11), workflow="Static", text="It moved on."
)
BEGUN: list[Event] = [received(), CommandAccepted(command=COMMAND), request(10), STARTED]


def asked_for(folder: Path, told: list[Event], facts: list[Event] | None = None) -> list[Event]:
    folder.mkdir(exist_ok=True)
    with scene(folder, [pull(), *(facts or [])]) as world:
        recorded = world.add([*BEGUN, *told], correlation_id=COMMAND)
        return decided(world, FinishRetest(), recorded[-1])


def test_a_story_ends_with_what_passed_and_what_did_not(tmp_path: Path) -> None:
    rows, end = asked_for(tmp_path, [finished(10, "success", "failure", "success")])

    assert isinstance(end, RetestFinished)
    assert (end.passed, end.failed) == (2, 1)
    assert isinstance(rows, RowsShown)
    assert (rows.number, rows.rows) == (PULL, ("CI / 1",))


def test_what_waits_keeps_it_open(tmp_path: Path) -> None:
    assert asked_for(tmp_path, [WAITS, finished(10, "success")]) == []


def test_what_waited_in_vain_does_not(tmp_path: Path) -> None:
    (end,) = asked_for(tmp_path, [WAITS, finished(10, "success"), DROPPED])

    assert isinstance(end, RetestFinished)


def test_it_waits_for_every_run(tmp_path: Path) -> None:
    assert asked_for(tmp_path, [request(11), finished(10, "success")]) == []


def test_a_refused_run_counts_as_ended(tmp_path: Path) -> None:
    refused = RerunRefused(command=COMMAND, repo=REPO, run_id=RunId(11), workflow="S", text="No.")

    assert len(asked_for(tmp_path, [request(11), finished(10, "success"), refused])) == 1


def test_a_lost_run_counts_as_ended(tmp_path: Path) -> None:
    lost = RerunLost(command=COMMAND, repo=REPO, run_id=RunId(10), attempt=2, workflow="CI")

    (end,) = asked_for(tmp_path, [lost])

    assert isinstance(end, RetestFinished)
    assert (end.passed, end.failed) == (0, 0)


def test_a_red_gate_has_its_turn_before_the_end(tmp_path: Path) -> None:
    gate: list[Event] = [ended(12, "Gatekeeper"), job(3, 12, "gatekeeper")]

    assert asked_for(tmp_path, [finished(10, "success")], gate) == []


def test_the_end_follows_the_gate(tmp_path: Path) -> None:
    gate: list[Event] = [ended(12, "Gatekeeper"), job(3, 12, "gatekeeper")]
    told = [finished(10, "success"), request(12, gate=True), finished(12, "success", gate=True)]

    (end,) = asked_for(tmp_path, told, gate)

    assert isinstance(end, RetestFinished)
    assert (end.passed, end.failed) == (1, 0)


def test_a_gate_that_looked_too_early_has_a_second_turn_before_the_end(tmp_path: Path) -> None:
    gate: list[Event] = [
        ended(12, "Gatekeeper", attempt=2), job(3, 12, "gatekeeper", attempt=2)
    ]  # fmt: skip
    late = msgspec.structs.replace(finished(10, "success"), completed_at=NOW + timedelta(minutes=5))
    early = msgspec.structs.replace(
        finished(12, "failure", gate=True), completed_at=NOW, conclusion="failure"
    )
    first = [request(12, gate=True), early, late]
    again = msgspec.structs.replace(request(12, gate=True), again=True, attempt=2)
    second = msgspec.structs.replace(early, attempt=3, conclusion="success")

    assert asked_for(tmp_path / "a", first, gate) == []
    assert asked_for(tmp_path / "b", [first[0], early, again, late], gate) == []
    (end,) = asked_for(tmp_path / "c", [*first, again, second], gate)

    assert isinstance(end, RetestFinished)
