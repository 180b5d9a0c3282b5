"""A year in the life of `/retest`: what people say on a pull request, and what becomes of it."""

from datetime import timedelta
from pathlib import Path

import pytest

from chatops.events import Recorded
from chatops.standins.github import Mischief, PlannedJob
from chatops.standins.github.gate import FaultKind
from tests.scenarios.world import AUTHOR, BROKEN, BUILD, FLAKY, PULL, STRANGER, Town, town

pytestmark = pytest.mark.anyio

EVERYTHING = [
    "rerun Gatekeeper",
    "rerun Static checks / lint",
    "rerun-failed-jobs CI",
]


async def test_what_failed_runs_again_and_then_the_gate(database_url: str, tmp_path: Path) -> None:
    async with town(database_url, tmp_path) as here:
        await here.open_failed_pull()

        comment = here.say("/retest")
        await here.settle()

        assert sorted(here.reruns) == EVERYTHING
        assert here.reruns[-1] == "rerun Gatekeeper"
        assert here.reactions(comment) == ["eyes", "rocket"]


async def test_one_comment_follows_the_attempt_to_its_end(
    database_url: str, tmp_path: Path
) -> None:
    async with town(database_url, tmp_path) as here:
        await here.open_failed_pull()

        here.say("/retest")
        await here.settle()
        first = here.reply
        await here.let_ci_end()

        assert "Running 3 failed jobs again" in first
        assert "1 of 3 jobs failed again" in here.reply
        assert "Gatekeeper did not pass" in here.reply
        again, passed = here.reply.split("Passed this time")
        assert "test (b)" in again.partition("Failed again")[2]
        assert "test (a)" in passed
        assert "lint" in passed
        assert len(here.reruns) == 3


async def test_everything_that_happens_leads_back_to_the_comment(
    database_url: str, tmp_path: Path
) -> None:
    async with town(database_url, tmp_path) as here:
        await here.open_failed_pull()
        here.say("/retest")
        await here.let_ci_end()
        [command] = await here.stories()
        events = await here.events()

    known = {event.id: event for event in events}
    story = [event for event in events if event.correlation_id == command]
    assert {event.event.kind for event in story} >= {
        "command.received", "command.accepted", "rerun.requested", "rerun.started",
        "reaction.added", "reply.posted", "rerun.finished", "retest.finished",
    }  # fmt: skip
    assert {_root(event, known).event.kind for event in story} <= {
        "comment.seen",
        # Nobody asked GitHub's machines to end when they did.
        "job.completed",
        "run.completed",
    }
    started = [event for event in story if event.event.kind in ("rerun.requested", "rerun.started")]
    assert {_root(event, known).event.kind for event in started} == {"comment.seen"}


def _root(event: Recorded, known: dict[str, Recorded]) -> Recorded:
    while event.causation_id is not None:
        event = known[event.causation_id]
    return event


async def test_the_author_has_to_wait_for_the_label(database_url: str, tmp_path: Path) -> None:
    async with town(database_url, tmp_path) as here:
        pull = await here.open_failed_pull(labels=())

        here.say("/retest", by=AUTHOR)
        await here.settle()

        assert "`ok-to-test`" in here.reply
        assert here.reruns == []

        here.repository.add_label(pull.number, "ok-to-test", actor="mona")
        here.say("/retest", by=AUTHOR)
        await here.settle()

        assert sorted(here.reruns) == EVERYTHING


async def test_a_stranger_is_refused(database_url: str, tmp_path: Path) -> None:
    async with town(database_url, tmp_path) as here:
        await here.open_failed_pull()

        comment = here.say("/retest", by=STRANGER)
        await here.settle()

        assert "members and collaborators" in here.reply
        assert here.reruns == []
        assert "rocket" not in here.reactions(comment)


async def test_nothing_runs_again_where_nothing_failed(database_url: str, tmp_path: Path) -> None:
    async with town(database_url, tmp_path) as here:
        here.repository.run(workflow="CI", pull=here.open_pull(), jobs=[BUILD])
        await here.let_ci_end()

        here.say("/retest")
        await here.settle()

        assert "Nothing failed" in here.reply
        assert here.reruns == []


async def test_what_still_runs_is_not_run_again(database_url: str, tmp_path: Path) -> None:
    async with town(database_url, tmp_path) as here:
        here.repository.run(workflow="CI", pull=here.open_pull(), jobs=[BUILD])
        here.pass_time(10)

        here.say("/retest")
        await here.settle()

        assert "1 workflow still runs" in here.reply
        assert here.reruns == []


async def test_what_is_older_than_thirty_days_is_not_run_again(
    database_url: str, tmp_path: Path
) -> None:
    async with town(database_url, tmp_path) as here:
        long_ago = here.hub.world.now() - timedelta(days=31)
        here.repository.run(workflow="CI", pull=here.open_pull(), jobs=[FLAKY], created_at=long_ago)
        await here.let_ci_end()

        here.say("/retest")
        await here.settle()

        assert "more than 30 days old" in here.reply
        assert here.reruns == []


async def test_a_run_that_had_all_its_attempts_is_not_run_again(
    database_url: str, tmp_path: Path
) -> None:
    async with town(database_url, tmp_path) as here:
        run = here.repository.run(workflow="CI", pull=here.open_pull(), jobs=[BROKEN])
        run.latest.number = run.latest.jobs[0].attempt = 51
        await here.let_ci_end()

        here.say("/retest")
        await here.settle()

        assert "limit of 50" in here.reply
        assert here.reruns == []


