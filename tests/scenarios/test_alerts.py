"""What lasts is told in a channel once, and once that it is over; its buttons are commands, and a mute keeps still."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from chatops.app import Service
from chatops.config import read_configuration
from chatops.engine.clock import SystemClock
from chatops.engine.log import Batch
from chatops.events import Event, Fact
from chatops.events.alerts import (
    AlertMessageSent,
    AlertMessageWanted,
    AlertMessageWithheld,
    AlertsTurned,
)
from chatops.running.serving import running
from chatops.settings import read_settings
from chatops.standins.slack import Message, SlackStandIn
from tests.alerting import nights, settled
from tests.scenarios.process import Process
from tests.scenarios.signing_in import link
from tests.scenarios.test_slack_home import values
from tests.scenarios.test_subscriptions import job, night, say
from tests.scenarios.world import CONFIGURATION, MEMBER, Town, town

pytestmark = pytest.mark.anyio

CHANNEL = "C0QUALITY"
CHANNELS = f"""\
    channels:
      {CHANNEL}: {{name: quality, alerts: {{thread: false}}}}
"""
THREADS = CHANNELS.replace("false", "true")
NEEDED = "test (a)"
"""A job that is required."""
RED_AND_OVER = ["test (a): over.", "test (a) passes again."]
"""What a channel has, in the end, of an alert: the message of its beginning, edited, and that of its end."""


class At(SystemClock):
    """A clock that stands still."""

    def __init__(self, at: datetime) -> None:
        self._at = at

    def now(self) -> datetime:
        return self._at


def rooms() -> SlackStandIn:
    """Return a Slack with a channel that hears alerts."""
    slack = SlackStandIn()
    assert slack.workspace.add_channel("quality").id == CHANNEL
    return slack


def told(here: Town) -> list[Message]:
    """Return what the channel was told without asking."""
    return [
        message
        for message in here.slack.workspace.messages_in(CHANNEL)
        if message.from_app and message.metadata and message.metadata["event_type"] != "reply"
    ]


async def test_what_lasts_is_told_once_and_so_is_its_end(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'chatops.db'}"
    async with town(url, tmp_path, slack=rooms(), extra=CHANNELS) as here:
        await night(here, job(NEEDED), job("nozzle"))
        await night(here, job(NEEDED, "failure"), job("nozzle", "failure"))
        assert told(here) == []

        # Slack takes the message, and its answer is lost; then the process ends.
        here.slack.fail_next("chat.postMessage", status=500, after_effect=True)
        await night(here, job(NEEDED, "failure"), job("nozzle"))
        await here.stop()
        await here.start(url)
        await here.hurry()
        [red] = told(here)
        await night(here, job(NEEDED, "failure"), job("nozzle"))
        await night(here, job(NEEDED), job("nozzle"))
        assert told(here) == [red]
        await night(here, job(NEEDED), job("nozzle"))

        [again, over] = told(here)
        assert red.text == "Required: test (a) has failed 2 nights in a row."
        assert again.text == "test (a): over."
        assert over.text == "test (a) passes again."
        assert (over.thread_ts, over.reply_broadcast) == (red.ts, True)
        sent = [one.event for one in await here.events() if isinstance(one.event, AlertMessageSent)]
        assert [event.found for event in sent] == [True, False]


async def test_buttons_are_commands_and_a_mute_keeps_still(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'chatops.db'}"
    async with town(url, tmp_path, slack=rooms(), extra=CHANNELS) as here:
        await link(here, "octavia")
        await night(here, job(NEEDED), job("test (b)"))
        for _ in range(2):
            await night(here, job(NEEDED, "failure"), job("test (b)"))
        [red] = told(here)

        # A button goes when it was used, and the others move up.
        for _ in ("ack", "take"):
            [now] = told(here)
            pressed = await here.slack.click(now, "offer/0", user="octavia")
            await pressed.message()
            await here.settle()
        [now] = told(here)
        await here.slack.click(now, "form/0", user="octavia")
        form = await here.slack.wait_for_modal("octavia")
        job_field, *_ = form.content["blocks"]
        named = job_field["element"]["initial_value"]
        lasts = {"type": "static_select", "selected_option": {"value": "3d"}}
        reason = {"type": "plain_text_input", "value": "the pump is being moved"}
        await here.slack.submit(form, values(said=named, lasts=lasts, reason=reason))
        await here.settle()
        assert named == "Nightly / test (a)"
        [after] = told(here)
        said = [block for block in after.blocks if block["type"] == "actions"]
        assert said == []
        for words in (f"Seen by {MEMBER}", f"{MEMBER} looks after it", "Muted until"):
            assert words in after.everything_said
        assert "the pump is being moved" in await say(here, "mute", channel="ci")
        listed = await say(here, "alerts", channel="ci")
        assert f"{MEMBER} looks after it" in listed

        await say(here, "mute (b) for 30d the pump is being moved", channel="ci")
        for _ in range(2):
            await night(here, job(NEEDED, "failure"), job("test (b)", "failure"))

        assert [message.ts for message in told(here)] == [red.ts]
        why = await say(here, "alerts (b)", channel="ci")
        assert "What I held back lately" in why
        assert "the pump is being moved" in why


async def test_a_night_has_one_message_from_running_to_its_verdict(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'chatops.db'}"
    async with town(url, tmp_path, slack=rooms(), extra=THREADS) as here:
        await night(here, job(NEEDED), job("nozzle"))
        await night(here, job(NEEDED), job("nozzle", "failure"))
        await night(here, job(NEEDED, "failure"), job("nozzle", "failure"))

        first, second, quiet, third, loud = told(here)
        assert (first.thread_ts, second.thread_ts, third.thread_ts) == (None, None, None)
        assert first.text.startswith("3 tests passed in the night of ")
        assert second.text.startswith("1 of 3 tests failed in the night of ")
        assert third.text.startswith("2 of 3 tests failed in the night of ")
        assert "1 of them required" in third.text
        assert (quiet.thread_ts, quiet.reply_broadcast) == (second.ts, False)
        assert (loud.thread_ts, loud.reply_broadcast) == (third.ts, True)
        assert loud.text == "The night has turned red. test (a) fails newly."


async def test_a_canary_goes_all_the_way_and_what_was_held_back_is_told_later(
    tmp_path: Path,
) -> None:
    url = f"sqlite:///{tmp_path / 'chatops.db'}"
    now = datetime.now(UTC)
    begins, ends = now - timedelta(hours=2), now + timedelta(hours=2)
    rest = f"quiet_from: '{begins:%H:%M}', quiet_to: '{ends:%H:%M}'"
    resting = CHANNELS.replace("thread: false", f"thread: false, {rest}")
    async with town(url, tmp_path, slack=rooms(), extra=resting) as here:
        assert await here.service.rounds.make("send_canary") == 1
        await here.settle()
        kinds = [one.event.kind for one in await here.events()]
        assert [kind for kind in kinds if kind.startswith("canary")] == [
            "canary.sent",
            "canary.seen",
            "canary.returned",
        ]

        await night(here, job(NEEDED))
        for _ in range(2):
            await night(here, job(NEEDED, "failure"))
        assert told(here) == []
        held = [
            one.event for one in await here.events() if isinstance(one.event, AlertMessageWithheld)
        ]
        assert [(one.reason, [alert.subject for alert in one.opened]) for one in held] == [
            ("quiet", ["Nightly / test (a)"])
        ]

        assert held[0].until is not None
        here.service.clock = At(held[0].until + timedelta(minutes=2))
        for _ in range(2):
            await here.service.rounds.make("watch_alerts")
            await here.settle()

        [late] = told(here)
        assert late.text == "Required: test (a) has failed 2 nights in a row."
        assert "Held back while the channel rested: 1 alert." in late.everything_said


@pytest.mark.postgres
async def test_two_processes_tell_each_edge_once(fresh_postgres: str, tmp_path: Path) -> None:
    url = fresh_postgres.replace("+psycopg", "")
    async with town(url, tmp_path, slack=rooms(), extra=CHANNELS) as here:
        other = Service(here.service.settings, here.service.configuration)
        async with running(other):
            await night(here, job(NEEDED))
            for outcome in ("failure", "failure", "success", "success"):
                await night(here, job(NEEDED, outcome))
            await until(lambda: len(told(here)) == len(RED_AND_OVER))
            here.service.clock = other.clock = At(datetime.now(UTC) + timedelta(days=10))
            both = (here.service, other)
            await asyncio.gather(*(one.rounds.make("watch_alerts") for one in both * 3))
            await here.settle()
            await until(lambda: len(told(here)) > len(RED_AND_OVER))
            await here.settle()

        *turned, late = told(here)
        assert [message.text for message in turned] == RED_AND_OVER
        assert late.text.startswith("Nightly: it should have begun on ")
        looks = [one.event for one in await here.events() if isinstance(one.event, AlertsTurned)]
        assert [(len(look.opened), len(look.closed)) for look in looks] == [(1, 0), (0, 1), (1, 0)]


@pytest.mark.timeout(180)
async def test_a_process_that_is_killed_at_each_step_tells_nothing_twice(tmp_path: Path) -> None:
    async with rooms() as slack:
        (tmp_path / "chatops.yaml").write_text(CONFIGURATION + CHANNELS)
        environment = {
            "CHATOPS_CONFIG": str(tmp_path / "chatops.yaml"),
            "CHATOPS_DATABASE_URL": f"sqlite:///{tmp_path / 'chatops.db'}",
            "CHATOPS_GITHUB_TOKEN": "none is called",
            "CHATOPS_GITHUB_API_URL": "http://127.0.0.1:9",
            "CHATOPS_GITHUB_WEBHOOK_SECRET": "between us",
            "CHATOPS_SLACK_API_URL": slack.api_url,
            "CHATOPS_SLACK_SIGNING_SECRET": slack.signing_secret,
            "CHATOPS_SLACK_BOT_TOKEN": slack.bot_token,
        }
        settings = read_settings(environment)
        beside = Service(settings, read_configuration(settings.config))
        await asyncio.to_thread(beside.open_database)
        process = Process(environment, tmp_path)
        # Slack takes the message, and its answer is lost.
        slack.fail_next("chat.postMessage", status=500, after_effect=True)
        try:
            await asyncio.to_thread(process.start)
            facts = [*nights(nozzle="FFF"), settled()]
            beside.log.append(
                [
                    Batch(
                        facts=[
                            Fact(event=one, source="github", correlation_id="x") for one in facts
                        ]
                    )
                ]
            )
            # As soon as it is known what is wrong, what is to be said, when Slack has it, and when that is noted.
            for step in (
                partial(recorded, beside, AlertsTurned),
                partial(recorded, beside, AlertMessageWanted),
                partial(posted, slack),
                partial(recorded, beside, AlertMessageSent),
            ):
                await until(step)
                await asyncio.to_thread(process.kill)
                await asyncio.to_thread(process.start)
                beside.work.resume()
            await until(lambda: not beside.work.backlog())
        finally:
            await asyncio.to_thread(process.kill)
            beside.database.close()

        [message] = posted(slack)
        assert message.text == "nozzle has failed 3 nights in a row."


def recorded(service: Service, kind: type[Event]) -> list[Event]:
    return [one.event for one in service.log.all() if isinstance(one.event, kind)]


def posted(slack: SlackStandIn) -> list[Message]:
    return [one for one in slack.workspace.messages_in(CHANNEL) if one.from_app]


async def until(is_so: Callable[[], object], seconds: float = 60) -> None:
    """Wait for something, generously."""
    deadline = asyncio.get_running_loop().time() + seconds
    while not await asyncio.to_thread(is_so):
        assert asyncio.get_running_loop().time() < deadline
        await asyncio.sleep(0.05)
