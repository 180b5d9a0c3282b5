from pathlib import Path

from chatops.events import Event
from chatops.events.conversation import CommandAccepted
from chatops.events.reruns import RerunFinished, RerunLost, RerunRequested, RerunStarted
from chatops.events.runs import RunLookedUp
from chatops.names import RunId
from chatops.policies.follow_reruns import FollowReruns
from tests.scene import COMMAND, HEAD, NOW, REPO, decided, ended, job, pull, received, scene

REQUEST = RerunRequested(
    command=COMMAND, repo=REPO, sha=HEAD, run_id=RunId(10), attempt=1, workflow="CI", scope="failed",
    jobs=("a", "b"),
)  # fmt: skip
STARTED = RerunStarted(command=COMMAND, repo=REPO, run_id=RunId(10), attempt=2, workflow="CI")
BEGUN = [received(), CommandAccepted(command=COMMAND), REQUEST, STARTED]
OVER = ended(10, attempt=2, conclusion="failure")


def again(job_id: int, name: str, conclusion: str = "success") -> Event:
    return job(job_id, 10, name, conclusion, attempt=2, created_at=NOW, started_at=NOW)


def carried(job_id: int, name: str) -> Event:
    return job(job_id, 10, name, "success", attempt=2, created_at=NOW)


def asked_for(folder: Path, *facts: Event) -> list[Event]:
    with scene(folder, [pull(), ended(10), job(1, 10, "a"), job(2, 10, "b")]) as world:
        world.add(BEGUN, correlation_id=COMMAND)
        recorded = world.add(facts, correlation_id="delivery/2")
        return decided(world, FollowReruns(), recorded[-1])


def test_an_attempt_that_ended_is_told_with_the_jobs_that_ran_in_it(tmp_path: Path) -> None:
    (finished,) = asked_for(
        tmp_path, again(11, "a"), again(12, "b", "failure"), carried(13, "c"), OVER
    )

    assert isinstance(finished, RerunFinished)
    assert [(one.name, one.conclusion) for one in finished.jobs] == [
        ("a", "success"),
        ("b", "failure"),
    ]


def test_the_run_may_be_heard_of_before_its_last_job(tmp_path: Path) -> None:
    (finished,) = asked_for(tmp_path, OVER, again(11, "a"), again(12, "b"))

    assert isinstance(finished, RerunFinished)
    assert len(finished.jobs) == 2


def test_it_waits_for_every_job_that_was_asked_for(tmp_path: Path) -> None:
    assert asked_for(tmp_path, again(11, "a"), OVER) == []


def test_it_waits_for_the_end_of_the_attempt(tmp_path: Path) -> None:
    assert asked_for(tmp_path, again(11, "a"), again(12, "b")) == []


def test_a_carried_over_copy_is_not_taken_for_the_repetition(tmp_path: Path) -> None:
    assert asked_for(tmp_path, again(11, "a"), carried(12, "b"), OVER) == []


def test_runs_nobody_asked_for_are_nobodys_business(tmp_path: Path) -> None:
    assert asked_for(tmp_path, ended(99, "Other")) == []


def looked_up(attempt: int = 2, *, known: bool) -> RunLookedUp:
    return RunLookedUp(repo=REPO, run_id=RunId(10), attempt=attempt, known=known)


def test_a_job_that_is_not_in_an_attempt_that_is_known_whole_is_not_waited_for(
    tmp_path: Path,
) -> None:
    (finished,) = asked_for(tmp_path, again(11, "a"), OVER, looked_up(known=True))

    assert isinstance(finished, RerunFinished)
    assert [one.name for one in finished.jobs] == ["a"]


def test_an_attempt_that_github_does_not_know_is_lost(tmp_path: Path) -> None:
    (lost,) = asked_for(tmp_path, looked_up(known=False))

    assert isinstance(lost, RerunLost)
    assert (lost.run_id, lost.attempt, lost.workflow) == (10, 2, "CI")


def test_what_ended_is_not_lost_though_it_is_gone_since(tmp_path: Path) -> None:
    (end,) = asked_for(tmp_path, again(11, "a"), again(12, "b"), OVER, looked_up(known=False))

    assert isinstance(end, RerunFinished)


def test_what_github_says_of_another_attempt_does_not_matter(tmp_path: Path) -> None:
    assert asked_for(tmp_path, again(11, "a"), OVER, looked_up(1, known=True)) == []
