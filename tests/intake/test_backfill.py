"""What GitHub remembers, fetched through the real gateway from the pretend GitHub."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from chatops.answers.nights import NightBoard, night_board
from chatops.engine.fetched import Fetched
from chatops.engine.log import Appended, Batch, Log
from chatops.engine.projection import Projector
from chatops.engine.rebuild import digest
from chatops.errors import Refused, Transient
from chatops.events.pulls import PullChanged
from chatops.events.runs import (
    JobCompleted,
    JobQueued,
    JobStarted,
    RunCompleted,
    RunRequested,
    RunStarted,
)
from chatops.gateways.github import GitHubGateway
from chatops.intake.backfill import Append, Summary, backfill
from chatops.intake.webhooks import translate
from chatops.names import RunId
from chatops.projections.freshness import Freshness
from chatops.projections.jobs import Job, jobs_of_runs
from chatops.projections.run_news import RunNews
from chatops.standins.github import GitHubStandIn, HandClock, PlannedJob, World
from chatops.standins.github.actions import SystemClock, stamp
from chatops.standins.github.things import Identity
from tests.engine.logs import PROJECTIONS, opened
from tests.gateways.places import (
    FLAKY,
    LIQUID,
    MEMBER,
    NIGHTLY,
    PASSES,
    REPO,
    Place,
    gateway_to,
    github,
)
from tests.intake.hearing import COMMUNITY, NobodyKnows, Notebook, Sleeper, Stopped, fill

pytestmark = pytest.mark.anyio

DAY = 24 * 3_600.0
EPOCH = datetime(2025, 1, 1, tzinfo=UTC)
NOON = datetime(2026, 1, 6, 12, 0, tzinfo=UTC)
BOTH = (PullChanged, RunRequested, RunStarted, RunCompleted, JobQueued, JobStarted, JobCompleted)


# What is recorded


async def test_a_night_is_recorded_with_all_its_attempts_and_jobs() -> None:
    async with github() as place:
        run = place.night(PASSES, FLAKY, LIQUID)
        place.again(run)
        log = Notebook()

        summary = await fill(place, log)

        assert (summary.runs, summary.attempts, summary.jobs, summary.recorded) == (1, 2, 6, 8)
        assert log.ended() == [(run.id, 1), (run.id, 2)]
        ended = {(job.attempt, job.name, job.conclusion) for job in log.jobs()}
        assert ended == {
            (1, "build", "success"), (1, "test (solid)", "failure"), (1, "test (liquid)", "failure"),
            (2, "build", "success"), (2, "test (solid)", "success"), (2, "test (liquid)", "failure"),
        }  # fmt: skip
        assert len(log.batches) == 1


async def test_open_pull_requests_come_with_the_runs_of_their_heads() -> None:
    async with github() as place:
        old, closed = place.open_pull(7), place.open_pull(8)
        stale = place.run(old)
        place.repository.push_to_pull(7)
        runs = [place.run(old), place.run(old, workflow="Static checks")]
        place.run(closed)
        place.repository.close_pull(8, actor=MEMBER)
        log = Notebook()

        summary = await fill(place, log, workflows=[], pulls=True)

        assert summary.pulls == 1
        assert [event.number for event in log.of(PullChanged)] == [7]
        assert {number for number, _ in log.ended()} == {run.id for run in runs}
        assert stale.id not in {job.run_id for job in log.jobs()}


async def test_a_run_under_way_is_recorded_as_far_as_it_is() -> None:
    async with github() as place:
        run = place.night(FLAKY, PASSES)
        place.world.ci.rerun_failed(run, actor=MEMBER)
        place.let_pass(10)
        log = Notebook()

        await fill(place, log)

        assert log.ended() == [(run.id, 1)]
        assert [event.attempt for event in log.of(RunStarted)] == [2]
        assert [event.name for event in log.of(JobStarted)] == ["test (solid)"]


async def test_what_was_carried_over_did_not_run_again(tmp_path: Path) -> None:
    stubborn = PlannedJob("stubborn", outcomes=("failure", "failure", "success"))
    async with github() as place:
        run = place.night(PASSES, FLAKY, stubborn)
        place.again(run)
        place.again(run)
        log = Notebook()
        await fill(place, log)

        with opened(f"sqlite:///{tmp_path / 'x.db'}") as kept:
            found = [job for job in projected(kept, log, RunId(run.id)) if not job.is_carried]

    assert sorted((job.name, job.attempt, job.conclusion) for job in found) == [
        ("build", 1, "success"),
        ("stubborn", 1, "failure"),
        ("stubborn", 2, "failure"),
        ("stubborn", 3, "success"),
        ("test (solid)", 1, "failure"),
        ("test (solid)", 2, "success"),
    ]


def projected(kept: Log, log: Notebook, run_id: RunId) -> list[Job]:
    kept.append(log.batches)
    Projector(kept, [projection() for projection in PROJECTIONS]).catch_up()
    with kept.database.read() as db:
        return jobs_of_runs(db, [run_id])


async def test_many_jobs_are_many_pages_and_no_call_more() -> None:
    many = [PlannedJob(f"test ({number})", outcomes=("failure",)) for number in range(239)]
    async with github() as place:
        run = place.night(PASSES, *many)
        place.again(run)
        place.again(run)
        log = Notebook()

        summary = await fill(place, log)

        assert summary.jobs == len(log.jobs()) == 720
        # The list, eight pages of jobs, and the two attempts that the list does not describe.
        assert len(place.asked()) == 1 + 8 + 2


async def test_more_than_a_hundred_runs_are_all_found() -> None:
    async with github() as place:
        place.repository.load_runs(_old_run(number) for number in range(130))
        log = Notebook()

        summary = await fill(place, log)

        assert summary.runs == 130
        assert log.ended() == [(1_000 + number, 1) for number in range(130)]


async def test_it_goes_back_as_far_as_it_is_told_to() -> None:
    async with github() as place:
        for _ in range(10):
            place.night(PASSES)
            place.clock.advance(DAY)
        numbers = [run.id for run in place.repository.runs_newest_first()]
        few, recent, all_ = Notebook(), Notebook(), Notebook()

        await fill(place, few, runs=3)
        await fill(place, recent, since=place.clock.now() - timedelta(days=4.5))
        await fill(place, all_, runs=100, since=place.clock.now() - timedelta(days=100))

        assert [number for number, _ in few.ended()] == sorted(numbers[:3])
        assert [number for number, _ in recent.ended()] == sorted(numbers[:4])
        assert len(all_.ended()) == 10


# Stopping and going on


async def test_what_is_known_costs_no_call() -> None:
    async with github() as place:
        for _ in range(3):
            place.again(place.night())
        log = Notebook()
        await fill(place, log)
        before = dict(log.events)
        place.forget()

        async with gateway_to(place.hub) as fresh:
            summary = await fill(place, log, gateway=fresh)
            again = await fill(place, log, gateway=fresh)

        assert (summary.runs, summary.skipped, summary.recorded) == (0, 3, 0)
        assert again.skipped == 3
        assert log.events == before
        assert len(place.asked(costly=True)) == 1


async def test_it_may_be_stopped_before_or_after_any_write_and_goes_on() -> None:
    async with github() as place:
        place.again(place.night())
        place.night()
        place.again(place.run(place.open_pull()))
        whole = Notebook()
        await fill(place, whole, pulls=True)
        writes = len(whole.batches)

        for stop_at in range(1, writes + 1):
            for is_written in (False, True):
                log = Notebook()
                stopping = _stopping(log, stop_at, is_written=is_written)
                async with gateway_to(place.hub) as first:
                    with pytest.raises(Stopped):
                        await backfill(
                            first, stopping, repo=REPO, workflows=[NIGHTLY], known=log, pulls=True
                        )
                kept = log.ended()
                place.forget()
                async with gateway_to(place.hub) as second:
                    await fill(place, log, gateway=second, pulls=True)

                assert log.events == whole.events
                again = {path.split("/")[6] for path in place.asked() if path.endswith("/jobs")}
                assert not again & {str(number) for number, _ in kept}

    assert writes == 4


def _stopping(log: Notebook, at: int, *, is_written: bool) -> Append:
    async def append(batch: Batch) -> Appended:
        if len(log.batches) + 1 < at:
            return await log.append(batch)
        if is_written:
            await log.append(batch)
        raise Stopped

    return append


async def test_it_may_be_cancelled_at_any_moment_and_goes_on() -> None:
    async with github() as place:
        place.again(place.night())
        place.night()
        whole = Notebook()
        await fill(place, whole)
        ended_early = 0

        for milliseconds in range(0, 40, 3):
            log = Notebook()
            async with gateway_to(place.hub) as first:
                try:
                    async with asyncio.timeout(milliseconds / 1_000):
                        await fill(place, log, gateway=first)
                except TimeoutError:
                    ended_early += 1
            await fill(place, log)

            assert log.events == whole.events
    assert ended_early


async def test_what_is_fetched_is_remembered_in_either_database(database_url: str) -> None:
    async with github() as place:
        run = place.night()
        with opened(database_url) as kept:
            fetched = Fetched(kept.database)
            assert not fetched.known(REPO, RunId(run.id), 1)
            fetched.remember([(RunId(run.id), 1)])
            fetched.remember([(RunId(run.id), 1), (RunId(run.id), 3)])
            fetched.remember([])

        with opened(database_url, make=False) as kept:
            known = Fetched(kept.database)
            whole = [attempt for attempt in (1, 2, 3) if known.known(REPO, RunId(run.id), attempt)]
            assert whole == [1, 3]
            log = Notebook()
            summary = await fill(place, log, known=known)

        assert (summary.runs, summary.skipped, log.events) == (0, 1, {})


# Limits, troubles and refusals


async def test_a_limit_is_waited_out_as_told_and_nothing_is_lost_or_fetched_twice() -> None:
    async with github() as place:
        for _ in range(3):
            place.night()
        log, sleeper = Notebook(), Sleeper()
        place.hub.fail("secondary_403", path="/jobs", retry_after=17)
        place.hub.fail("primary_limit", path="/runs$", retry_after=1_200)

        summary = await fill(place, log, sleeper=sleeper)

        assert (summary.runs, len(log.ended())) == (3, 3)
        assert [round(seconds, -1) for seconds in sleeper.slept] == [1_200, 20]
        assert any(
            "GitHub asks me to slow down. I go on in 20 min." in text for text in sleeper.said
        )
        assert sum(path.endswith("/jobs") for path in place.asked()) == 4


async def test_it_stops_short_of_the_calls_that_are_kept_for_people() -> None:
    async with github() as place:
        place.hub.gate.limit = 40
        for _ in range(35):
            place.night()
        log, sleeper = Notebook(), Sleeper(at_most=1)

        with pytest.raises(Stopped):
            await fill(place, log, sleeper=sleeper, keep=10)

        left = place.hub.gate.resources(Identity(login=MEMBER))["rate"]["remaining"]
        assert left == 10 - 1
        assert len(log.ended()) == 40 - left - 1
        assert 3_500 < sleeper.slept[0] <= 3_600
        assert "kept for people" in sleeper.said[-1]

        place.let_pass(3_601)
        async with gateway_to(place.hub) as later:
            await fill(place, log, gateway=later, keep=10)
        assert len(log.ended()) == 35


async def test_pull_requests_do_not_use_up_what_is_kept() -> None:
    async with github() as place:
        place.hub.gate.limit = 40
        for number in range(1, 60):
            place.open_pull(number)
        log, sleeper = Notebook(), Sleeper(at_most=1)

        with pytest.raises(Stopped):
            await fill(place, log, sleeper=sleeper, keep=10, workflows=[], pulls=True)

        assert place.hub.gate.resources(Identity(login=MEMBER))["rate"]["remaining"] == 10 - 1


async def test_a_real_hour_is_really_waited_for() -> None:
    world = World(clock=SystemClock())
    repository = world.repo(REPO)
    repository.user(MEMBER, permission="write")
    repository.workflow("Nightly", path=f".github/workflows/{NIGHTLY}")
    repository.load_runs(_old_run(number) for number in range(5))
    async with GitHubStandIn(world) as hub, gateway_to(hub) as gateway:
        hub.gate.limit, hub.gate.hour = 5, timedelta(seconds=2)
        log = Notebook()
        # Half of the five are kept, so it has to wait at least once.
        summary = await backfill(gateway, log.append, repo=REPO, workflows=[NIGHTLY], known=log)

    assert summary.runs == 5


def _old_run(number: int) -> dict[str, object]:
    return {
        "id": 1_000 + number, "name": "Nightly", "path": f".github/workflows/{NIGHTLY}",
        "event": "schedule", "status": "completed", "conclusion": "success", "head_sha": "c" * 40,
        "created_at": stamp(EPOCH + timedelta(days=number)),
        "updated_at": stamp(EPOCH + timedelta(days=number, hours=4)),
    }  # fmt: skip


async def test_trouble_is_waited_for_longer_and_longer_until_it_is_hopeless() -> None:
    async with github() as place:
        place.night()
        place.hub.fail("503", times=1_000)
        log, sleeper = Notebook(), Sleeper()

        with pytest.raises(Transient):
            await fill(place, log, sleeper=sleeper)

        assert sleeper.slept == [5, 10, 20, 40, 80, 160, 320, 640]


async def test_one_run_that_never_comes_is_given_up_although_others_came() -> None:
    async with github() as place:
        bad, good = place.night(), place.night()
        place.hub.fail("502", path=f"/{bad.id}/jobs", times=1_000)
        log, sleeper = Notebook(), Sleeper()

        with pytest.raises(Transient):
            await fill(place, log, sleeper=sleeper)

        assert len(sleeper.slept) == 8
        assert log.ended() == [(good.id, 1)]


async def test_trouble_begins_anew_when_something_was_achieved() -> None:
    async with github() as place:
        for _ in range(12):
            place.night()
        place.hub.fail("502", path="/jobs", times=4)
        log, sleeper = Notebook(), Sleeper()

        def stumble(text: str, _summary: Summary) -> None:
            if text.startswith("Nightly"):
                place.hub.fail("502", path="/jobs")

        await fill(place, log, sleeper=sleeper, progress=stumble)

        assert sleeper.slept[:4] == [5, 10, 20, 40]
        assert sleeper.slept[4:] == [5] * 11
        assert len(log.ended()) == 12


async def test_pull_requests_whose_runs_never_come_are_given_up_as_well() -> None:
    async with github() as place:
        place.open_pull()
        place.hub.fail("502", path="/actions/runs", times=1_000)
        log, sleeper = Notebook(), Sleeper()

        with pytest.raises(Transient):
            await fill(place, log, sleeper=sleeper, workflows=[], pulls=True)

        assert len(sleeper.slept) == 8
        assert len(log.batches) == 1


async def test_a_run_that_is_deleted_meanwhile_is_said_and_left_out() -> None:
    async with github() as place:
        runs = [place.night() for _ in range(3)]
        log, sleeper = Notebook(), Sleeper()

        def delete(text: str, summary: Summary) -> None:
            sleeper.progress(text, summary)
            place.repository.runs.pop(runs[1].id, None)

        summary = await fill(place, log, progress=delete)

        assert (summary.runs, summary.refused) == (2, 1)
        assert log.ended() == [(runs[0].id, 1), (runs[2].id, 1)]
        assert any(f"I left out run {runs[1].id}" in text for text in sleeper.said)


async def test_a_workflow_that_is_not_there_does_not_keep_the_others_waiting() -> None:
    async with github() as place:
        place.night()
        log, sleeper = Notebook(), Sleeper()

        summary = await fill(place, log, sleeper=sleeper, workflows=["no-such.yaml", NIGHTLY])

        assert (summary.runs, summary.refused) == (1, 1)
        assert any("I left out workflow no-such.yaml" in text for text in sleeper.said)


async def test_what_every_call_would_meet_ends_it() -> None:
    async with github() as place, GitHubGateway(api_url=place.hub.url, token="wrong") as gateway:
        place.night()

        with pytest.raises(Refused) as refused:
            await fill(place, Notebook(), gateway=gateway)

        assert refused.value.reason == "credentials"
        assert len(place.asked()) == 1


# The same fact by another road


async def test_webhooks_and_backfill_tell_the_same_in_either_order(
    database_url: str, tmp_path: Path
) -> None:
    heard: list[Batch] = []
    filled = Notebook()
    async with told_by_webhooks(heard) as place:
        await fill(place, filled, known=NobodyKnows(), pulls=True)
    roads: dict[str, Sequence[Batch]] = {
        "webhooks, then backfill": [*heard, *filled.batches],
        "backfill, then webhooks": [*filled.batches, *heard],
        "webhooks": heard,
        "backfill": filled.batches,
    }
    read = {}
    for number, (road, batches) in enumerate(roads.items()):
        address = f"sqlite:///{tmp_path / f'{number}.db'}" if number else database_url
        with opened(address) as log:
            log.append(batches)
            read[road] = (log.head(), digests(log), board(log))
    both, other, webhooks, backfilled = read.values()

    # Each fact once; of what GitHub lists again without running it, no webhook tells.
    carried = [job for job in filled.jobs() if job.started_at < job.created_at]  # type: ignore[operator]  # both are there
    assert len(carried) == 4
    assert both[0] == other[0] == webhooks[0] + len(carried)
    assert both[1] == other[1]
    differing = {name for name, told in webhooks[1].items() if told != backfilled[1][name]}
    # Since when a commit was the head, only webhooks tell: a pull request is listed as it is now.
    assert differing == {"heads", "jobs"}
    assert both[2] == other[2] == webhooks[2] == backfilled[2]
    reruns = {test.name: test.reruns for test in both[2].tests}
    assert reruns.items() >= {"build": 0, "test (liquid)": 2, "test (solid)": 1}.items()


def board(log: Log) -> NightBoard:
    """Return the nightly page's content, but for when it was heard of."""
    with log.database.read() as db:
        found = night_board(db, [REPO], COMMUNITY.nightly, now=NOON)
    return replace(found, heard_at=None)