async def test_a_delivery_that_comes_twice_acts_once(database_url: str, tmp_path: Path) -> None:
    async with town(database_url, tmp_path) as here:
        await here.open_failed_pull()

        here.say("/retest")
        delivery = here.hub.webhooks.deliveries[-1]
        here.hub.webhooks.redeliver(delivery.id)
        await here.let_ci_end()
        here.hub.webhooks.redeliver(delivery.id)
        await here.settle()

        assert sorted(here.reruns) == EVERYTHING
        assert len(here.replies) == 1


async def test_one_comment_under_two_guids_acts_once(database_url: str, tmp_path: Path) -> None:
    async with town(database_url, tmp_path) as here:
        await here.open_failed_pull()

        here.say("/retest")
        first = here.hub.webhooks.deliveries[-1]
        here.hub.webhooks.send_anew(first.id)
        second = here.hub.webhooks.deliveries[-1]
        await here.settle()

        assert (first.body, first.has_arrived) == (second.body, second.has_arrived)
        assert first.guid != second.guid
        assert sorted(here.reruns) == EVERYTHING
        assert len(here.replies) == 1


@pytest.mark.parametrize("seed", range(3))
async def test_what_ci_tells_out_of_order_and_twice_ends_the_same(
    seed: int, database_url: str, tmp_path: Path
) -> None:
    async with town(database_url, tmp_path) as here:
        await here.open_failed_pull()
        here.say("/retest")
        await here.settle()
        here.hub.webhooks.misbehave(Mischief(shuffle_seed=seed, duplicate_every=1))

        here.hub.webhooks.pause()
        while here.hub.world.ci.active:
            here.pass_time()
        here.hub.webhooks.resume()
        await here.let_ci_end()

        assert sorted(here.reruns) == EVERYTHING
        assert "1 of 3 jobs failed again" in here.reply


async def test_a_commit_that_is_pushed_after_the_request_is_not_run_for_the_old_one(
    database_url: str, tmp_path: Path
) -> None:
    async with town(database_url, tmp_path) as here:
        await here.open_failed_pull()
        here.hub.fail("502", path=".*/collaborators/.*", times=1)
        here.say("/retest")
        await here.settle()

        here.pass_time(10)
        pull = here.repository.push_to_pull(PULL)
        here.repository.run(workflow="CI", pull=pull, jobs=[BUILD])
        await here.let_ci_end()
        await here.hurry()

        assert here.reruns == []
        assert f"Nothing failed on `{pull.head_sha[:9]}`" in here.reply


async def test_lost_webhooks_are_made_up_for(database_url: str, tmp_path: Path) -> None:
    async with town(database_url, tmp_path) as here:
        await here.open_failed_pull()
        here.say("/retest")
        await here.settle()

        await _lose_what_ci_says(here)
        assert "Running 3 failed jobs again" in here.reply
        await here.service.sweep()
        await here.settle()

        assert "1 of 3 jobs failed again" in here.reply
        assert "Gatekeeper did not pass" in here.reply


async def _lose_what_ci_says(here: Town) -> None:
    here.hub.webhooks.pause()
    while here.hub.world.ci.active:
        here.pass_time()
    assert here.hub.webhooks.drop_waiting()
    here.hub.webhooks.resume()


async def test_a_call_that_took_effect_but_failed_to_say_so_is_not_made_again(
    database_url: str, tmp_path: Path
) -> None:
    async with town(database_url, tmp_path) as here:
        await here.open_failed_pull()
        here.hub.fail("502_after", method="POST", path="/rerun-failed-jobs$")

        here.say("/retest")
        await here.settle()
        await here.hurry()
        await here.let_ci_end()

        assert sorted(here.reruns) == EVERYTHING
        assert [run.latest.number for run in here.repository.runs.values()] == [2, 2, 2]
        assert "1 of 3 jobs failed again" in here.reply


@pytest.mark.parametrize("kind", ["primary_limit", "secondary_403", "secondary_429"])
async def test_a_rate_limit_is_waited_out_and_said(
    kind: FaultKind, database_url: str, tmp_path: Path
) -> None:
    async with town(database_url, tmp_path) as here:
        await here.open_failed_pull()
        here.hub.fail(kind, method="POST", path="/rerun", retry_after=120, times=2)

        here.say("/retest")
        await here.settle()

        assert "I try again in about 2 min." in here.reply
        assert [run.latest.number for run in here.repository.runs.values()] == [1, 1, 1]

        await here.hurry()
        await here.let_ci_end()

        assert "1 of 3 jobs failed again" in here.reply
        assert [run.latest.number for run in here.repository.runs.values()] == [2, 2, 2]


async def test_a_restart_in_the_middle_goes_on(database_url: str, tmp_path: Path) -> None:
    async with town(database_url, tmp_path) as here:
        await here.open_failed_pull()
        comment = here.say("/retest")
        await here.hub.webhooks.drained()

        await here.stop()
        await here.start(database_url)
        await here.settle()
        await here.stop()
        await here.start(database_url)
        await here.let_ci_end()

        assert sorted(here.reruns) == EVERYTHING
        assert here.reactions(comment) == ["eyes", "rocket"]
        assert "1 of 3 jobs failed again" in here.reply


async def test_a_gate_that_alone_is_red_is_run_again(database_url: str, tmp_path: Path) -> None:
    async with town(database_url, tmp_path) as here:
        pull = here.open_pull()
        here.repository.run(workflow="CI", pull=pull, jobs=[BUILD])
        late = here.repository.run(workflow="Static checks", pull=pull, jobs=[FLAKY])
        gate = PlannedJob("gatekeeper", required=("CI / build", f"Static checks / {FLAKY.name}"))
        here.repository.run(workflow="Gatekeeper", pull=pull, jobs=[gate])
        await here.let_ci_end()
        here.hub.world.ci.rerun_failed(late, actor="mona")
        await here.let_ci_end()

        here.say("/retest")
        await here.settle()

        assert here.reruns == ["rerun Gatekeeper / gatekeeper"]
