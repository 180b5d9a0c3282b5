"""Being told without asking: once, of what has changed, with how to stop it; and why one was not told."""

import asyncio
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import yaml

from chatops.engine.clock import SystemClock
from chatops.engine.log import Batch
from chatops.events import Fact
from chatops.events.notices import NoticeSent, NoticeWanted, NoticeWithheld
from chatops.events.runs import JobQueued
from chatops.names import JobId, Repo, RunId
from chatops.standins.github import PlannedJob
from chatops.standins.github.actions import Run
from chatops.standins.slack import Message, SlackStandIn
from tests.needs import REPOSITORY
from tests.scenarios.signing_in import link
from tests.scenarios.world import AUTHOR, MEMBER, PULL, REPO, Town, town

pytestmark = pytest.mark.anyio

A_DAY = 86_400.0
BUILD = PlannedJob("build")
NEEDED = "test (a)"
"""A job that is required."""
OCTAVIA, MONA, CHANNEL = "U0OCTAVIA", "U0MONA", "C0CI"


def as_installed() -> SlackStandIn:
    """Return a Slack in which the app has the scopes that its manifest asks for."""
    manifest = yaml.safe_load((REPOSITORY / "deploy/slack-manifest.yaml").read_text())
    return SlackStandIn(scopes=manifest["oauth_config"]["scopes"]["bot"])


def job(name: str, *outcomes: str) -> PlannedJob:
    return PlannedJob(name, outcomes=outcomes or ("success",))


async def night(here: Town, *jobs: PlannedJob) -> Run:
    """Let a day pass, and then a night with these jobs; return its run."""
    here.pass_time(A_DAY)
    run = here.repository.run(workflow="Nightly", event="schedule", jobs=[BUILD, *jobs])
    await here.let_ci_end()
    return run


async def say(here: Town, text: str, *, user: str = "octavia", channel: str = "ci") -> str:
    """Say something to the bot in Slack; return its answer."""
    said = await here.slack.slash("/acme", text, user=user, channel=channel)
    answer = await said.message()
    await here.settle()
    return answer.everything_said


def told(here: Town, place: str = OCTAVIA) -> list[Message]:
    """Return what somebody, or a channel, was told without asking."""
    return [
        message
        for message in here.slack.workspace.messages_in(place)
        if message.from_app and message.metadata and message.metadata["event_type"] != "reply"
    ]


async def withheld(here: Town) -> list[NoticeWithheld]:
    return [one.event for one in await here.events() if isinstance(one.event, NoticeWithheld)]


async def test_who_follows_a_job_is_told_when_it_fails_and_when_it_is_fixed(
    database_url: str, tmp_path: Path
) -> None:
    async with town(database_url, tmp_path, slack=as_installed()) as here:
        here.open_pull()
        await link(here, "octavia")
        await night(here, job("nozzle"))
        said = here.say("/subscribe nozzle", by=MEMBER)
        await here.settle()
        assert here.reactions(said) == ["eyes", "+1"]
        assert here.replies == []

        await night(here, job("nozzle", "failure"))
        [red] = told(here)
        await night(here, job("nozzle", "failure"))
        assert told(here) == [red]
        await night(here, job("nozzle"))

        [_, green] = told(here)
        assert red.text.startswith("nozzle fails now in Nightly of ")
        assert green.text.startswith("nozzle passes again in Nightly of ")
        assert "/acme unsubscribe" in red.everything_said


async def test_a_restart_in_between_sends_nothing_twice(database_url: str, tmp_path: Path) -> None:
    async with town(database_url, tmp_path, slack=as_installed()) as here:
        await link(here, "octavia")
        await night(here, job(NEEDED))
        await say(here, "subscribe nightly")
        # Slack takes the message, and its answer is lost; then the process ends.
        here.slack.fail_next("chat.postMessage", status=500, after_effect=True)
        await night(here, job(NEEDED, "failure"))
        assert len(told(here)) == 1
        assert not [one for one in await here.events() if isinstance(one.event, NoticeSent)]

        await here.stop()
        await here.start(database_url)
        await here.hurry()

        sent = [one.event for one in await here.events() if isinstance(one.event, NoticeSent)]
        assert [event.found for event in sent] == [True]
        assert len(told(here)) == 1
        await night(here, job(NEEDED))
        assert len(told(here)) == 2


async def test_a_rerun_that_helps_is_told_to_those_who_were_told_of_the_failure(
    tmp_path: Path,
) -> None:
    url = f"sqlite:///{tmp_path / 'chatops.db'}"
    async with town(url, tmp_path, slack=as_installed()) as here:
        await link(here, "octavia")
        await night(here, job(NEEDED))
        await say(here, "subscribe nightly")
        run = await night(here, job(NEEDED, "failure", "success"))

        here.hub.world.ci.rerun_failed(run, actor=MEMBER)
        await here.let_ci_end()

        red, green = told(here)
        assert red.text.startswith("test (a) fails now")
        assert green.text.endswith("in attempt 2.")


async def test_two_subscribers_and_a_channel_are_told_of_their_own(
    database_url: str, tmp_path: Path
) -> None:
    async with town(database_url, tmp_path, slack=as_installed()) as here:
        await link(here, "octavia")
        await link(here, "mona", AUTHOR)
        await night(here, job("nozzle"), job("tank"))
        await say(here, "subscribe nozzle")
        await say(here, "subscribe tank", user="mona")
        answer = await say(here, "subscribe * here", user="newcomer")
        assert "From now on I tell this channel" in answer

        await night(here, job("nozzle", "failure"), job("tank", "failure"))

        assert [message.text.partition(" in ")[0] for message in told(here)] == ["nozzle fails now"]
        assert [one.text.partition(" in ")[0] for one in told(here, MONA)] == ["tank fails now"]
        [both] = told(here, CHANNEL)
        assert both.text.startswith("2 jobs fail now")


