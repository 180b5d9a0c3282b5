"""Running jobs again by name, by number, and while the CI is still busy: what people say, and what becomes of it."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from chatops.engine.clock import SystemClock
from chatops.standins.github import PlannedJob
from tests.scenarios.world import AUTHOR, BROKEN, BUILD, FLAKY, STRANGER, Town, town

pytestmark = pytest.mark.anyio

SLOW = PlannedJob("slow", seconds=5_000)
QUICK = PlannedJob("quick", outcomes=("failure", "success"), seconds=10)


async def busy(here: Town) -> None:
    """Open a pull request of which one job has failed while another one still runs."""
    here.repository.run(workflow="CI", pull=here.open_pull(), jobs=[SLOW, QUICK])
    for _ in range(4):
        here.pass_time(10)
        await here.settle()


async def test_what_failed_while_the_rest_runs_is_run_again_when_it_has_ended(
    database_url: str, tmp_path: Path
) -> None:
    async with town(database_url, tmp_path) as here:
        await busy(here)

        here.say("/retest")
        await here.settle()

        assert here.reruns == []
        assert "GitHub runs jobs again only when their workflow has ended" in here.reply

        await here.let_ci_end()

        assert here.reruns == ["rerun-failed-jobs CI"]
        assert "All 1 job passed this time" in here.reply


async def test_what_waits_survives_a_restart(database_url: str, tmp_path: Path) -> None:
    async with town(database_url, tmp_path) as here:
        await busy(here)
        here.say("/retest")
        await here.settle()

        await here.stop()
        await here.start(database_url)
        await here.let_ci_end()

        assert here.reruns == ["rerun-failed-jobs CI"]


async def test_two_that_wait_for_one_run_run_it_once(database_url: str, tmp_path: Path) -> None:
    async with town(database_url, tmp_path) as here:
        await busy(here)

        here.say("/retest")
        here.say("/retest quick")
        await here.let_ci_end()

        (run,) = here.repository.runs.values()
        assert run.latest.number == 2
        assert len(here.replies) == 2
        assert all("passed this time" in reply.body for reply in here.replies)


async def test_an_end_that_nobody_heard_of_is_made_up_for(
    database_url: str, tmp_path: Path
) -> None:
    async with town(database_url, tmp_path) as here:
        await busy(here)
        here.say("/retest")
        await here.settle()
        here.hub.webhooks.pause()
        here.pass_time(10_000)
        here.hub.webhooks.drop_waiting()
        here.hub.webhooks.resume()

        await here.service.sweep()
        await here.settle()

        assert here.reruns == ["rerun-failed-jobs CI"]


class LaterClock(SystemClock):
    """The machine's time, some minutes from now."""

    def now(self) -> datetime:
        return super().now() + timedelta(minutes=10)


@pytest.mark.parametrize("forgets", ["nothing", "the run", "the attempt"])
async def test_what_ends_or_vanishes_while_the_product_is_away_is_told_after_a_restart(
    database_url: str, tmp_path: Path, forgets: str
) -> None:
    async with town(database_url, tmp_path) as here:
        await here.open_failed_pull()
        here.say("/retest")
        await here.settle()
        assert "Running 3 failed jobs again" in here.reply
        await here.stop()
        here.hub.webhooks.pause()
        here.pass_time()
        here.hub.webhooks.drop_waiting()
        here.hub.webhooks.resume()
        for number in list(here.repository.runs):
            if forgets == "the run":
                del here.repository.runs[number]
            elif forgets == "the attempt":
                here.repository.runs[number].attempts.pop()

        await here.start(database_url)
        here.service.clock = LaterClock()
        await here.service.sweep()
        await here.settle()

        assert "running" not in here.reply
        ended = "1 of 3 jobs failed again" if forgets == "nothing" else "2 workflows is not known"
        assert ended in here.reply


async def test_a_run_that_vanishes_before_it_ends_is_not_waited_for(
    database_url: str, tmp_path: Path
) -> None:
    async with town(database_url, tmp_path) as here:
        await busy(here)
        here.say("/retest")
        await here.settle()
        here.repository.runs.clear()
        here.hub.world.ci.active.clear()

        here.service.clock = LaterClock()
        await here.service.sweep()
        await here.settle()

        assert here.reruns == []
        assert "GitHub does not know this run any more" in here.reply


async def test_a_push_while_it_waits_makes_it_needless(database_url: str, tmp_path: Path) -> None:
    async with town(database_url, tmp_path) as here:
        await busy(here)
        here.say("/retest")
        await here.settle()

        here.pass_time(1)
        here.repository.push_to_pull(7)
        await here.let_ci_end()

        assert here.reruns == []
        assert "is not the head any more" in here.reply


async def test_a_job_that_passed_can_be_run_again(database_url: str, tmp_path: Path) -> None:
    async with town(database_url, tmp_path) as here:
        await here.open_failed_pull()

        here.say("/test build")
        await here.let_ci_end()

        assert here.reruns[0] == "rerun CI / build"
        assert "All 1 job passed this time" in here.reply


