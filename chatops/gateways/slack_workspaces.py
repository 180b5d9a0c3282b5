"""Slack's workspaces: a token is good in one, so each has a gateway of its own.

A token whose variable has no workspace in its name is for all, where it is the only one. Beside others, it is for the
workspace that Slack says it belongs to, and each of the others is used only once Slack has said so: a token in the
wrong place would tell people what is meant for others.
"""

import asyncio
import contextlib
from collections.abc import Mapping
from typing import Protocol, Self

import structlog

from chatops.errors import ChatopsError, NotThere
from chatops.gateways.slack import Revealed, SlackGateway
from chatops.ports import Json, Slack

logger = structlog.get_logger(__name__)


class Secrets(Protocol):
    """What the operator says of a workspace."""

    @property
    def bot_token(self) -> Revealed:
        """The bot's token there."""
        ...


class WorkspaceSettings(Protocol):
    """What the operator says of Slack."""

    @property
    def slack_api_url(self) -> str:
        """The Web API's address."""
        ...

    @property
    def slack_bot_token(self) -> Revealed | None:
        """The token without a workspace in its name; with no other either, only response addresses can be answered."""
        ...

    @property
    def slack_workspaces(self) -> Mapping[str, Secrets]:
        """The workspaces whose tokens have their id in their names."""
        ...


class SlackWorkspaces:
    """Hands out the gateway of a workspace."""

    def __init__(
        self, plain: SlackGateway | None, named: Mapping[str, SlackGateway] | None = None
    ) -> None:
        self._plain = plain
        self._named = dict(named or {})
        self._teams: dict[str, str] = {}
        self._stack = contextlib.AsyncExitStack()

    @classmethod
    def from_settings(cls, settings: WorkspaceSettings) -> Self:
        """Return the gateways that the operator's settings describe."""
        url, token = settings.slack_api_url, settings.slack_bot_token
        named = {
            team: SlackGateway(api_url=url, bot_token=secrets.bot_token.reveal())
            for team, secrets in settings.slack_workspaces.items()
        }
        if token is None and named:
            return cls(None, named)
        return cls(SlackGateway(api_url=url, bot_token=token.reveal() if token else ""), named)

    async def __aenter__(self) -> Self:
        for gateway in self._all.values():
            await self._stack.enter_async_context(gateway)
        if self._named:
            looking = asyncio.create_task(self._look(), name="slack workspaces")
            self._stack.push_async_callback(_end, looking)
        return self

    async def __aexit__(self, *_problem: object) -> None:
        await self._stack.aclose()

    async def respond(self, response_url: str, message: Json) -> None:
        """Answer a slash command through its response address, for which no token is needed."""
        await next(iter(self._all.values())).respond(response_url, message)

    async def of(self, team: str) -> Slack:
        """Return the gateway of a workspace; without one, of the only one there is, or of the one without a name."""
        if not team and self._plain is None and len(self._named) == 1:
            team = next(iter(self._named))
        if team in self._named:
            await self._check(team)
            return self._named[team]
        if self._plain is None:
            raise not_set_up(team)
        if self._named and team and team != await self._team_of(""):
            raise not_set_up(team)
        return self._plain

    async def problems(self) -> Mapping[str, str]:
        """Return for each workspace, the one without a name as an empty one, what is wrong with its token."""
        return {team: await self._problem(team) for team in self._all}

    @property
    def _all(self) -> Mapping[str, SlackGateway]:
        plain = {} if self._plain is None else {"": self._plain}
        return {**plain, **self._named}

    async def _look(self) -> None:
        """Say at the start what is wrong; Slack may be away, and nobody waits for it."""
        for team, problem in (await self.problems()).items():
            if problem:
                logger.error("slack workspace not usable", workspace=team or "-", problem=problem)

    async def _problem(self, team: str) -> str:
        try:
            await (self._check(team) if team else self._team_of(""))
        except ChatopsError as problem:
            return str(problem)
        return ""

    async def _check(self, team: str) -> None:
        """Find out whether a token belongs to the workspace whose id its variable has."""
        theirs = await self._team_of(team)
        if team != theirs:
            raise NotThere(
                f"The token in CHATOPS_SLACK_BOT_TOKEN_{team} belongs to another Slack workspace ({theirs}), "
                "so I do not use it."
            )

    async def _team_of(self, team: str) -> str:
        """Return the workspace that a token belongs to; Slack is asked once."""
        if team not in self._teams:
            self._teams[team] = await self._all[team].team()
        return self._teams[team]


def not_set_up(team: str) -> NotThere:
    """Return why nothing is said in a workspace."""
    if not team:
        return NotThere("I am in several Slack workspaces, and do not know which of them is meant.")
    return NotThere(
        f"I have no token for the Slack workspace {team}. Whoever runs this bot has to set "
        f"CHATOPS_SLACK_BOT_TOKEN_{team}."
    )


async def _end(task: "asyncio.Task[None]") -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
