"""How runs queue, fail, are run again and carried over in the pretend CI."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatops.standins.github import HandClock, NotAllowedError, PlannedJob, World
from chatops.standins.github.actions import Job, Run
from tests.standins import rocket

SHA = "c0ffee" * 6 + "c0ff"


def names(jobs: list[Job]) -> dict[str, str | None]:
    return {job.name: job.conclusion for job in jobs}


def failed_run() -> tuple[World, Run, HandClock]:
    """Have a run in which one job failed, and another was skipped because of it."""
    world, repository, clock = rocket.rocket()
    run = repository.run(head_sha=SHA, jobs=[rocket.BUILD, rocket.FLAKY, rocket.DEPENDANT])
    rocket.let_pass(world, clock)
    return world, run, clock


def test_a_job_queues_runs_and_ends_as_planned() -> None:
    world, repository, clock = rocket.rocket()
    run = repository.run(head_sha=SHA, jobs=[PlannedJob("build", queue_seconds=5, seconds=60)])
    job = run.latest.jobs[0]
    seen = [(job.status, run.latest.status)]

    for seconds in (5, 59, 1):
        rocket.let_pass(world, clock, seconds)
        seen.append((job.status, run.latest.status))

    assert seen == [
        ("queued", "queued"),
        ("in_progress", "in_progress"),
        ("in_progress", "in_progress"),
        ("completed", "completed"),
    ]
    assert job.completed_at == job.started_at + timedelta(seconds=60)
    assert [step["conclusion"] for step in job.steps] == ["success"] * 4


def test_what_needs_a_failed_job_is_skipped_under_its_short_name() -> None:
    _, run, _ = failed_run()

    assert names(run.latest.jobs) == {
        "build": "success",
        "engine / test (solid)": "failure",
        "engine / launch": "skipped",
    }
    assert run.latest.conclusion == "failure"
    failing = next(job for job in run.latest.jobs if job.conclusion == "failure")
    assert [step["name"] for step in failing.steps if step["conclusion"] == "failure"] == [
        "Run tests"
    ]


def test_running_failed_jobs_again_carries_the_others_over() -> None:
    world, run, clock = failed_run()
    before = {job.name: job for job in run.latest.jobs}

    world.ci.rerun_failed(run, actor="mona")
    rocket.let_pass(world, clock)

    assert (run.latest.number, run.latest.conclusion) == (2, "success")
    again = {job.name: job for job in run.latest.jobs}
    build, old = again["build"], before["build"]
    assert build.id != old.id
    assert build.created_at > old.created_at
    assert (build.started_at, build.completed_at) == (old.started_at, old.completed_at)
    assert build.runner_name == old.runner_name
    carried = {name for name, job in again.items() if job.is_carried_over}
    assert carried == {"build"}
    assert again["engine / launch (pad-a)"].conclusion == "success"


def test_running_one_job_again_runs_what_needs_it() -> None:
    world, run, clock = failed_run()
    build = next(job for job in run.latest.jobs if job.name == "build")

    world.ci.rerun_job(run, build, actor="mona")
    rocket.let_pass(world, clock)

    executed = {job.name for job in run.latest.jobs if not job.is_carried_over}
    assert executed == {"build"}
    assert run.latest.conclusion == "failure"


def test_running_everything_again_executes_everything() -> None:
    world, run, clock = failed_run()

    world.ci.rerun(run, actor="mona")
    rocket.let_pass(world, clock)

    assert not any(job.is_carried_over for job in run.latest.jobs)
    assert run.latest.conclusion == "success"


def test_a_running_run_cannot_be_run_again() -> None:
    world, run, _ = failed_run()
    world.ci.rerun(run, actor="mona")

    with pytest.raises(NotAllowedError, match="already running"):
        world.ci.rerun_failed(run, actor="mona")


def test_a_run_can_be_run_again_for_thirty_days() -> None:
    world, run, clock = failed_run()
    clock.advance(29 * 24 * 3600)
    world.ci.rerun(run, actor="mona")
    rocket.let_pass(world, clock)

    clock.advance(24 * 3600)

    with pytest.raises(NotAllowedError, match="over a month ago"):
        world.ci.rerun(run, actor="mona")


def test_a_run_can_be_run_again_fifty_times() -> None:
    world, repository, clock = rocket.rocket()
    run = repository.run(head_sha=SHA, jobs=[PlannedJob("hopeless", outcomes=("failure",))])
    for _ in range(50):
        rocket.let_pass(world, clock)
        world.ci.rerun_failed(run, actor="mona")
    rocket.let_pass(world, clock)

    with pytest.raises(NotAllowedError, match="too many times"):
        world.ci.rerun_failed(run, actor="mona")


def test_nothing_failed_means_nothing_to_run_again() -> None:
    world, repository, clock = rocket.rocket()
    run = repository.run(head_sha=SHA, jobs=[rocket.BUILD])
    rocket.let_pass(world, clock)

    with pytest.raises(NotAllowedError, match="no failed jobs"):
        world.ci.rerun_failed(run, actor="mona")


def test_cancelling_stops_what_has_not_finished() -> None:
    world, repository, clock = rocket.rocket()
    run = repository.run(
        head_sha=SHA, jobs=[PlannedJob("quick", seconds=10), PlannedJob("slow", seconds=900)]
    )
    rocket.let_pass(world, clock, 60)

    world.ci.cancel(run)

    assert names(run.latest.jobs) == {"quick": "success", "slow": "cancelled"}
    assert run.latest.conclusion == "cancelled"
    with pytest.raises(NotAllowedError, match="completed") as refused:
        world.ci.cancel(run)
    assert refused.value.status == 409


def test_a_job_without_a_runner_stays_queued() -> None:
    world, repository, clock = rocket.rocket()
    run = repository.run(head_sha=SHA, jobs=[PlannedJob("rare", outcomes=("stuck",))])

    rocket.let_pass(world, clock, 86_400)

    assert run.latest.jobs[0].status == "queued"


def test_the_gatekeeper_waits_fails_fast_and_does_not_look_again() -> None:
    world, repository, clock = rocket.rocket()
    gatekeeper = repository.gatekeeper(rocket.REQUIRED)
    rocket.open_pull(repository)
    sha = repository.pulls[7].head_sha
    gate, tests = (
        next(run for run in repository.runs_of(sha) if run.workflow.name == name)
        for name in (gatekeeper.name, "CI")
    )

    rocket.let_pass(world, clock, 30)
    assert gate.latest.status == "in_progress"

    rocket.let_pass(world, clock)
    assert gate.latest.conclusion == "failure"

    world.ci.rerun_failed(tests, actor="mona")
    rocket.let_pass(world, clock)
    assert (tests.latest.conclusion, gate.latest.conclusion) == ("success", "failure")

    world.ci.rerun(gate, actor="mona")
    rocket.let_pass(world, clock)
    assert gate.latest.conclusion == "success"


def test_the_gatekeeper_waits_for_a_name_that_never_appears() -> None:
    world, repository, clock = rocket.rocket()
    repository.gatekeeper(["CI / renamed"])
    rocket.open_pull(repository)

    rocket.let_pass(world, clock, 3600)

    runs = repository.runs_of(repository.pulls[7].head_sha)
    gate = next(run for run in runs if run.workflow.name == "Gatekeeper")
    assert gate.latest.status == "in_progress"


def test_any_label_starts_a_tested_pull_over() -> None:
    world, repository, clock = rocket.rocket()
    rocket.open_pull(repository)
    sha = repository.pulls[7].head_sha
    rocket.let_pass(world, clock, 30)

    repository.add_label(7, "documentation", actor="tritri")

    second, first = repository.runs_of(sha)
    assert (first.latest.conclusion, second.latest.status) == ("cancelled", "queued")


def test_without_its_label_a_workflow_only_shows_its_top_level_skipped() -> None:
    _, repository, _ = rocket.rocket()
    pull = repository.pull(number=9)

    (run,) = repository.runs_of(pull.head_sha)

    assert names(run.latest.jobs) == {"build": "skipped", "engine": "skipped"}
    assert run.latest.conclusion == "skipped"


def test_a_nightly_starts_on_the_default_branch() -> None:
    world, repository, clock = rocket.rocket()
    repository.workflow("Nightly", event="schedule", jobs=[rocket.BUILD])

    run = world.start_nightly(rocket.NAME, "Nightly")
    rocket.let_pass(world, clock)

    assert (run.event, run.head_branch, run.latest.conclusion) == ("schedule", "main", "success")


def test_a_faster_ci_does_the_same_in_less_time() -> None:
    world, repository, clock = rocket.rocket()
    world.ci.speed = 60
    run = repository.run(head_sha=SHA, jobs=[PlannedJob("long", seconds=3600, queue_seconds=60)])

    rocket.let_pass(world, clock, 61)

    assert run.is_completed


@given(
    outcomes=st.lists(
        st.sampled_from(["success", "failure", "cancelled", "timed_out", "skipped"]),
        min_size=1,
        max_size=6,
    ),
    pauses=st.lists(st.floats(min_value=0, max_value=90), max_size=8),
)
def test_carried_over_jobs_and_only_those_look_older_than_their_listing(
    outcomes: list[str], pauses: list[float]
) -> None:
    clock = HandClock(datetime(2026, 1, 5, 12, 0, 0, 700_000, tzinfo=UTC))
    world = World(clock=clock)
    plans = [
        PlannedJob(f"job {i}", outcomes=(outcome, "success"), seconds=0.2, queue_seconds=0.1)
        for i, outcome in enumerate(outcomes)
    ]
    run = world.repo("acme/rocket").run(jobs=plans)
    for pause in [*pauses, 10, 10]:
        rocket.let_pass(world, clock, pause)
        if run.is_completed and run.latest.conclusion in {"failure", "cancelled"}:
            again = {j.name for j in run.latest.jobs if j.conclusion not in {"success", "skipped"}}
            world.ci.rerun_failed(run, actor="mona")
            carried = {job.name for job in run.latest.jobs if job.is_carried_over}
            assert carried == {plan.name for plan in plans} - again

    for job in run.jobs():
        assert job.completed_at is None or job.started_at <= job.completed_at
    assert not any(job.is_carried_over for job in run.attempts[0].jobs)


def test_a_loaded_history_can_be_read_and_run_again() -> None:
    world, repository, clock = rocket.rocket()
    run = {
        "id": 500,
        "name": "Nightly",
        "path": ".github/workflows/nightly.yaml",
        "event": "schedule",
        "status": "completed",
        "conclusion": "failure",
        "head_sha": SHA,
        "head_branch": "main",
        "workflow_id": 12,
        "run_attempt": 1,
        "created_at": "2026-01-05T00:00:00Z",
        "updated_at": "2026-01-05T02:00:00Z",
    }
    jobs = [
        {
            "id": 900 + number,
            "run_id": 500,
            "name": name,
            "status": "completed",
            "conclusion": conclusion,
            "created_at": "2026-01-05T00:00:00Z",
            "started_at": "2026-01-05T00:01:00Z",
            "completed_at": "2026-01-05T00:03:00Z",
            "labels": ["s390x"],
        }
        for number, (name, conclusion) in enumerate({"a": "success", "b": "failure"}.items())
    ]
    repository.load_runs([run])
    repository.load_jobs(jobs)
    loaded = repository.runs[500]
    assert repository.job(901) is not None

    world.ci.rerun_failed(loaded, actor="mona")
    rocket.let_pass(world, clock)

    assert names(loaded.latest.jobs) == {"a": "success", "b": "success"}
    assert loaded.workflow.id == 12
    assert {job.name for job in loaded.latest.jobs if job.is_carried_over} == {"a"}
