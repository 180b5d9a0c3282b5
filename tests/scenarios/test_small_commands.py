"""Commands that do one small thing: what people say on a pull request, and what becomes of it."""

from pathlib import Path

import pytest

from chatops.standins.github import PlannedJob
from tests.scenarios.world import AUTHOR, BUILD, EXTRA, STRANGER, town

pytestmark = pytest.mark.anyio

A_DAY = 86_400


async def test_a_label_is_put_on_without_a_word(database_url: str, tmp_path: Path) -> None:
    async with town(database_url, tmp_path) as here:
        pull = here.open_pull(labels=())
        here.repository.label("bug")

        comment = here.say("/label bug")
        await here.settle()

        assert pull.labels == ["bug"]
        assert here.reactions(comment) == ["eyes", "+1"]
        assert here.replies == []


async def test_a_slip_of_the_pen_in_a_label_makes_no_new_one(
    database_url: str, tmp_path: Path
) -> None:
    async with town(database_url, tmp_path) as here:
        pull = here.open_pull(labels=())

        here.say("/label bgu")
        await here.settle()

        assert pull.labels == []
        assert "has no label `bgu`" in here.reply


async def test_a_label_is_for_those_who_may_set_it_on_github(
    database_url: str, tmp_path: Path
) -> None:
    async with town(database_url, tmp_path) as here:
        pull = here.open_pull(labels=())
        here.repository.label("bug")

        here.say("/label bug", by=AUTHOR)
        await here.settle()

        assert pull.labels == []
        assert "the role triage or more" in here.reply


async def test_a_label_that_restarts_the_ci_is_asked_about(
    database_url: str, tmp_path: Path
) -> None:
    async with town(database_url, tmp_path, extra=EXTRA) as here:
        pull = here.open_pull()
        here.repository.label("bug")
        here.repository.run(workflow="CI", pull=pull, jobs=[BUILD])
        here.pass_time(10)

        here.say("/label bug")
        await here.settle()

        assert pull.labels == ["ok-to-test"]
        assert "1 workflow under way would be cancelled" in here.reply

        here.say("/label bug now")
        await here.settle()

        assert pull.labels == ["ok-to-test", "bug"]


async def test_what_runs_can_be_stopped(database_url: str, tmp_path: Path) -> None:
    async with town(database_url, tmp_path) as here:
        run = here.repository.run(workflow="CI", pull=here.open_pull(), jobs=[BUILD])
        here.pass_time(10)

        here.say("/cancel")
        await here.let_ci_end()

        assert run.latest.conclusion == "cancelled"
        assert "Stopped 1 of 1 workflow." in here.reply


async def test_a_stranger_stops_nothing(database_url: str, tmp_path: Path) -> None:
    async with town(database_url, tmp_path) as here:
        run = here.repository.run(workflow="CI", pull=here.open_pull(), jobs=[BUILD])
        here.pass_time(10)

        here.say("/cancel", by=STRANGER)
        await here.let_ci_end()

        assert run.latest.conclusion == "success"
        assert "members and collaborators" in here.reply


async def test_a_slip_of_a_verb_is_answered_with_what_was_meant(
    database_url: str, tmp_path: Path
) -> None:
    async with town(database_url, tmp_path) as here:
        await here.open_failed_pull()

        here.say("/restest")
        await here.settle()

        assert "Did you mean `/retest`?" in here.reply
        assert here.reruns == []


async def test_what_other_bots_are_told_is_left_alone(database_url: str, tmp_path: Path) -> None:
    async with town(database_url, tmp_path) as here:
        here.open_pull()

        comment = here.say("/rebase\n/azp run\n/gemini review")
        await here.settle()

        assert here.replies == []
        assert here.reactions(comment) == []


async def test_only_the_job_that_is_meant_runs_again(database_url: str, tmp_path: Path) -> None:
    async with town(database_url, tmp_path) as here:
        await here.open_failed_pull()

        here.say('/retest "CI / test (a)"')
        await here.settle()

        assert here.reruns == ["rerun CI / test (a)", "rerun Gatekeeper"]
        assert "Running 1 failed job again" in here.reply


async def test_what_is_off_in_a_repository_is_left_alone_there(
    database_url: str, tmp_path: Path
) -> None:
    off = "    exceptions: {acme/rocket: {commands_off: [retest]}}\n"
    async with town(database_url, tmp_path, extra=off) as here:
        await here.open_failed_pull()

        comment = here.say("/retest")
        await here.settle()

        assert here.replies == []
        assert here.reactions(comment) == []
        assert here.reruns == []


async def test_a_job_is_muted_and_unmuted(database_url: str, tmp_path: Path) -> None:
    async with town(database_url, tmp_path) as here:
        here.open_pull()
        here.repository.run(workflow="Nightly", event="schedule", jobs=[BUILD])
        await here.let_ci_end()

        here.say("/mute build for 7 days the compiler is being moved")
        await here.settle()

        assert "Muted 1 job until " in here.reply
        assert "the compiler is being moved" in here.reply

        here.say("/unmute build")
        await here.settle()

        assert "1 job is no longer muted." in here.replies[-1].body


async def test_a_mute_is_taken_back(database_url: str, tmp_path: Path) -> None:
    async with town(database_url, tmp_path) as here:
        here.open_pull()
        here.repository.run(workflow="Nightly", event="schedule", jobs=[BUILD])
        await here.let_ci_end()
        here.say("/mute build for 1h it is known")
        await here.settle()

        undo = here.say("/undo")
        await here.settle()

        assert here.reactions(undo) == ["eyes", "+1"]
        here.say("/unmute build")
        await here.settle()
        assert "No job is muted now." in here.replies[-1].body


async def test_a_stranger_mutes_nothing(database_url: str, tmp_path: Path) -> None:
    async with town(database_url, tmp_path) as here:
        here.open_pull()

        here.say("/mute build for 7d I am bored", by=STRANGER)
        await here.settle()

        assert "the role triage or more" in here.reply


async def test_somebody_may_shrug(database_url: str, tmp_path: Path) -> None:
    async with town(database_url, tmp_path) as here:
        here.open_pull()

        here.say("/shrug", by=STRANGER)
        await here.settle()

        assert r"¯\\\_(ツ)\_/¯" in here.reply


async def test_a_test_that_was_renamed_keeps_its_nights_until_that_is_undone(
    database_url: str, tmp_path: Path
) -> None:
    async with town(database_url, tmp_path) as here:
        here.open_pull()
        for name in ("old name (a)", "new name (a)"):
            job = PlannedJob(name)
            here.repository.run(workflow="Nightly", event="schedule", jobs=[job, BUILD])
            await here.let_ci_end()
            here.pass_time(A_DAY)

        here.say("/renamed old name (a) -> build")
        await here.settle()
        assert "side by side" in here.replies[-1].body

        here.say("/renamed old name (a) -> new name (a)", by=STRANGER)
        await here.settle()
        assert "job.renamed" not in {event.event.kind for event in await here.events()}

        here.say("/renamed old name (a) -> new name (a)")
        await here.settle()
        assert "Shown as one test from now on." in here.replies[-1].body

        here.say("/undo")
        await here.settle()
        assert [event.event.kind for event in await here.events() if "rename" in event.event.kind] == [
            "job.renamed", "job.rename_withdrawn",
        ]  # fmt: skip
