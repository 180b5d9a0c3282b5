"""Everything Slack, put together: loaded only where Slack is configured, for it takes a third of the memory."""

import logging
from collections.abc import Mapping

import aiohttp
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackClientError
from slack_sdk.web.async_client import AsyncWebClient

from chatops.config import Configuration
from chatops.engine.vocabulary import Vocabulary
from chatops.gateways.slack import SlackGateway
from chatops.ports import Slack
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
    "SlackGateway",
    "bolt",
    "door",
    "ear",
    "examine",
    "listener",
]


def listener(
    settings: Settings,
    configuration: Configuration,
    vocabularies: Mapping[str, Vocabulary],
    append: Append,
    slack: Slack | None,
    forms: Forms,
) -> Listener:
    """Return what hears Slack, over HTTP and over Socket Mode alike."""
    words = Words(
        configuration, vocabularies, github_url=settings.github_web_url, base_url=settings.base_url
    )
    return Listener(words, append, slack, forms=forms)


def bolt(settings: Settings, heard_by: Listener) -> AsyncApp:
    """Return the Bolt app in front of a listener."""
    return make_bolt(
        signing_secret=_revealed(settings.slack_signing_secret),
        bot_token=_revealed(settings.slack_bot_token),
        listener=heard_by,
    )


def door(settings: Settings, heard_by: Listener) -> Door | None:
    """Return the door for Slack's HTTP requests; with Socket Mode there is none."""
    if settings.slack_signing_secret is None or settings.slack_app_token is not None:
        return None
    return Door(bolt(settings, heard_by), settings.slack_signing_secret.reveal())


def ear(settings: Settings, heard_by: Listener) -> Ear | None:
    """Return what hears Slack through a socket, if an app token is set."""
    if settings.slack_app_token is None:
        return None
    return Ear(
        bolt(settings, heard_by),
        app_token=settings.slack_app_token.reveal(),
        bot_token=_revealed(settings.slack_bot_token),
        api_url=settings.slack_api_url,
    )


async def examine(settings: Settings) -> str:
    """Return what is wrong between us and Slack, nothing if all is well."""
    client = AsyncWebClient(
        token=_revealed(settings.slack_bot_token),
        base_url=settings.slack_api_url,
        timeout=PATIENCE_SECONDS,
        logger=_quiet,
    )
    asked = "the bot token"
    try:
        await client.auth_test()
        if settings.slack_app_token is not None:
            asked = "the app token"
            await client.apps_connections_open(app_token=settings.slack_app_token.reveal())
    except SlackClientError as problem:
        answer = getattr(problem, "response", None) or {}
        return f"Slack does not accept {asked} ({answer.get('error') or 'it does not say why'})."
    except (aiohttp.ClientError, OSError, TimeoutError, ValueError, AttributeError):
        return (
            f"Slack could not be asked about {asked}: there is no answer, or none that can be read."
        )
    return ""


def _revealed(secret: Secret | None) -> str:
    return "" if secret is None else secret.reveal()
