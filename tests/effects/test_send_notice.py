from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

import msgspec
import pytest

from chatops.effects.send_notice import SendNotice
from chatops.engine.clock import SystemClock
from chatops.errors import Refused, Transient
from chatops.events.notices import NoticeSent, NoticeWanted, NoticeWithheld
from chatops.gateways.slack import SlackGateway
from chatops.gateways.slack_workspaces import SlackWorkspaces
from chatops.names import RunId
from chatops.ports import Ports
from chatops.standins.slack import Message, SlackStandIn
from tests.effects.outside import outside
from tests.scene import REPO

pytestmark = pytest.mark.anyio

SCOPES = ("commands", "chat:write", "app_mentions:read", "im:write", "im:history")
"""What the manifest asks for."""
EVERYTHING = (*SCOPES, "channels:history")
MONA, CHANNEL = "U0MONA", "C0CI"


@dataclass
class Room:
    """A pretend Slack, and the ports that reach it."""

    slack: SlackStandIn
    ports: Ports

    async def send(self, wanted: NoticeWanted) -> NoticeSent:
        (sent,) = await SendNotice().perform(wanted, self.ports)
        assert isinstance(sent, NoticeSent)
        return sent

    @property
    def told(self) -> list[Message]:
        return [message for message in self.slack.messages if message.from_app]


@asynccontextmanager
async def room(scopes: tuple[str, ...] = SCOPES) -> AsyncIterator[Room]:
    async with (
        outside() as world,
        SlackStandIn(scopes=scopes) as slack,
        SlackWorkspaces(SlackGateway(api_url=slack.api_url, bot_token=slack.bot_token)) as gateway,
    ):
        yield Room(slack, Ports(clock=SystemClock(), github=world.ports.github, slack=gateway))


def wanted(to: str = MONA, **changes: object) -> NoticeWanted:
    described = {
        "notice": f"notice/acme/{to}/10/1", "community": "acme", "subscriber": "person/mona",
        "repo": REPO, "run_id": RunId(10), "attempt": 1, "to": to, "topics": ("nightly",),
        "workflow": "Nightly", "night": "Sat 22 Aug", "failing": ("Nightly / nozzle",),
        "url": "https://ci.example/nightly", "slash_command": "/acme",
        "wanted_at": SystemClock().now(),
    }  # fmt: skip
    return NoticeWanted(**{**described, **changes})  # type: ignore[arg-type]  # of whatever kind each field is


async def test_somebody_is_told_in_their_conversation_with_the_bot() -> None:
    async with room() as here:
        sent = await here.send(wanted())

        (message,) = here.told
        assert here.slack.workspace.channel(message.channel).with_user == MONA
        assert message.text == "nozzle fails now in Nightly of Sat 22 Aug."
        assert (sent.notice, sent.found) == ("notice/acme/U0MONA/10/1", False)
        assert sent.message == f"{message.channel}/{message.ts}"


async def test_who_was_told_before_the_process_died_is_not_told_again() -> None:
    async with room() as here:
        notice = wanted()
        first = await here.send(notice)

        again = await here.send(notice)

        assert len(here.told) == 1
        assert (again.message, again.found) == (first.message, True)


async def test_a_call_that_took_effect_without_an_answer_is_not_made_again() -> None:
    async with room() as here:
        here.slack.fail_next(
            "chat.postMessage", status=500, error="internal_error", after_effect=True
        )
        notice = wanted()
        with pytest.raises(Transient):
            await here.send(notice)

        assert (await here.send(notice)).found
        assert len(here.told) == 1


async def test_another_notice_is_another_message() -> None:
    async with room() as here:
        await here.send(wanted())
        await here.send(wanted(notice="notice/acme/U0MONA/11/1"))

        assert len(here.told) == 2


async def test_a_notice_is_found_among_many_messages_that_came_after_it() -> None:
    async with room() as here:
        notice = wanted()
        first = await here.send(notice)
        place = first.message.partition("/")[0]
        for number in range(250):
            here.slack.workspace.post(place, f"message {number}")

        assert (await here.send(notice)).found


async def test_a_channel_is_told_once_where_it_may_be_read() -> None:
    async with room(EVERYTHING) as here:
        notice = wanted(CHANNEL, subscriber="channel/T1/C0CI")
        first = await here.send(notice)
        again = await here.send(notice)

        (message,) = here.told
        assert (message.channel, first.message, again.found) == (CHANNEL, message.ts, True)


async def test_a_channel_that_may_not_be_read_is_told_all_the_same() -> None:
    async with room() as here:
        sent = await here.send(wanted(CHANNEL, subscriber="channel/T1/C0CI"))

        assert not sent.found
        assert [message.channel for message in here.told] == [CHANNEL]
        assert here.slack.calls("conversations.history")[0].answer["error"] == "missing_scope"


async def test_somebody_is_told_by_an_app_that_was_not_installed_again() -> None:
    async with room(("commands", "chat:write", "app_mentions:read")) as here:
        sent = await here.send(wanted())

        (message,) = here.told
        assert here.slack.workspace.channel(message.channel).with_user == MONA
        assert not sent.found


async def test_what_slack_does_not_take_is_held_back_with_its_words() -> None:
    async with room() as here:
        here.slack.workspace.archive(CHANNEL)
        notice = wanted(CHANNEL, subscriber="channel/T1/C0CI", fixed=("Nightly / fin",))
        with pytest.raises(Refused) as refused:
            await here.send(notice)

        (held,) = SendNotice().refused(notice, refused.value)

        assert isinstance(held, NoticeWithheld)
        assert (held.reason, held.text) == ("is_archived", "That channel is archived.")
        assert held.jobs == ("Nightly / nozzle", "Nightly / fin")
        assert held.key() == f"{notice.notice}/withheld/is_archived"


async def test_without_slack_nobody_is_told() -> None:
    async with room() as here:
        here.ports = Ports(clock=here.ports.clock, github=here.ports.github)

        with pytest.raises(Refused, match="not set up"):
            await here.send(wanted())


async def test_an_old_message_is_not_looked_for() -> None:
    async with room() as here:
        notice = wanted()
        await here.send(notice)

        later = msgspec.structs.replace(notice, wanted_at=notice.wanted_at + timedelta(hours=2))

        assert not (await here.send(later)).found


def test_it_says_beforehand_what_it_would_do() -> None:
    assert SendNotice().describe(wanted()) == "Would tell of Nightly, Sat 22 Aug in Slack."
