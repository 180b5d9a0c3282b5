import msgspec
import pytest

from chatops.effects.show_preview import ShowPreview
from chatops.engine.clock import SystemClock
from chatops.errors import Refused
from chatops.events.previews import PreviewShown, PreviewWanted
from chatops.gateways.slack import SlackGateway
from chatops.gateways.slack_workspaces import SlackWorkspaces
from chatops.ports import Ports
from chatops.standins.slack import Message, SlackStandIn
from chatops.standins.slack.workspace import texts_in
from tests.effects.outside import outside

pytestmark = pytest.mark.anyio

URL = "https://ci.example/nightly"
SCOPES = ("chat:write", "links:read", "links:write")


def wanted(message: Message, url: str = URL) -> PreviewWanted:
    return PreviewWanted(
        community="acme", url=url, channel=message.channel, message=message.ts, title="The nightly",
        says="3 jobs failed.", tone="bad", lines=("Newly failing: <!channel>",), nights=("failed",),
    )  # fmt: skip


async def test_it_is_shown_under_the_message_once_however_often_it_is_done() -> None:
    async with (
        outside() as world,
        SlackStandIn(scopes=SCOPES) as slack,
        SlackWorkspaces(SlackGateway(api_url=slack.api_url, bot_token=slack.bot_token)) as gateway,
    ):
        ports = Ports(clock=SystemClock(), github=world.ports.github, slack=gateway)
        message = await slack.say(f"Look at {URL}, please.")

        await ShowPreview().perform(wanted(message), ports)
        [outcome] = await ShowPreview().perform(wanted(message), ports)

        [(url, blocks)] = slack.workspace.message(message.channel, message.ts).unfurls
        assert url == URL
        assert "3 jobs failed." in texts_in(blocks)
        assert isinstance(outcome, PreviewShown)


async def test_without_the_picture_it_is_shown_where_slack_cannot_fetch_that() -> None:
    async with (
        outside() as world,
        SlackStandIn(scopes=SCOPES) as slack,
        SlackWorkspaces(SlackGateway(api_url=slack.api_url, bot_token=slack.bot_token)) as gateway,
    ):
        ports = Ports(clock=SystemClock(), github=world.ports.github, slack=gateway)
        asked = wanted(await slack.say(URL))
        pictured = msgspec.structs.replace(asked, picture="https://ci.example/strip/drawn/f.png")
        slack.fail_next("chat.unfurl", error="invalid_blocks")

        [outcome] = await ShowPreview().perform(pictured, ports)

        [message] = slack.messages
        [(_, blocks)] = message.unfurls
        assert isinstance(outcome, PreviewShown)
        assert outcome.problem == ""
        assert "large_red_square" in str(blocks)


async def test_what_slack_does_not_take_stays_a_bare_address() -> None:
    async with (
        outside() as world,
        SlackStandIn(scopes=SCOPES) as slack,
        SlackWorkspaces(SlackGateway(api_url=slack.api_url, bot_token=slack.bot_token)) as gateway,
    ):
        ports = Ports(clock=SystemClock(), github=world.ports.github, slack=gateway)
        asked = wanted(await slack.say("There is no address in this."))

        with pytest.raises(Refused) as refusal:
            await ShowPreview().perform(asked, ports)
        [outcome] = ShowPreview().refused(asked, refusal.value)

        assert isinstance(outcome, PreviewShown)
        assert "cannot_unfurl_url" in outcome.problem


async def test_what_it_would_do_is_said_in_a_sentence() -> None:
    async with SlackStandIn() as slack:
        said = ShowPreview().describe(wanted(await slack.say(URL)))

    assert said == "Would show “The nightly” under the address that was named in Slack."
