"""Looking at GitHub again and again, where no webhook reaches us."""

from datetime import timedelta

import pytest

from chatops.errors import Refused
from chatops.events.pulls import PullChanged
from chatops.events.runs import JobCompleted, JobStarted, RunRequested, RunStarted
from chatops.gateways.github import GitHubGateway
from chatops.intake.backfill import KEEP, watch
from chatops.standins.github import PlannedJob
from chatops.standins.github.things import Identity
from tests.gateways.places import (
    FLAKY,
    MEMBER,
    NIGHTLY,
    PASSES,
    REPO,
    Place,
    gateway_to,
    github,
)
from tests.intake.hearing import EVERY, NobodyKnows, Notebook, Sleeper, Stopped, look

pytestmark = pytest.mark.anyio

LONG = PlannedJob("long", seconds=3_600)


def begin(place: Place, *jobs: PlannedJob) -> None:
    """Let a night begin, and not end."""
    place.repository.run(workflow="Nightly", event="schedule", jobs=jobs or (PASSES, LONG))


async def test_a_list_that_has_not_changed_costs_nothing() -> None:
    async with github() as place:
        place.night()
        log = Notebook()

        await look(place, log, rounds=20)

        # Both lists, and the jobs of the night, in the first round.
        assert len(place.asked(costly=True)) == 3
        assert len(place.asked()) == 1 + 2 * 20


async def test_a_night_of_240_jobs_costs_at_most_six_calls() -> None:
    many = [PlannedJob(f"test ({number})", seconds=60 + 40 * number) for number in range(240)]
    async with github() as place:
        place.night()
        log = Notebook()

        def night_falls() -> None:
            place.forget()
            begin(place, *many)

        await look(place, log, rounds=100, happens={2: night_falls})

        assert len(log.jobs()) == 2 + 240
        assert 4 <= len(place.asked(costly=True)) <= 6
        assert len(place.asked()) > 90


async def test_a_run_under_way_is_seen_as_such_and_then_as_ended() -> None:
    async with github() as place:
        place.night()
        log, seen = Notebook(), []

        def note() -> None:
            seen.append((len(log.of(RunStarted)), len(log.ended())))

        await look(
            place, log, rounds=45, happens={1: lambda: begin(place), 3: note, 30: note, 40: note}
        )

        # It takes an hour: 30 rounds.
        assert seen == [(1, 1), (1, 1), (1, 2)]
        assert {job.name for job in log.jobs()} == {"build", "test (solid)", "long"}


async def test_the_jobs_of_a_run_under_way_are_looked_at_less_and_less_often() -> None:
    jobs = [PlannedJob(f"test ({number})", seconds=600 * (number + 1)) for number in range(6)]
    async with github() as place:
        place.night()
        log, seen = Notebook(), []

        def night_falls() -> None:
            place.forget()
            begin(place, *jobs)

        def note() -> None:
            seen.append(len(log.of(JobCompleted)) - 2)

        await look(
            place, log, rounds=40, while_running=timedelta(minutes=10),
            happens={1: night_falls, 8: note, 17: note, 38: note},
        )  # fmt: skip

        # After 10 minutes, after 20 more, and at the end.
        assert seen == [1, 3, 6]
        assert len(log.of(JobStarted)) == 5
        assert sum(path.endswith("/jobs") for path in place.asked()) == 3


async def test_what_is_run_again_is_noticed() -> None:
    async with github() as place:
        run = place.night()
        log = Notebook()

        def again() -> None:
            place.world.ci.rerun_failed(run, actor=MEMBER)

        await look(place, log, rounds=8, happens={3: again})

        assert log.ended() == [(run.id, 1), (run.id, 2)]
        assert {(job.attempt, job.name, job.conclusion) for job in log.jobs()} == {
            (1, "build", "success"), (1, "test (solid)", "failure"),
            (2, "build", "success"), (2, "test (solid)", "success"),
        }  # fmt: skip


