"""Everything Slack, put together: loaded only where Slack is configured, for it takes a third of the memory."""

import logging
from collections.abc import Mapping, Sequence

import aiohttp
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackClientError
from slack_sdk.web.async_client import AsyncWebClient

from chatops.config import Configuration
from chatops.engine.vocabulary import Vocabulary
from chatops.gateways.slack_workspaces import SlackWorkspaces
from chatops.ports import Workspaces
from chatops.settings import Secret, Settings
from chatops.surfaces.slack import Door, Ear, make_bolt
from chatops.surfaces.slack_forms import Forms
from chatops.surfaces.slack_hearing import Append, Listener
from chatops.surfaces.slack_messages import Messages
from chatops.surfaces.slack_words import SURFACE, Words

PATIENCE_SECONDS = 10
_quiet = logging.getLogger(f"{__name__}.sdk")
_quiet.setLevel(logging.CRITICAL)

__all__ = [
    "SURFACE",
    "Door",
    "Ear",
    "Forms",
    "Messages",
    "SlackWorkspaces",
    "bolt",
    "door",
    "ears",
    "examine",
    "listener",
]


def listener(
    settings: Settings,
    configuration: Configuration,
    vocabularies: Mapping[str, Vocabulary],
    append: Append,
    slack: Workspaces | None,
    forms: Forms,
) -> Listener:
    """Return what hears Slack, over HTTP and over Socket Mode alike."""
    words = Words(
        configuration, vocabularies, github_url=settings.github_web_url, base_url=settings.base_url
    )
    return Listener(words, append, slack, forms=forms)


def bolt(heard_by: Listener, *, signing_secret: str = "", bot_token: str = "") -> AsyncApp:
    """Return the Bolt app in front of a listener."""
    return make_bolt(signing_secret=signing_secret, bot_token=bot_token, listener=heard_by)


def door(settings: Settings, heard_by: Listener) -> Door | None:
    """Return the door for Slack's HTTP requests; for workspaces that are heard over Socket Mode there is none."""
    secrets = {
        team: one.signing_secret.reveal()
        for team, one in settings.slack_workspaces.items()
        if one.signing_secret is not None and one.app_token is None
    }
    if settings.slack_signing_secret is not None and settings.slack_app_token is None:
        secrets[""] = settings.slack_signing_secret.reveal()
    if not secrets:
        return None
    first = next(iter(secrets.values()))
    return Door(bolt(heard_by, signing_secret=first, bot_token=_any_token(settings)), secrets)


def ears(settings: Settings, heard_by: Listener) -> Sequence[Ear]:
    """Return what hears Slack through sockets: one for each app token that is set."""
    tokens = [(settings.slack_app_token, settings.slack_bot_token)]
    tokens += [(one.app_token, one.bot_token) for one in settings.slack_workspaces.values()]
    return [
        Ear(
            bolt(heard_by, bot_token=_revealed(bot_token)),
            app_token=app_token.reveal(),
            bot_token=_revealed(bot_token),
            api_url=settings.slack_api_url,
        )
        for app_token, bot_token in tokens
        if app_token is not None
    ]


async def examine(settings: Settings) -> Mapping[str, str]:
    """Return what is wrong between us and each workspace of Slack, nothing if all is well."""
    found: dict[str, str] = {}
    if settings.slack_bot_token is not None or not settings.slack_workspaces:
        found["slack"] = await _examined(
            settings, settings.slack_bot_token, settings.slack_app_token
        )
    for team, one in settings.slack_workspaces.items():
        found[f"slack {team}"] = await _examined(settings, one.bot_token, one.app_token, team)
    return found


async def _examined(
    settings: Settings, bot_token: Secret | None, app_token: Secret | None, team: str = ""
) -> str:
    """Return what is wrong with a workspace's tokens; the bot's has to be of the workspace that is named."""
    client = AsyncWebClient(
        token=_revealed(bot_token),
        base_url=settings.slack_api_url,
        timeout=PATIENCE_SECONDS,
        logger=_quiet,
    )
    asked = "the bot token"
    try:
        belongs_to = await client.auth_test()
        if team and team != belongs_to.get("team_id"):
            return f"The bot token belongs to another workspace ({belongs_to.get('team_id')})."
        if app_token is not None:
            asked = "the app token"
            await client.apps_connections_open(app_token=app_token.reveal())
    except SlackClientError as problem:
        answer = getattr(problem, "response", None) or {}
        return f"Slack does not accept {asked} ({answer.get('error') or 'it does not say why'})."
    except (aiohttp.ClientError, OSError, TimeoutError, ValueError, AttributeError):
        return (
            f"Slack could not be asked about {asked}: there is no answer, or none that can be read."
        )
    return ""


def _any_token(settings: Settings) -> str:
    """Return a token for Bolt, which wants one and calls nobody with it."""
    tokens = [
        settings.slack_bot_token,
        *(one.bot_token for one in settings.slack_workspaces.values()),
    ]
    return next((token.reveal() for token in tokens if token is not None), "")


def _revealed(secret: Secret | None) -> str:
    return "" if secret is None else secret.reveal()
