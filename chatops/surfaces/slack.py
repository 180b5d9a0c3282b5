"""Slack: slash commands become requests, acknowledged at once; replies become messages.

A request is verified on its raw bytes before anything is parsed; Bolt's own check stays on as the second lock. The
listener only records: a request is acknowledged when it is durable, and answered when it is decided.
"""

import re
import time
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from typing import Any

import msgspec
import structlog
from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp, AsyncBoltRequest
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.response import BoltResponse
from slack_sdk.signature import SignatureVerifier
from slack_sdk.web.async_client import AsyncWebClient

from chatops.config import Configuration
from chatops.engine.answer import Answer
from chatops.engine.log import Batch
from chatops.errors import Refused, Unavailable
from chatops.events import Fact
from chatops.events.conversation import CommandReceived
from chatops.names import CommandId
from chatops.ports import Slack
from chatops.surfaces.comment_words import split_words
from chatops.views.blocks import render_blocks

logger = structlog.get_logger(__name__)

SURFACE = "slack"
LONGEST_SKEW = 300
_TIMESTAMP = re.compile(rb"\d{1,12}")
_SIGNATURE = re.compile(rb"v0=[0-9a-f]{64}")

Append = Callable[[Batch], Awaitable[object]]


def asked(form: Mapping[str, Any], configuration: Configuration) -> Fact | None:
    """Return the request a slash command makes, or nothing if no community has such a command."""
    community = configuration.community_for_slash(str(form.get("command", "")))
    if community is None:
        return None
    words = split_words(str(form.get("text", "")))
    command = CommandId(f"command/{SURFACE}/{form.get('trigger_id', '')}")
    user = str(form.get("user_id", ""))
    received = CommandReceived(
        command=command,
        community=community.key,
        surface=SURFACE,
        verb=words[0].lower().removeprefix("/") if words else "help",
        words=tuple(words[1:]),
        by=user,
        repo=community.repositories[0],
        channel=str(form.get("channel_id", "")),
        response_url=str(form.get("response_url", "")),
    )
    return Fact(event=received, source="slack", actor=user, correlation_id=command)


def make_bolt(
    *,
    signing_secret: str,
    bot_token: str,
    configuration: Configuration,
    append: Append,
) -> AsyncApp:
    """Return the Bolt app: every community's slash command, recorded and acknowledged."""

    async def authorize(**_context: object) -> AuthorizeResult:
        return AuthorizeResult(
            enterprise_id=None, team_id=None, bot_token=bot_token, bot_id="B0", bot_user_id="U0"
        )

    app = AsyncApp(
        signing_secret=signing_secret,
        authorize=authorize,
        process_before_response=True,
        request_verification_enabled=bool(signing_secret),
    )

    async def hear(ack: Callable[..., Awaitable[None]], command: dict[str, Any]) -> None:
        fact = asked(command, configuration)
        if fact is None:
            await ack("No community here has this command. Ask whoever runs this bot.")
            return
        try:
            await append(Batch(facts=[fact]))
        except Unavailable:
            await ack(
                "I cannot write anything down right now, so I did nothing. Try again in a minute."
            )
            return
        logger.info("heard", command=fact.correlation_id, by=fact.actor)
        await ack()

    for community in configuration.communities.values():
        if community.slash_command:
            app.command(community.slash_command)(hear)
    return app


def make_socket(
    app: AsyncApp, *, app_token: str, bot_token: str, api_url: str
) -> AsyncSocketModeHandler:
    """Return the handler that hears Slack through a socket of our own opening: no public address is needed."""
    return AsyncSocketModeHandler(
        app, app_token, web_client=AsyncWebClient(token=bot_token, base_url=api_url)
    )


class Door:
    """Lets Slack's HTTP requests in: size, time stamp and signature first, then Bolt."""

    def __init__(self, app: AsyncApp, signing_secret: str) -> None:
        self._app = app
        self._verifier = SignatureVerifier(signing_secret)

    async def open(self, headers: dict[bytes, bytes], body: bytes) -> BoltResponse:
        """Answer one request."""
        timestamp = headers.get(b"x-slack-request-timestamp", b"")
        signature = headers.get(b"x-slack-signature", b"")
        if not _TIMESTAMP.fullmatch(timestamp) or not _SIGNATURE.fullmatch(signature):
            return _turned(HTTPStatus.UNAUTHORIZED, "The request is not signed.")
        if abs(time.time() - int(timestamp)) > LONGEST_SKEW:
            return _turned(HTTPStatus.UNAUTHORIZED, "The request is older than five minutes.")
        try:
            text = body.decode()
        except UnicodeDecodeError:
            return _turned(HTTPStatus.BAD_REQUEST, "The body is not UTF-8.")
        if not self._verifier.is_valid(text, timestamp.decode(), signature.decode()):
            return _turned(HTTPStatus.UNAUTHORIZED, "The signature does not match.")
        if b"application/json" in headers.get(b"content-type", b"") and not _is_object(body):
            return _turned(HTTPStatus.BAD_REQUEST, "The body is not a JSON object.")
        request = AsyncBoltRequest(
            body=text,
            headers={
                key.decode("latin-1"): value.decode("latin-1") for key, value in headers.items()
            },
        )
        return await self._app.async_dispatch(request)


class Messages:
    """Replies in Slack: through the command's response address, or as a message of our own."""

    def __init__(self, slack: Slack) -> None:
        self._slack = slack

    def render(self, answer: Answer, received: CommandReceived) -> str:
        """Return the message as JSON."""
        del received
        return msgspec.json.encode(render_blocks(answer)).decode()

    async def find(self, received: CommandReceived) -> str | None:
        """Slack cannot be asked for it; a reply may come twice if the process dies in between."""
        del received
        return None

    async def post(self, received: CommandReceived, rendered: str) -> str:
        """Write the message; return its name where Slack gives one."""
        message = msgspec.json.decode(rendered)
        if received.response_url:
            try:
                await self._slack.respond(received.response_url, message)
            except Refused:
                if not received.channel:
                    raise
            else:
                return ""
        return await self._slack.post(received.channel, message)

    async def edit(self, received: CommandReceived, message: str, rendered: str) -> None:
        """Replace the message, where it has a name; else replace it through the response address."""
        content = msgspec.json.decode(rendered)
        if message:
            await self._slack.update(received.channel, message, content)
        elif received.response_url:
            await self._slack.respond(received.response_url, {**content, "replace_original": True})


def _is_object(body: bytes) -> bool:
    try:
        return isinstance(msgspec.json.decode(body), dict)
    except (msgspec.DecodeError, RecursionError):
        return False


def _turned(status: HTTPStatus, text: str) -> BoltResponse:
    return BoltResponse(status=status, body=text)
