"""Which of Slack's workspaces a message goes to, and what is done where a token does not fit."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import pytest

from chatops.errors import NotThere, Transient
from chatops.gateways.slack import SlackGateway
from chatops.gateways.slack_workspaces import SlackWorkspaces
from chatops.ports import Workspaces
from chatops.settings import read_settings
from chatops.standins.slack import SlackStandIn, Workspace

pytestmark = pytest.mark.anyio

HOME, OTHER = "T0STANDIN", "T0OTHER"
PLAIN, NAMED = "CHATOPS_SLACK_BOT_TOKEN", f"CHATOPS_SLACK_BOT_TOKEN_{OTHER}"
HELLO = {"text": "Hello"}


@asynccontextmanager
async def two() -> AsyncIterator[tuple[SlackStandIn, SlackStandIn]]:
    first = SlackStandIn()
    workspace = Workspace(team_id=OTHER, team_name="other")
    workspace.add_channel("build")
    second = SlackStandIn(workspace=workspace, beside=first)
    async with first:
        yield first, second


@asynccontextmanager
async def speaking(slack: SlackStandIn, tokens: Mapping[str, str]) -> AsyncIterator[Workspaces]:
    settings = read_settings({"CHATOPS_SLACK_API_URL": slack.api_url, **tokens})
    async with SlackWorkspaces.from_settings(settings) as workspaces:
        yield workspaces


async def test_each_message_goes_out_with_its_workspaces_token() -> None:
    async with two() as (first, second):
        tokens = {PLAIN: first.bot_token, NAMED: second.bot_token}
        async with speaking(first, tokens) as workspaces:
            for team, channel in ((HOME, "C0CI"), ("", "C0GENERAL"), (OTHER, "C0BUILD")):
                await (await workspaces.of(team)).post(channel, HELLO)

        assert [one.channel for one in first.messages] == ["C0CI", "C0GENERAL"]
        assert [one.channel for one in second.messages] == ["C0BUILD"]


async def test_the_only_token_is_for_every_workspace_and_slack_is_not_asked_whose_it_is() -> None:
    async with two() as (first, _), speaking(first, {PLAIN: first.bot_token}) as workspaces:
        for team in (HOME, "", "T0ENTERPRISE"):
            await (await workspaces.of(team)).post("C0CI", HELLO)

        assert len(first.messages) == 3
        assert first.calls("auth.test") == []


async def test_one_workspace_can_have_its_name_in_its_token() -> None:
    async with two() as (first, second), speaking(first, {NAMED: second.bot_token}) as workspaces:
        await (await workspaces.of("")).post("C0BUILD", HELLO)

        assert len(second.messages) == 1


@pytest.mark.parametrize("team", ["T0ELSEWHERE", HOME])
async def test_where_no_token_is_the_message_is_kept_and_told_what_is_missing(team: str) -> None:
    async with two() as (first, second):
        tokens = {NAMED: second.bot_token}
        if team != HOME:
            tokens[PLAIN] = first.bot_token
        async with speaking(first, tokens) as workspaces:
            with pytest.raises(NotThere, match=f"CHATOPS_SLACK_BOT_TOKEN_{team}"):
                await workspaces.of(team)


async def test_which_of_several_is_meant_has_to_be_said_where_none_is_the_usual_one() -> None:
    async with two() as (first, second):
        tokens = {NAMED: second.bot_token, f"{PLAIN}_{HOME}": first.bot_token}
        async with speaking(first, tokens) as workspaces:
            with pytest.raises(NotThere, match="do not know which"):
                await workspaces.of("")


async def test_a_token_of_another_workspace_is_not_used() -> None:
    async with two() as (first, _):
        tokens = {PLAIN: first.bot_token, NAMED: first.bot_token}
        async with speaking(first, tokens) as workspaces:
            with pytest.raises(NotThere, match=f"belongs to another Slack workspace .{HOME}"):
                await workspaces.of(OTHER)
            assert isinstance(workspaces, SlackWorkspaces)
            assert [team for team, problem in (await workspaces.problems()).items() if problem] == [
                OTHER
            ]
        assert first.messages == ()


async def test_while_slack_is_away_a_message_waits_and_then_goes_where_it_should() -> None:
    async with two() as (first, second):
        second.fail_next("auth.test", status=503, times=2)
        named = SlackGateway(api_url=first.api_url, bot_token=second.bot_token)
        # Unlike at a start, nobody looks beforehand.
        async with named:
            workspaces = SlackWorkspaces(None, {OTHER: named})
            for _ in range(2):
                with pytest.raises(Transient, match="trouble of its own"):
                    await workspaces.of(OTHER)
            await (await workspaces.of(OTHER)).post("C0BUILD", HELLO)

        assert len(second.messages) == 1


async def test_a_response_address_needs_no_token() -> None:
    async with two() as (first, second):
        ticket = second.tickets.give_response_url(user="U0CHATOPS", channel="C0BUILD")
        async with SlackWorkspaces(SlackGateway(api_url=first.api_url)) as workspaces:
            await workspaces.respond(f"{second.url}/commands/{ticket.token}", HELLO)

        assert [one.text for one in second.messages] == ["Hello"]


async def test_a_limit_of_one_workspace_holds_nobody_up_in_the_other() -> None:
    async with two() as (first, second):
        tokens = {PLAIN: first.bot_token, NAMED: second.bot_token}
        first.fail_next("chat.postMessage", retry_after=60)
        async with speaking(first, tokens) as workspaces:
            with pytest.raises(Transient, match="slow down"):
                await (await workspaces.of(HOME)).post("C0CI", HELLO)
            await (await workspaces.of(OTHER)).post("C0BUILD", HELLO)

        assert len(second.messages) == 1
