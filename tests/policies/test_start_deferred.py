from datetime import datetime, timedelta
from pathlib import Path

import pytest

from chatops.engine.policy import Policy
from chatops.events import Event
from chatops.events.conversation import CommandAccepted
from chatops.events.reruns import RerunDeferred, RerunDropped, RerunRequested
from chatops.events.runs import RunLookedUp
from chatops.names import CommandId, RunId, Sha
from chatops.policies.start_deferred import StartDeferred
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

UNDO = CommandId("command/undo")


def waits(command: CommandId = COMMAND, **changes: object) -> RerunDeferred:
    described = {
        "command": command, "repo": REPO, "sha": HEAD, "run_id": RunId(10), "attempt": 1,
        "workflow": "CI", "scope": "failed", "jobs": ("a",),
    }  # fmt: skip
    return RerunDeferred(**{**described, **changes})  # type: ignore[arg-type]  # of whatever kind each field is


def asked_for(folder: Path, waiting: RerunDeferred, *facts: Event) -> list[Event]:
    """Let the policy look at the last fact."""
    policy: Policy = StartDeferred()
    with scene(folder, [pull()]) as world:
        world.add([received(), CommandAccepted(command=COMMAND), waiting], correlation_id=COMMAND)
        last = world.add(facts)[-1]
        with world.knowledge():
            return decided(world, policy, last)


def one(folder: Path, waiting: RerunDeferred, *facts: Event) -> RerunRequested:
    (request,) = asked_for(folder, waiting, *facts)
    assert isinstance(request, RerunRequested)
    return request


def dropped(folder: Path, waiting: RerunDeferred, *facts: Event) -> str:
    (event,) = asked_for(folder, waiting, *facts)
    assert isinstance(event, RerunDropped)
    return event.text


def test_what_failed_by_the_end_is_asked_for_with_it(tmp_path: Path) -> None:
    request = one(tmp_path, waits(), job(1, 10, "a"), job(2, 10, "b"), ended(10))

    assert (request.command, request.run_id, request.attempt) == (COMMAND, 10, 1)
    assert (request.scope, request.jobs) == ("failed", ("a", "b"))


def test_it_waits_while_the_run_goes_on(tmp_path: Path) -> None:
    assert asked_for(tmp_path, waits(), job(1, 10, "a"), under_way(10), waits(UNDO)) == []


def test_a_run_that_github_does_not_know_any_more_is_not_waited_for(tmp_path: Path) -> None:
    gone = RunLookedUp(repo=REPO, run_id=RunId(10), attempt=1, known=False)

    assert "does not know this run" in dropped(tmp_path, waits(), under_way(10), gone)


def test_the_only_job_that_was_named_runs_alone(tmp_path: Path) -> None:
    request = one(tmp_path, waits(narrow=True), job(1, 10, "a"), job(2, 10, "b"), ended(10))

    assert (request.scope, request.job_id, request.jobs) == ("job", 1, ("a",))


def test_a_job_that_passed_runs_again_where_it_was_named(tmp_path: Path) -> None:
    waiting = waits(scope="job", narrow=True)

    request = one(tmp_path, waiting, job(1, 10, "a", "success"), ended(10, conclusion="success"))

    assert (request.scope, request.job_id) == ("job", 1)


def test_everything_runs_again_where_everything_was_meant(tmp_path: Path) -> None:
    request = one(tmp_path, waits(scope="all", jobs=()), job(1, 10, "a", "success"), ended(10))

    assert (request.scope, request.jobs) == ("all", ())


def test_an_attempt_that_somebody_began_meanwhile_is_joined(tmp_path: Path) -> None:
    request = one(tmp_path, waits(), job(1, 10, "a"), under_way(10, attempt=2), ended(10))

    assert request.attempt == 1


def test_a_new_head_needs_no_rerun_of_the_old_one(tmp_path: Path) -> None:
    moved = pull(sha=Sha("b" * 40), updated_at=NOW + timedelta(minutes=1))

    text = dropped(tmp_path, waits(), job(1, 10, "a"), moved, ended(10))

    assert text == "`c0ffee000` is not the head any more."


def test_a_newer_run_of_the_workflow_takes_its_place(tmp_path: Path) -> None:
    assert "newer run" in dropped(tmp_path, waits(), job(1, 10, "a"), under_way(12), ended(10))


@pytest.mark.parametrize(
    ("created_at", "word"), [(NOW - timedelta(days=31), "30 days"), (NOW, "Nothing")]
)
def test_what_cannot_or_need_not_run_again_is_dropped(
    tmp_path: Path, created_at: datetime, word: str
) -> None:
    assert word in dropped(
        tmp_path, waits(), ended(10, conclusion="success", created_at=created_at)
    )


def test_what_somebody_stopped_meanwhile_is_not_begun_anew(tmp_path: Path) -> None:
    stopped = ended(10, conclusion="cancelled")

    assert "stopped meanwhile" in dropped(tmp_path, waits(), job(1, 10, "a"), stopped)


def test_what_was_asked_for_is_not_asked_for_twice(tmp_path: Path) -> None:
    done = RerunRequested(
        command=COMMAND, repo=REPO, sha=HEAD, run_id=RunId(10), attempt=1, workflow="CI", scope="failed"
    )  # fmt: skip
    with scene(tmp_path, [pull(), job(1, 10, "a")]) as world:
        world.add([received(), waits(), done], correlation_id=COMMAND)
        last = world.add([ended(10)])[-1]

        assert decided(world, StartDeferred(), last) == []


def test_two_commands_that_wait_each_get_their_answer(tmp_path: Path) -> None:
    other = CommandId("command/github/comment/2/0/0")
    with scene(tmp_path, [pull(), job(1, 10, "a")]) as world:
        world.add([received(), waits()], correlation_id=COMMAND)
        world.add([received(command=other), waits(other)], correlation_id=other)
        last = world.add([ended(10)])[-1]

        requests = decided(world, StartDeferred(), last)

    assert [request.key() for request in requests] == [
        f"{COMMAND}/rerun/10",
        f"{other}/rerun/10",
    ]


def test_what_was_taken_back_is_not_asked_for_and_told_where_it_was_wanted(tmp_path: Path) -> None:
    taken_back = RerunDropped(
        command=UNDO, repo=REPO, run_id=RunId(10), workflow="CI", text="Taken back.", of=COMMAND
    )
    with scene(tmp_path, [pull(), job(1, 10, "a")]) as world:
        world.add([received(), waits()], correlation_id=COMMAND)
        back, end = world.add([taken_back, ended(10)])

        (told,) = decided(world, StartDeferred(), back)
        assert decided(world, StartDeferred(), end) == []

    assert isinstance(told, RerunDropped)
    assert (told.command, told.of, told.text) == (COMMAND, "", "Taken back.")