@asynccontextmanager
async def told_by_webhooks(heard: list[Batch]) -> AsyncIterator[Place]:
    clock = HandClock()
    world = World(clock=clock)
    repository = world.repo(REPO)
    repository.user(MEMBER, permission="write")
    async with (
        GitHubStandIn(world, webhook_url="http://127.0.0.1:9/") as hub,
        gateway_to(hub) as gateway,
    ):
        hub.webhooks.pause()
        place = Place(hub, repository, clock, gateway)
        needs = PlannedJob("launch (pad-a)", needs=("test (liquid)",), skipped_as="launch")
        night = place.night(PASSES, FLAKY, LIQUID, needs)
        place.again(night)
        place.again(night)
        pull = place.open_pull()
        place.again(place.run(pull))
        place.run(pull, PlannedJob("never", outcomes=("cancelled",)), workflow="Other")
        repository.add_label(7, "ok-to-test", actor=MEMBER)
        for delivery in hub.webhooks.deliveries:
            facts = translate(delivery.event, delivery.guid, delivery.body).facts
            # Of these things webhooks alone tell, or both roads do.
            kept = [fact for fact in facts if isinstance(fact.event, BOTH)]
            if kept:
                heard.append(Batch(facts=kept))
        yield place


def digests(log: Log) -> dict[str, str]:
    """Return what each read model holds, but for those that tell when it was heard, and by which road."""
    projections = {projection.name: projection() for projection in PROJECTIONS}
    Projector(log, projections.values()).catch_up()
    with log.database.read() as db:
        return {
            name: digest(projection, db)
            for name, projection in projections.items()
            if name not in {Freshness.name, RunNews.name}
        }


async def test_how_far_it_is_goes_from_nothing_to_everything() -> None:
    async with github() as place:
        for _ in range(4):
            place.night()
        shares: list[float] = []

        await fill(place, Notebook(), runs=4, pulls=True, reached=shares.append)

        assert shares == [0.0, 0.125, 0.25, 0.375, 1.0]


async def test_how_far_back_it_has_come_counts_where_a_moment_is_the_end() -> None:
    async with github() as place:
        runs = [place.night() for _ in range(3)]
        shares: list[float] = []
        since = min(run.created_at for run in runs) - timedelta(days=1)

        await fill(place, Notebook(), since=since, reached=shares.append)

        assert shares == sorted(shares)
        assert (shares[0], shares[-1]) == (0.0, 1.0)
        assert len(set(shares)) == 4
