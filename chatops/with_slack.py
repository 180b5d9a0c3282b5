"""Everything Slack, put together: loaded only where Slack is configured, for it takes a third of the memory."""

from collections.abc import Awaitable, Callable

from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp

from chatops.config import Configuration
from chatops.engine.log import Batch
from chatops.gateways.slack import SlackGateway
from chatops.settings import Secret, Settings
from chatops.surfaces.slack import SURFACE, Door, Messages, make_bolt, make_socket

Append = Callable[[Batch], Awaitable[object]]

__all__ = ["SURFACE", "Door", "Messages", "SlackGateway", "bolt", "door", "socket"]


def bolt(settings: Settings, configuration: Configuration, append: Append) -> AsyncApp:
    """Return the Bolt app, for Slack over HTTP and over Socket Mode alike."""
    return make_bolt(
        signing_secret=_revealed(settings.slack_signing_secret),
        bot_token=_revealed(settings.slack_bot_token),
        configuration=configuration,
        append=append,
    )


def door(settings: Settings, configuration: Configuration, append: Append) -> Door | None:
    """Return the door for Slack's HTTP requests; with Socket Mode there is none."""
    if settings.slack_signing_secret is None or settings.slack_app_token is not None:
        return None
    return Door(bolt(settings, configuration, append), settings.slack_signing_secret.reveal())


def socket(
    settings: Settings, configuration: Configuration, append: Append
) -> AsyncSocketModeHandler | None:
    """Return the socket through which Slack is heard, if an app token is set."""
    if settings.slack_app_token is None:
        return None
    return make_socket(
        bolt(settings, configuration, append),
        app_token=settings.slack_app_token.reveal(),
        bot_token=_revealed(settings.slack_bot_token),
        api_url=settings.slack_api_url,
    )


def _revealed(secret: Secret | None) -> str:
    return "" if secret is None else secret.reveal()
