"""What lasts is told in a channel once, and once that it is over; its buttons are commands, and a mute keeps still."""

from pathlib import Path

import pytest

from chatops.events.alerts import AlertMessageSent
from chatops.standins.slack import Message, SlackStandIn
from tests.scenarios.test_subscriptions import job, night
from tests.scenarios.world import Town, town

pytestmark = pytest.mark.anyio

CHANNEL = "C0QUALITY"
CHANNELS = f"""\
    channels:
      {CHANNEL}: {{name: quality, alerts: {{thread: false}}}}
"""
NEEDED = "test (a)"
"""A job that is required."""


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
        if message.from_app and message.metadata is not None
    ]


async def test_what_lasts_is_told_once_and_so_is_its_end(database_url: str, tmp_path: Path) -> None:
    async with town(database_url, tmp_path, slack=rooms(), extra=CHANNELS) as here:
        await night(here, job(NEEDED), job("nozzle"))
        await night(here, job(NEEDED, "failure"), job("nozzle", "failure"))
        assert told(here) == []

        # Slack takes the message, and its answer is lost; then the process ends.
        here.slack.fail_next("chat.postMessage", status=500, after_effect=True)
        await night(here, job(NEEDED, "failure"), job("nozzle"))
        await here.stop()
        await here.start(database_url)
        await here.hurry()
        [red] = told(here)
        await night(here, job(NEEDED, "failure"), job("nozzle"))
        await night(here, job(NEEDED), job("nozzle"))
        assert told(here) == [red]
        await night(here, job(NEEDED), job("nozzle"))

        [again, over] = told(here)
        assert red.text == "Required: Nightly / test (a) has failed 2 nights in a row."
        assert again.text == "Nightly / test (a): over."
        assert over.text == "Nightly / test (a) passes again."
        assert (over.thread_ts, over.reply_broadcast) == (red.ts, True)
        sent = [one.event for one in await here.events() if isinstance(one.event, AlertMessageSent)]
        assert [event.found for event in sent] == [True, False]
