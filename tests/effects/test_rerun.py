import asyncio

import pytest

from chatops.effects.rerun import Rerun
from chatops.errors import Refused, Transient
from chatops.events.reruns import RerunRefused, RerunRequested, RerunStarted
from chatops.names import JobId, RunId
from tests.effects.outside import Outside, outside
from tests.scene import COMMAND, HEAD, REPO


def request(world: Outside, scope: str = "failed", attempt: int = 1) -> RerunRequested:
    failed = next(job for job in world.run.latest.jobs if job.name == "test")
    return RerunRequested(
        command=COMMAND, repo=REPO, sha=HEAD, run_id=RunId(world.run.id), attempt=attempt,
        workflow="CI", scope=scope, job_id=JobId(failed.id), jobs=("test",),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("scope", "call"), [("failed", "rerun-failed-jobs"), ("job", "/jobs/"), ("all", "/rerun")]
)
def test_each_scope_is_one_call(scope: str, call: str) -> None:
    async def play() -> None:
        async with outside() as world:
            (started,) = await Rerun().perform(request(world, scope), world.ports)

            assert isinstance(started, RerunStarted)
            assert (started.attempt, started.found) == (2, False)
            (made,) = world.calls("rerun")
            assert call in made

    asyncio.run(play())


def test_asked_again_after_a_crash_it_sees_that_it_was_done() -> None:
    async def play() -> None:
        async with outside() as world:
            wanted = request(world)
            await Rerun().perform(wanted, world.ports)

            (again,) = await Rerun().perform(wanted, world.ports)

            assert isinstance(again, RerunStarted)
            assert (again.attempt, again.found) == (2, True)
            assert len(world.calls("rerun")) == 1

    asyncio.run(play())


def test_a_run_that_ended_its_next_attempt_meanwhile_is_not_run_a_third_time() -> None:
    async def play() -> None:
        async with outside() as world:
            wanted = request(world)
            await Rerun().perform(wanted, world.ports)
            world.let_pass()

            (again,) = await Rerun().perform(wanted, world.ports)

            assert isinstance(again, RerunStarted)
            assert again.found
            assert len(world.calls("rerun")) == 1

    asyncio.run(play())


def test_a_lost_answer_is_told_apart_from_a_lost_call() -> None:
    async def play() -> None:
        async with outside() as world:
            wanted = request(world)
            world.hub.fail("502_after", method="POST", path=".*rerun.*")
            with pytest.raises(Transient):
                await Rerun().perform(wanted, world.ports)

            (again,) = await Rerun().perform(wanted, world.ports)

            assert isinstance(again, RerunStarted)
            assert again.found
            assert len(world.run.attempts) == 2

    asyncio.run(play())


def test_what_github_refuses_is_reported_in_words() -> None:
    async def play() -> None:
        async with outside() as world:
            wanted = request(world)
            world.clock.advance(40 * 24 * 3600)
            with pytest.raises(Refused) as refusal:
                await Rerun().perform(wanted, world.ports)

            (reported,) = Rerun().refused(wanted, refusal.value)

            assert isinstance(reported, RerunRefused)
            assert "30 days" in reported.text

    asyncio.run(play())


def test_two_that_ask_at_the_same_time_start_it_once() -> None:
    async def play() -> None:
        async with outside() as world:
            wanted = request(world)

            both = await asyncio.gather(
                Rerun().perform(wanted, world.ports), Rerun().perform(wanted, world.ports)
            )

            started = [event for (event,) in both if isinstance(event, RerunStarted)]
            assert sorted(event.found for event in started) == [False, True]
            assert {event.attempt for event in started} == {2}
            assert len(world.run.attempts) == 2

    asyncio.run(play())


def test_it_tells_what_it_would_do() -> None:
    wanted = RerunRequested(
        command=COMMAND, repo=REPO, sha=HEAD, run_id=RunId(5), attempt=1, workflow="CI",
        scope="failed", jobs=("a", "b`c"),
    )  # fmt: skip

    said = Rerun().describe(wanted)

    assert said == "Would run the failed jobs of `CI` again, after attempt 1: `a`, `bc`."