async def test_an_old_night_that_is_run_again_while_another_is_under_way_is_noticed() -> None:
    async with github() as place:
        run = place.night()
        log = Notebook()

        def again() -> None:
            place.world.ci.rerun_failed(run, actor=MEMBER)

        await look(place, log, rounds=20, happens={2: lambda: begin(place), 5: again})

        assert (run.id, 2) in log.ended()
        assert len(log.ended()) == 2


async def test_after_a_restart_nothing_known_is_fetched_again() -> None:
    async with github() as place:
        for _ in range(5):
            place.again(place.night())
        log = Notebook()
        await look(place, log, rounds=2)
        before = dict(log.events)
        place.forget()

        async with gateway_to(place.hub) as fresh:
            restarted = Place(place.hub, place.repository, place.clock, fresh)
            summary = await look(restarted, log, rounds=2)

        assert log.events == before
        assert (summary.skipped, summary.runs) == (5, 0)
        assert not [path for path in place.asked() if path.endswith("/jobs")]
        assert len(place.asked(costly=True)) == 2


async def test_when_github_is_away_it_waits_and_goes_on_however_long() -> None:
    async with github() as place:
        run = place.night()
        log, sleeper = Notebook(), Sleeper(at_most=1_000)
        place.hub.fail("503", times=40)

        await look(place, log, rounds=2, sleeper=sleeper)

        assert log.ended() == [(run.id, 1)]
        assert sleeper.slept[:4] == [5, 10, 20, 40]
        assert len(sleeper.slept) == 40 + 1
        assert max(sleeper.slept) == 3_600
        assert "GitHub has trouble of its own (503). I go on in 5 s." in sleeper.said[0]


async def test_a_limit_is_waited_out_as_told() -> None:
    async with github() as place:
        place.night()
        log, sleeper = Notebook(), Sleeper(at_most=1_000)
        place.hub.fail("secondary_429", path="/jobs", retry_after=600)

        await look(place, log, rounds=2, sleeper=sleeper)

        assert sleeper.slept == [600, EVERY.total_seconds()]
        assert len(log.ended()) == 1


async def test_credentials_that_are_not_taken_end_it() -> None:
    async with github() as place, GitHubGateway(api_url=place.hub.url, token="wrong") as gateway:
        with pytest.raises(Refused):
            await watch(
                gateway, Notebook().append, repo=REPO, workflows=[NIGHTLY], known=NobodyKnows(),
                every=EVERY,
            )  # fmt: skip


async def test_the_next_night_is_seen_when_it_begins_and_not_only_when_it_ends() -> None:
    async with github() as place:
        log, seen = Notebook(), []

        def note() -> None:
            seen.append((len(log.of(RunStarted)), len(log.ended())))

        await look(
            place, log, rounds=10, every=timedelta(minutes=30),
            happens={1: lambda: begin(place), 5: lambda: begin(place), 6: note, 9: note},
        )  # fmt: skip

        assert seen == [(2, 1), (2, 2)]


STUCK = PlannedJob("stuck", outcomes=("stuck",))


async def test_a_run_that_is_stuck_hides_no_other() -> None:
    async with github() as place:
        place.night()
        log = Notebook()

        await look(
            place, log, rounds=25, every=timedelta(hours=1),
            happens={1: lambda: begin(place, STUCK), 12: lambda: begin(place, STUCK)},
        )  # fmt: skip

        assert [event.run_id for event in log.of(RunRequested)] == sorted(place.world.ci.active)
        assert len(place.world.ci.active) == 2


async def test_a_run_that_is_deleted_while_it_runs_is_waited_for_no_longer() -> None:
    async with github() as place:
        place.night()
        log, seen = Notebook(), []

        def delete() -> None:
            run = place.repository.runs_newest_first()[0]
            del place.repository.runs[run.id]
            place.repository.runs_newest_first().remove(run)
            place.world.ci.active.clear()

        await look(
            place, log, rounds=16, every=timedelta(hours=1),
            happens={
                1: lambda: begin(place, STUCK), 2: delete, 12: lambda: begin(place, STUCK),
                14: lambda: seen.extend(log.of(RunRequested)),
            },
        )  # fmt: skip

        # Long before it would be looked at as one that is overdue.
        (waits,) = place.world.ci.active
        assert [event.run_id for event in seen] == [waits - 1, waits]