async def test_the_list_gives_each_job_a_number_that_can_be_said(
    database_url: str, tmp_path: Path
) -> None:
    async with town(database_url, tmp_path) as here:
        await here.open_failed_pull()

        here.say("/test ?")
        await here.settle()
        listed = here.reply
        here.say("/test 4")
        await here.let_ci_end()

        assert "4 jobs can run again" in listed
        assert "**3** test (b)" in listed
        assert "**4** lint" in listed
        assert here.reruns[0] == "rerun Static checks / lint"


async def test_the_numbers_stay_while_the_world_moves_on(database_url: str, tmp_path: Path) -> None:
    async with town(database_url, tmp_path) as here:
        pull = await here.open_failed_pull()
        here.say("/test ?")
        await here.settle()

        here.repository.run(workflow="A new one", pull=pull, jobs=[PlannedJob("first")])
        await here.let_ci_end()
        here.say("/retest 3")
        await here.settle()

        assert here.reruns[0] == "rerun CI / test (b)"


async def test_what_failed_again_is_numbered_too(database_url: str, tmp_path: Path) -> None:
    async with town(database_url, tmp_path) as here:
        await here.open_failed_pull()
        here.say("/retest")
        await here.let_ci_end()
        assert "**1** test (b)" in here.reply

        here.say("/retest 1")
        await here.settle()

        assert here.reruns[3] == "rerun CI / test (b)"


async def test_everything_runs_again(database_url: str, tmp_path: Path) -> None:
    async with town(database_url, tmp_path) as here:
        await here.open_failed_pull()

        here.say("/test all")
        await here.settle()

        assert sorted(here.reruns) == ["rerun CI", "rerun Gatekeeper", "rerun Static checks"]
        assert "Running everything of 2 workflows again" in here.reply


async def test_during_a_run_it_warns_first_and_then_waits(
    database_url: str, tmp_path: Path
) -> None:
    async with town(database_url, tmp_path) as here:
        await busy(here)

        here.say("/test quick")
        await here.settle()
        assert "say it again with `now`" in here.reply

        here.say("/test quick now")
        await here.let_ci_end()

        assert here.reruns == ["rerun CI / quick"]


async def test_what_never_ran_is_explained(database_url: str, tmp_path: Path) -> None:
    async with town(database_url, tmp_path) as here:
        skipped = PlannedJob("after", needs=(BROKEN.name,))
        here.repository.run(workflow="CI", pull=here.open_pull(), jobs=[BUILD, BROKEN, skipped])
        await here.let_ci_end()

        here.say("/test after")
        await here.settle()

        assert "did not run on this commit" in here.reply
        assert here.reruns == []


async def test_who_may_not_test_is_told_who_may(database_url: str, tmp_path: Path) -> None:
    async with town(database_url, tmp_path) as here:
        await here.open_failed_pull(labels=())

        here.say("/test build", by=STRANGER)
        here.say("/test build", by=AUTHOR)
        await here.settle()

        assert here.reruns == []
        assert sorted("ok-to-test" in reply.body for reply in here.replies) == [True, True]


async def test_a_known_job_is_found_though_only_the_newest_attempt_is_listed(
    database_url: str, tmp_path: Path
) -> None:
    async with town(database_url, tmp_path) as here:
        run = here.repository.run(workflow="CI", pull=here.open_pull(), jobs=[BUILD, FLAKY])
        await here.let_ci_end()
        here.hub.world.ci.rerun_failed(run, actor="mona")
        await here.let_ci_end()

        here.say("/test build")
        await here.settle()

        carried = next(job for job in run.attempts[1].jobs if job.name == "build")
        assert [call.path for call in here.calls if call.path.endswith("/rerun")] == [
            f"/repos/acme/rocket/actions/jobs/{carried.id}/rerun"
        ]


async def test_the_gate_can_be_asked_alone(database_url: str, tmp_path: Path) -> None:
    async with town(database_url, tmp_path) as here:
        await here.open_failed_pull()

        here.say("/rerun-gatekeeper")
        await here.let_ci_end()

        assert here.reruns == ["rerun Gatekeeper"]
        assert "Gatekeeper did not pass" in here.reply


async def test_a_gate_that_looked_too_early_looks_once_more(
    database_url: str, tmp_path: Path
) -> None:
    async with town(database_url, tmp_path) as here:
        pull = here.open_pull()
        slow = PlannedJob("test (a)", outcomes=("failure", "success"), seconds=600)
        here.repository.run(workflow="CI", pull=pull, jobs=[slow])
        hasty = PlannedJob("gatekeeper", outcomes=("failure", "failure", "success"), seconds=10)
        here.repository.run(workflow="Gatekeeper", pull=pull, jobs=[hasty])
        await here.let_ci_end()

        here.say("/retest")
        await here.settle()
        for _ in range(90):
            here.pass_time(10)
            await here.settle()
        await here.let_ci_end()

        assert here.reruns == ["rerun CI / test (a)", "rerun Gatekeeper", "rerun Gatekeeper"]
        assert "All 1 job passed this time" in here.reply
        assert "Gatekeeper passed." in here.reply