async def test_what_is_muted_is_held_back_and_the_list_says_why(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'chatops.db'}"
    async with town(url, tmp_path, slack=as_installed()) as here:
        here.open_pull()
        await link(here, "octavia")
        await night(here, job("nozzle"))
        await say(here, "subscribe nozzle")
        here.say("/mute nozzle for 30d the pump is being moved", by=MEMBER)
        await here.settle()

        await night(here, job("nozzle", "failure"))

        assert told(here) == []
        [held] = await withheld(here)
        assert (held.reason, held.jobs) == ("muted", ("Nightly / nozzle",))
        listed = await say(here, "subscribe list")
        assert "What I held back lately" in listed
        assert "the pump is being moved" in listed


async def test_who_stops_it_by_the_button_is_told_no_more(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'chatops.db'}"
    async with town(url, tmp_path, slack=as_installed()) as here:
        await link(here, "octavia")
        await night(here, job("nozzle"), job("tank"))
        await say(here, "subscribe nozzle")
        await say(here, "subscribe tank")
        await night(here, job("nozzle", "failure"), job("tank"))
        [notice] = told(here)

        pressed = await here.slack.click(notice, "offer/0", user="octavia")
        answer = await pressed.message()
        await here.settle()
        await night(here, job("nozzle"), job("tank", "failure"))

        assert "I tell you no more of 1 thing" in answer.text
        assert [message.text.partition(" in ")[0] for message in told(here)] == [
            "nozzle fails now",
            "tank fails now",
        ]


async def test_who_asked_last_can_take_it_back(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'chatops.db'}"
    async with town(url, tmp_path, slack=as_installed()) as here:
        await link(here, "octavia")
        await night(here, job("nozzle"))
        await say(here, "subscribe nozzle")

        await say(here, "undo")
        await night(here, job("nozzle", "failure"))

        assert told(here) == []


async def test_who_follows_a_pull_request_is_told_how_its_checks_end(
    database_url: str, tmp_path: Path
) -> None:
    async with town(database_url, tmp_path, slack=as_installed()) as here:
        await link(here, "octavia")
        pull = here.open_pull()
        here.say("/subscribe", by=MEMBER)
        await here.settle()

        jobs = [job("test (a)"), job("test (b)", "failure", "success")]
        run = here.repository.run(workflow="CI", pull=pull, jobs=jobs)
        here.repository.run(workflow="Static checks", pull=pull, jobs=[job("lint")])
        gate = here.repository.run(
            workflow="Gatekeeper", pull=pull, jobs=[job("gatekeeper", "failure", "success")]
        )
        await here.let_ci_end()
        [red] = told(here)
        here.hub.world.ci.rerun_failed(run, actor=MEMBER)
        await here.let_ci_end()
        here.hub.world.ci.rerun_failed(gate, actor=MEMBER)
        await here.let_ci_end()

        [_, green] = told(here)
        assert red.text == f"acme/rocket#{PULL} is red: 1 check failed."
        assert green.text.startswith(f"acme/rocket#{PULL} is green: 3 required checks passed")


async def test_who_is_not_linked_is_told_how_and_nobody_is_subscribed(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'chatops.db'}"
    async with town(url, tmp_path, slack=as_installed()) as here:
        here.open_pull()
        here.say("/subscribe", by=MEMBER)
        await here.settle()

        assert "Say `/acme link` in Slack" in here.reply
        assert "Say /acme link" in (await say(here, "subscribe nightly")).replace("`", "")


async def test_a_dry_run_says_what_it_would_do_and_does_nothing(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'chatops.db'}"
    async with town(url, tmp_path, slack=as_installed()) as here:
        await link(here, "octavia")
        await night(here, job(NEEDED))
        answer = await say(here, "subscribe nightly --dry-run")

        await night(here, job(NEEDED, "failure"))

        assert "Would tell you in Slack what changes with" in answer
        assert told(here) == []


async def test_what_is_told_twice_by_github_is_told_once_by_us(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'chatops.db'}"
    async with town(url, tmp_path, slack=as_installed()) as here:
        await link(here, "octavia")
        await night(here, job(NEEDED))
        await say(here, "subscribe nightly")
        await night(here, job(NEEDED, "failure"))

        for delivery in list(here.hub.webhooks.deliveries):
            await asyncio.to_thread(here.hub.webhooks.redeliver, delivery.id)
        await here.settle()

        assert len(told(here)) == 1
        wanted = [one for one in await here.events() if isinstance(one.event, NoticeWanted)]
        assert len(wanted) == 1


class ThreeDaysLater(SystemClock):
    """A clock that is three days ahead."""

    def now(self) -> datetime:
        return super().now() + timedelta(days=3)


async def test_a_lost_word_about_one_job_keeps_no_night_unsaid(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'chatops.db'}"
    async with town(url, tmp_path, slack=as_installed()) as here:
        await link(here, "octavia")
        await night(here, job(NEEDED))
        await say(here, "subscribe nightly")
        here.pass_time(A_DAY)
        run = here.repository.run(
            workflow="Nightly", event="schedule", jobs=[BUILD, job(NEEDED, "failure")]
        )
        queued = JobQueued(
            repo=Repo(REPO), run_id=RunId(run.id), attempt=1, job_id=JobId(9), name="never heard of"
        )
        await here.service.record(
            Batch(facts=[Fact(event=queued, source="github", correlation_id="x")])
        )
        await here.let_ci_end()
        assert told(here) == []

        here.service.clock = ThreeDaysLater()
        assert await here.service.rounds.make("give_up_waiting") == 1
        await here.settle()

        assert len(told(here)) == 1
        assert await here.service.rounds.make("give_up_waiting") == 0
