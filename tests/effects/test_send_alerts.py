from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import msgspec
import pytest

from chatops.effects.edit_alerts import EditAlerts
from chatops.effects.send_alerts import SendAlerts
from chatops.engine.clock import SystemClock
from chatops.errors import Refused, Transient
from chatops.events.alerts import AlertMessageOutdated, AlertMessageSent, AlertMessageWanted, Told
from chatops.gateways.slack import SlackGateway
from chatops.gateways.slack_workspaces import SlackWorkspaces
from chatops.ports import Ports
from chatops.standins.slack import Message, SlackStandIn
from tests.alerting import CHANNEL, alert, wanted
from tests.effects.outside import outside

pytestmark = pytest.mark.anyio

LEAST = ("commands", "chat:write")
READING = (*LEAST, "channels:history")


@dataclass
class Room:
    """A pretend Slack with the channel, and the ports that reach it."""

    slack: SlackStandIn
    ports: Ports

    async def send(self, message: AlertMessageWanted) -> AlertMessageSent:
        (sent,) = await SendAlerts().perform(message, self.ports)
        assert isinstance(sent, AlertMessageSent)
        return sent

    @property
    def told(self) -> list[Message]:
        return [message for message in self.slack.messages if message.from_app]


@asynccontextmanager
async def room(scopes: tuple[str, ...] = READING) -> AsyncIterator[Room]:
    async with (
        outside() as world,
        SlackStandIn(scopes=scopes) as slack,
        SlackWorkspaces(SlackGateway(api_url=slack.api_url, bot_token=slack.bot_token)) as gateway,
    ):
        slack.workspace.add_channel("quality")
        yield Room(slack, Ports(clock=SystemClock(), github=world.ports.github, slack=gateway))


def now_wanted(**changes: object) -> AlertMessageWanted:
    return wanted(alert(), wanted_at=SystemClock().now(), **changes)


async def test_a_channel_is_told() -> None:
    async with room() as here:
        sent = await here.send(now_wanted())

        (message,) = here.told
        assert (message.channel, message.reply_broadcast) == (CHANNEL, False)
        assert message.text == "Required: Nightly / engine / nozzle has failed 2 nights in a row."
        assert (sent.name, sent.alerts, sent.found) == (message.ts, (alert().alert,), False)


async def test_a_call_that_took_effect_without_an_answer_is_not_made_again() -> None:
    async with room() as here:
        here.slack.fail_next("chat.postMessage", status=500, after_effect=True)
        message = now_wanted()
        with pytest.raises(Transient):
            await here.send(message)

        sent = await here.send(message)

        assert (len(here.told), sent.found, sent.name) == (1, True, here.told[0].ts)


async def test_what_belongs_below_a_message_is_said_there_and_shown_in_the_channel() -> None:
    async with room() as here:
        first = await here.send(now_wanted())
        below = now_wanted(message="another", thread=first.name)
        await here.send(below)
        again = await here.send(below)

        [_, message] = here.told
        assert (message.thread_ts, message.reply_broadcast) == (first.name, True)
        assert again.found


async def test_where_the_channel_may_not_be_read_it_is_told_without_a_look() -> None:
    async with room(LEAST) as here:
        assert not (await here.send(now_wanted())).found
        assert len(here.told) == 1


async def test_what_slack_says_is_kept_with_what_was_not_told() -> None:
    async with room() as here:
        unknown = now_wanted(channel="C0NOWHERE")
        with pytest.raises(Refused) as refused:
            await SendAlerts().perform(unknown, here.ports)

        (held,) = SendAlerts().refused(unknown, refused.value)

        assert msgspec.structs.asdict(held)["reason"] == "channel_not_found"
        assert held.key() == f"{unknown.message}/withheld/channel_not_found"


async def test_a_message_is_written_again_as_it_is_now() -> None:
    async with room() as here:
        message = now_wanted()
        sent = await here.send(message)
        over = AlertMessageOutdated(
            message=message.message, community="acme", channel=CHANNEL, name=sent.name, because="x",
            news=message.news, told=(Told(alert=alert().alert, is_over=True),),
        )  # fmt: skip

        for _ in range(2):
            assert await EditAlerts().perform(over, here.ports) == []

        (edited,) = here.told
        assert edited.text == "Nightly / engine / nozzle: over."
        assert (await here.send(message)).found


def test_what_it_would_do_is_said_in_a_sentence() -> None:
    assert (
        SendAlerts().describe(wanted()) == f"Would tell the channel {CHANNEL} in Slack of 1 alert."
    )