async def test_a_run_beyond_the_newest_is_asked_for_by_its_number() -> None:
    slow = PlannedJob("slow", seconds=6 * 3_600)
    async with github() as place:
        place.night()
        log = Notebook()

        def many_others() -> None:
            for _ in range(60):
                place.repository.run(workflow="Nightly", event="schedule", jobs=[PASSES])

        await look(
            place, log, rounds=15, every=timedelta(minutes=30),
            happens={1: lambda: begin(place, slow), 2: many_others},
        )  # fmt: skip

        assert "slow" in {job.name for job in log.jobs()}


# Pull requests


async def test_open_pull_requests_and_the_runs_of_their_heads_are_followed() -> None:
    async with github() as place:
        pull = place.open_pull()
        run = place.run(pull, PASSES, FLAKY)
        log = Notebook()

        def again() -> None:
            place.world.ci.rerun_failed(run, actor=MEMBER)
            place.repository.add_label(7, "ok-to-test", actor=MEMBER)

        await look(place, log, rounds=6, pulls=True, happens={2: again})

        assert log.ended() == [(run.id, 1), (run.id, 2)]
        assert [event.labels for event in log.of(PullChanged)] == [(), ("ok-to-test",)]


async def test_a_commit_at_rest_is_looked_at_now_and_then_only() -> None:
    async with github() as place:
        for number in range(1, 6):
            place.run(place.open_pull(number))
        log = Notebook()

        await look(place, log, rounds=21, workflows=[], pulls=True)

        looks = [path for path in place.asked() if path.endswith("/actions/runs")]
        assert len(looks) == 5 * 3
        assert len(place.asked(costly=True)) == 1 + 5 + 5


async def test_a_pull_request_that_was_closed_is_recorded_as_closed() -> None:
    async with github() as place:
        place.open_pull(7)
        place.open_pull(8)
        log = Notebook()

        await look(
            place, log, rounds=5, pulls=True,
            happens={2: lambda: place.repository.close_pull(7, actor=MEMBER, merge=True)},
        )  # fmt: skip

        states = [(event.number, event.state, event.merged) for event in log.of(PullChanged)]
        assert states == [(8, "open", False), (7, "open", False), (7, "closed", True)]
        assert place.asked().count(f"/repos/{REPO}/pulls/7") == 1


async def test_a_pull_request_that_cannot_be_looked_at_does_not_hide_the_others() -> None:
    async with github() as place:
        newer, older = place.open_pull(8), place.open_pull(7)
        runs = [place.run(newer), place.run(older)]
        del place.repository.runs[runs[0].id]
        log, sleeper = Notebook(), Sleeper(at_most=1_000)

        summary = await look(place, log, rounds=1, workflows=[], pulls=True, sleeper=sleeper)

        assert log.ended() == [(runs[1].id, 1)]
        assert summary.refused == 1
        assert any("I left out run" in text for text in sleeper.said)


async def test_pull_requests_are_not_watched_with_the_calls_that_are_kept_for_people() -> None:
    async with github() as place:
        place.hub.gate.limit = 30
        for number in range(1, 30):
            place.open_pull(number)
        log, sleeper = Notebook(), Sleeper(at_most=1)

        with pytest.raises(Stopped):
            await look(place, log, rounds=1, workflows=[], pulls=True, sleeper=sleeper, keep=KEEP)

        # Half of so small an allowance is enough to keep.
        assert place.hub.gate.resources(Identity(login=MEMBER))["rate"]["remaining"] == 15 - 1
        assert "kept for people" in sleeper.said[-1]
