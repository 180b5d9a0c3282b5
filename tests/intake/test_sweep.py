"""What a lost webhook should have brought, asked for."""

from datetime import timedelta

import pytest

from chatops.answers.awaited import Awaited
from chatops.errors import Transient
from chatops.events.runs import JobCompleted, RunLookedUp, RunRequested, RunStarted
from chatops.intake.sweep import sweep
from chatops.names import RunId
from chatops.standins.github.actions import Run
from tests.gateways.places import FLAKY, LIQUID, MEMBER, PASSES, REPO, Place, github
from tests.intake.hearing import Notebook

pytestmark = pytest.mark.anyio


def awaited(run: Run, attempt: int = 2, *, is_settled: bool = False) -> Awaited:
    """Return that somebody waits for an attempt."""
    return Awaited(repo=REPO, run_id=RunId(run.id), attempt=attempt, is_settled=is_settled)


def rerun(place: Place) -> Run:
    """Have a run that was asked to run again."""
    run = place.run(place.open_pull(), PASSES, FLAKY, LIQUID)
    place.world.ci.rerun_failed(run, actor=MEMBER)
    return run


def is_carried(job: JobCompleted) -> bool:
    """Return whether a job was only listed again."""
    assert job.started_at is not None
    assert job.created_at is not None
    return job.started_at < job.created_at


async def test_an_attempt_that_ended_comes_with_its_jobs() -> None:
    async with github() as place:
        run = rerun(place)
        place.let_pass()
        log = Notebook()

        assert await sweep(place.gateway, log.append, [awaited(run)]) == 1

        assert log.ended() == [(run.id, 2)]
        executed = {(job.name, job.conclusion) for job in log.jobs() if not is_carried(job)}
        assert executed == {("test (solid)", "success"), ("test (liquid)", "failure")}
        assert {fact.source for fact in log.batches[0].facts} == {"backfill"}


async def test_an_attempt_that_has_not_ended_is_said_to_be_under_way_and_costs_one_call() -> None:
    async with github() as place:
        run = rerun(place)
        log = Notebook()

        await sweep(place.gateway, log.append, [awaited(run)])
        place.let_pass(10)
        await sweep(place.gateway, log.append, [awaited(run)])

        assert [event.attempt for event in log.of(RunRequested)] == [2]
        assert [event.attempt for event in log.of(RunStarted)] == [2]
        assert log.ended() == []
        assert len(place.asked()) == 2


async def test_a_run_that_was_not_run_again_tells_only_what_is_known() -> None:
    async with github() as place:
        run = place.run(place.open_pull())
        log = Notebook()

        await sweep(place.gateway, log.append, [awaited(run)])

        assert log.ended() == [(run.id, 1)]
        assert log.jobs() == []


async def test_an_attempt_is_not_lost_because_another_one_began_or_ended_since() -> None:
    async with github() as place:
        run = rerun(place)
        place.let_pass()
        place.world.ci.rerun_failed(run, actor=MEMBER)
        while_running, afterwards = Notebook(), Notebook()

        await sweep(place.gateway, while_running.append, [awaited(run)])
        place.let_pass()
        await sweep(place.gateway, afterwards.append, [awaited(run)])

        assert while_running.ended() == [(run.id, 2)]
        assert {job.attempt for job in while_running.jobs()} == {2}
        assert afterwards.ended() == [(run.id, 2), (run.id, 3)]
        assert {job.attempt for job in afterwards.jobs()} == {2, 3}


async def test_looking_again_records_nothing_twice_and_costs_little() -> None:
    async with github() as place:
        run = rerun(place)
        place.let_pass()
        log = Notebook()
        await sweep(place.gateway, log.append, [awaited(run)])
        before = dict(log.events)
        place.forget()

        await sweep(place.gateway, log.append, [awaited(run)])

        assert log.events == before
        assert place.asked(costly=True) == []


async def test_a_run_that_is_gone_or_that_github_stumbles_over_keeps_no_other_waiting() -> None:
    async with github() as place:
        runs = [rerun(place) for _ in range(4)]
        place.let_pass()
        del place.repository.runs[runs[0].id]
        place.hub.fail("502", path=f"/{runs[1].id}$")
        place.hub.fail("502", path=f"/{runs[2].id}/attempts/2/jobs$")
        log = Notebook()

        seen = await sweep(place.gateway, log.append, [awaited(run) for run in runs])

        assert seen == 1
        assert log.ended() == [(runs[3].id, 2)]


async def test_a_limit_ends_it_at_once() -> None:
    async with github() as place:
        runs = [rerun(place) for _ in range(3)]
        place.hub.fail("secondary_403", retry_after=30)

        with pytest.raises(Transient) as limited:
            await sweep(place.gateway, Notebook().append, [awaited(run) for run in runs])

        assert limited.value.retry_after == timedelta(seconds=30)
        assert len(place.asked()) == 1


async def test_nobody_waiting_costs_nothing() -> None:
    async with github() as place:
        assert await sweep(place.gateway, Notebook().append, []) == 0
        assert place.asked() == []


def looked_up(log: Notebook) -> list[tuple[int, int, bool]]:
    """Return what is known of attempts because GitHub was asked."""
    return [(event.run_id, event.attempt, event.known) for event in log.of(RunLookedUp)]


async def test_an_attempt_that_ended_is_said_to_be_known_whole() -> None:
    async with github() as place:
        run = rerun(place)
        log = Notebook()
        await sweep(place.gateway, log.append, [awaited(run)])
        under_way = looked_up(log)
        place.let_pass()

        await sweep(place.gateway, log.append, [awaited(run)])

        assert under_way == []
        assert looked_up(log) == [(run.id, 2, True)]


async def test_what_github_does_not_know_any_more_is_said_to_be_gone_once_it_would_show_it() -> (
    None
):
    async with github() as place:
        gone, forgotten = rerun(place), place.run(place.open_pull(8))
        del place.repository.runs[gone.id]
        soon, late = Notebook(), Notebook()

        await sweep(place.gateway, soon.append, [awaited(gone), awaited(forgotten)])
        await sweep(
            place.gateway,
            late.append,
            [awaited(gone, is_settled=True), awaited(forgotten, is_settled=True)],
        )

        assert looked_up(soon) == []
        assert looked_up(late) == [(gone.id, 2, False), (forgotten.id, 2, False)]


async def test_the_jobs_of_a_run_that_somebody_waits_for_come_with_its_end() -> None:
    async with github() as place:
        run = place.run(place.open_pull(), PASSES, FLAKY)
        log = Notebook()

        await sweep(place.gateway, log.append, [awaited(run, 1)])

        assert {job.name for job in log.jobs()} == {"build", "test (solid)"}
        assert looked_up(log) == [(run.id, 1, True)]
