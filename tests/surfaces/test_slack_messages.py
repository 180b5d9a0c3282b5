"""Where an answer in Slack goes, what of it can be changed, and what becomes of it where the bot is not let in."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from chatops.engine.answer import Answer, Tone
from chatops.errors import NotThere
from chatops.events.conversation import CommandReceived
from chatops.gateways.slack import SlackGateway
from chatops.gateways.slack_workspaces import SlackWorkspaces
from chatops.names import CommandId
from chatops.standins.slack import SlackStandIn
from chatops.surfaces.slack_messages import Messages
from tests.scene import received

pytestmark = pytest.mark.anyio

BUSY = Answer(verdict=("Under way.",), tone=Tone.BUSY)
DONE = Answer(verdict=("Done.",), tone=Tone.GOOD)
SECRET = replace(DONE, private=True)
MINUTE = timedelta(minutes=1)


class Room:
    """A pretend Slack, and the surface that a test is about."""

    def __init__(self, slack: SlackStandIn, slack_there: SlackWorkspaces) -> None:
        self.slack = slack
        self.messages = Messages(slack_there)
        self.now = datetime(2026, 1, 5, tzinfo=UTC)

    def asked(self, **changes: object) -> CommandReceived:
        """Return a slash command of mona's in #ci."""
        ticket = self.slack.tickets.give_response_url(user="U0MONA", channel="C0CI")
        slash = {
            "surface": "slack", "by": "U0MONA", "channel": "C0CI",
            "response_url": f"{self.slack.url}/commands/{ticket.token}",
        }  # fmt: skip
        return received(**slash | changes)

    async def say(self, asked: CommandReceived, *answers: Answer) -> None:
        """Say one answer, and then what becomes of it."""
        first, *later = (self.messages.render(answer, asked) for answer in answers)
        name = await self.messages.post(asked, first)
        for rendered in later:
            await self.messages.edit(asked, name, rendered)

    def said(self) -> list[tuple[str, str, bool, int]]:
        """Return each message: where, what, whether for one person alone, how often changed."""
        return [(one.channel, one.text, one.is_ephemeral, one.edits) for one in self.slack.messages]


@asynccontextmanager
async def room() -> AsyncIterator[Room]:
    here: list[Room] = []

    def clock() -> datetime:
        return here[0].now if here else datetime(2026, 1, 5, tzinfo=UTC)

    async with (
        SlackStandIn(clock=clock) as slack,
        SlackWorkspaces(SlackGateway(api_url=slack.api_url, bot_token=slack.bot_token)) as gateway,
    ):
        here.append(Room(slack, gateway))
        yield here[0]


async def test_what_everybody_may_see_is_one_message_that_changes() -> None:
    async with room() as here:
        await here.say(here.asked(), BUSY, DONE)

        assert here.said() == [("C0CI", "Done.", False, 1)]


async def test_what_one_person_may_see_is_whispered() -> None:
    async with room() as here:
        await here.say(here.asked(), SECRET)
        await here.say(here.asked(response_url=""), SECRET)

        assert here.said() == [("C0CI", "Done.", True, 0)] * 2


async def test_what_is_asked_between_the_two_is_answered_there_and_changes() -> None:
    async with room() as here:
        await here.say(here.asked(channel="U0MONA", response_url=""), BUSY, SECRET)

        [(place, text, is_whispered, edits)] = here.said()
        assert place == here.slack.workspace.direct_channel("U0MONA").id
        assert (text, is_whispered, edits) == ("Done.", False, 1)


async def test_where_the_bot_is_not_let_in_the_beginning_and_the_end_are_told() -> None:
    async with room() as here:
        here.slack.fail_next("chat.postMessage", error="not_in_channel")

        await here.say(here.asked(), BUSY, BUSY, replace(BUSY, verdict=("Still.",)), DONE)

        assert here.said() == [("C0CI", "Under way.", False, 0), ("C0CI", "Done.", False, 0)]


async def test_what_ends_after_slack_takes_answers_is_told_to_who_asked() -> None:
    async with room() as here:
        asked = here.asked()
        here.slack.fail_next("chat.postMessage", error="not_in_channel")
        await here.say(asked, BUSY)
        here.now += timedelta(minutes=31)

        await here.messages.edit(asked, "", here.messages.render(DONE, asked))

        place = here.slack.workspace.direct_channel("U0MONA").id
        assert here.said()[1:] == [(place, "Done.", False, 0)]


async def test_a_pressed_button_does_not_lose_the_message_it_stands_in() -> None:
    async with room() as here:
        first = here.slack.workspace.post("C0CI", "the nightly")
        ticket = here.slack.tickets.give_response_url(
            user="U0MONA", channel="C0CI", source_ts=first.ts
        )
        url = f"{here.slack.url}/commands/{ticket.token}"
        asked = here.asked(response_url=url, thread=first.ts)

        await here.say(asked, SECRET, replace(SECRET, verdict=("And more.",)))

        assert here.said()[0] == ("C0CI", "the nightly", False, 0)
        assert [one.thread_ts for one in here.slack.messages[1:]] == [first.ts] * 2


async def test_where_we_have_no_token_what_is_asked_is_answered_all_the_same() -> None:
    async with room() as here:
        named = SlackGateway(api_url=here.slack.api_url, bot_token=here.slack.bot_token)
        here.messages = Messages(SlackWorkspaces(None, {"T0OTHER": named}))
        async with named:
            await here.say(here.asked(team="T0STANDIN"), BUSY, DONE)
            with pytest.raises(NotThere):
                await here.say(here.asked(team="T0STANDIN", response_url=""), DONE)

        assert [(channel, text) for channel, text, *_ in here.said()] == [
            ("C0CI", BUSY.verdict[0]),
            ("C0CI", "Done."),
        ]


async def test_a_message_that_nobody_noted_is_found_and_changed() -> None:
    async with room() as here:
        asked = here.asked(said_at=here.now - MINUTE)
        name = await here.messages.post(asked, here.messages.render(BUSY, asked))
        other = here.asked(said_at=here.now - MINUTE, command=CommandId("command/slack/other"))

        assert await here.messages.find(asked, again=True) == name
        assert await here.messages.find(other, again=True) is None
        assert len(here.slack.calls("conversations.history")) == 2
        # At first nobody can have written it, and reading the channel is spared.
        assert await here.messages.find(asked, again=False) is None
        assert len(here.slack.calls("conversations.history")) == 2


async def test_where_we_may_not_read_nothing_is_found() -> None:
    async with room() as here:
        here.slack.web_api.scopes = frozenset({"chat:write"})
        asked = here.asked(said_at=here.now - MINUTE)
        await here.messages.post(asked, here.messages.render(BUSY, asked))

        assert await here.messages.find(asked, again=True) is None
