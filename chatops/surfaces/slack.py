"""Slack: slash commands become requests, acknowledged at once; replies become messages.

A request is verified on its raw bytes before anything is parsed, and parsed here: Bolt stumbles over what is no JSON,
and takes a command whose words hold "payload" for something else. The listener only records: a request is acknowledged
when it is durable, and answered when it is decided.
"""

import asyncio
import contextlib
import hashlib
import hmac
import logging
import re
import time
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl
from uuid import uuid4

import aiohttp
import msgspec
import structlog
from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp, AsyncBoltRequest
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.response import BoltResponse
from slack_sdk.web.async_client import AsyncWebClient

from chatops.config import Configuration
from chatops.engine.answer import Answer
from chatops.engine.log import Batch
from chatops.errors import Refused
from chatops.events import Fact
from chatops.events.conversation import CommandReceived
from chatops.names import CommandId
from chatops.ports import Slack
from chatops.surfaces.comment_words import split_words
from chatops.views.blocks import render_blocks

logger = structlog.get_logger(__name__)

SURFACE = "slack"
LONGEST_SKEW = 300
MOST_FIELDS = 100
LONGEST_NAME = 200
ACK_SECONDS = 2.0
"""Slack waits for three; what is not written by then is said to be on its way."""

SOCKET_SECONDS = 60.0
"""Without a connection for so long, a socket is made anew: the library's own can get stuck for good."""

PING_SECONDS = 5.0
LOOK_SECONDS = 0.5
JSON = b"application/json"
_TIMESTAMP = re.compile(rb"\d{1,12}")
_SIGNATURE = re.compile(rb"v0=[0-9a-f]{64}")
_ODD = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")

NOT_SLACK = "The body is nothing that Slack sends."
NO_COMMUNITY = "No community here has this command. Ask whoever runs this bot."
NOT_WRITTEN = "I cannot write anything down right now, so I did nothing. Try again in a minute."
STILL_WRITING = "I am slow to write this down. If I have not answered in a minute, I have not heard it: say it again."

# On their lower levels the libraries write whole requests, and the addresses of sockets, into the log.
_quiet = logging.getLogger(f"{__name__}.library")
_quiet.setLevel(logging.CRITICAL)

Append = Callable[[Batch], Awaitable[object]]


def asked(form: Mapping[str, Any], configuration: Configuration) -> Fact | None:
    """Return the request a slash command makes, or nothing if no community has such a command."""
    community = configuration.community_for_slash(_text(form, "command"))
    if community is None:
        return None
    words = split_words(_text(form, "text"))
    # Slack names each command by its trigger; without one, two commands must not be taken for the same.
    trigger = _text(form, "trigger_id")[:LONGEST_NAME] or uuid4().hex
    command = CommandId(f"command/{SURFACE}/{trigger}")
    user = _text(form, "user_id")[:LONGEST_NAME]
    received = CommandReceived(
        command=command,
        community=community.key,
        surface=SURFACE,
        verb=words[0].lower().removeprefix("/") if words else "help",
        words=tuple(words[1:]),
        by=user,
        repo=community.repositories[0],
        channel=_text(form, "channel_id")[:LONGEST_NAME],
        response_url=_text(form, "response_url"),
    )
    return Fact(event=received, source="slack", actor=user, correlation_id=command)


def _text(form: Mapping[str, Any], key: str) -> str:
    """Return a field of a form if it is text, without what no database takes and nobody sees."""
    value = form.get(key)
    return _ODD.sub(" ", value).strip() if isinstance(value, str) else ""


class Listener:
    """Records each slash command and acknowledges it: when it is written, or with what became of it."""

    def __init__(self, configuration: Configuration, append: Append) -> None:
        self._configuration = configuration
        self._append = append
        self._late: set[asyncio.Future[object]] = set()

    async def hear(self, ack: Callable[..., Awaitable[None]], command: dict[str, Any]) -> None:
        """Take one command."""
        fact = asked(command, self._configuration)
        if fact is None:
            await ack(NO_COMMUNITY)
            return
        recording = asyncio.ensure_future(self._append(Batch(facts=[fact])))
        done, _ = await asyncio.wait({recording}, timeout=ACK_SECONDS)
        if not done:
            logger.warning("heard, and not written yet", command=fact.correlation_id)
            self._late.add(recording)
            recording.add_done_callback(self._forget)
            await ack(STILL_WRITING)
            return
        if (problem := recording.exception()) is not None:
            logger.warning("not recorded", door=SURFACE, problem=str(problem))
            await ack(NOT_WRITTEN)
            return
        logger.info("heard", command=fact.correlation_id, by=fact.actor)
        await ack()

    def _forget(self, recording: asyncio.Future[object]) -> None:
        self._late.discard(recording)
        if not recording.cancelled() and (problem := recording.exception()) is not None:
            logger.warning("not recorded", door=SURFACE, problem=str(problem))


def make_bolt(
    *,
    signing_secret: str,
    bot_token: str,
    configuration: Configuration,
    append: Append,
) -> AsyncApp:
    """Return the Bolt app: every slash command is recorded and acknowledged; events are of no use yet."""

    async def authorize(**_context: object) -> AuthorizeResult:
        return AuthorizeResult(
            enterprise_id=None, team_id=None, bot_token=bot_token, bot_id="B0", bot_user_id="U0"
        )

    async def overhear() -> None:
        """Take an event that nobody asked for, so that Slack does not bring it again."""

    async def stumbled(error: Exception) -> BoltResponse:
        """Say that Bolt could not read a request: it looks into what it is given without looking what it is."""
        logger.error("slack request not understood", exc_info=error)
        return _turned(HTTPStatus.BAD_REQUEST, NOT_SLACK)

    app = AsyncApp(
        logger=_quiet,
        signing_secret=signing_secret,
        authorize=authorize,
        process_before_response=True,
        request_verification_enabled=bool(signing_secret),
    )
    everything = re.compile("")
    app.command(everything)(Listener(configuration, append).hear)
    app.event(everything)(overhear)
    app.error(stumbled)
    return app


class Ear:
    """Hears Slack through a socket of our own opening, so that no public address is needed.

    Slack may be away, now or later: then it is tried again, and nobody waits for it.
    """

    def __init__(self, app: AsyncApp, *, app_token: str, bot_token: str, api_url: str) -> None:
        self._app = app
        self._app_token = app_token
        self._bot_token = bot_token
        self._api_url = api_url
        self.connected = asyncio.Event()

    async def listen(self) -> None:
        """Listen until cancelled."""
        while True:
            client = AsyncWebClient(token=self._bot_token, base_url=self._api_url, logger=_quiet)
            handler = AsyncSocketModeHandler(
                self._app,
                self._app_token,
                web_client=client,
                logger=_quiet,
                ping_interval=PING_SECONDS,
            )
            # Bolt's adapter has no types here, and below.
            connecting = asyncio.ensure_future(handler.connect_async())  # type: ignore[no-untyped-call]
            try:
                await self._until_lost(handler)
            finally:
                self.connected.clear()
                connecting.cancel()
                with contextlib.suppress(aiohttp.ClientError, OSError):
                    await handler.close_async()  # type: ignore[no-untyped-call]

    async def _until_lost(self, handler: AsyncSocketModeHandler) -> None:
        """Return when there has been no connection for too long."""
        loop = asyncio.get_running_loop()
        seen_at = loop.time()
        while loop.time() - seen_at < SOCKET_SECONDS:
            if await handler.client.is_connected():
                seen_at = loop.time()
                if not self.connected.is_set():
                    self.connected.set()
                    logger.info("slack listens")
            elif self.connected.is_set():
                self.connected.clear()
                logger.warning("slack does not listen; it is asked again and again")
            await asyncio.sleep(LOOK_SECONDS)
        logger.warning("slack does not listen; chatops doctor says why")


class Door:
    """Lets Slack's HTTP requests in: size, time stamp and signature first, then Bolt."""

    def __init__(self, app: AsyncApp, signing_secret: str) -> None:
        self._app = app
        self._secret = signing_secret.encode()

    async def open(self, headers: dict[bytes, bytes], body: bytes) -> BoltResponse:
        """Answer one request."""
        timestamp = headers.get(b"x-slack-request-timestamp", b"")
        signature = headers.get(b"x-slack-signature", b"")
        if not _TIMESTAMP.fullmatch(timestamp) or not _SIGNATURE.fullmatch(signature):
            return _turned(HTTPStatus.UNAUTHORIZED, "The request is not signed.")
        if abs(time.time() - int(timestamp)) > LONGEST_SKEW:
            return _turned(HTTPStatus.UNAUTHORIZED, "The request is older than five minutes.")
        base = b"v0:" + timestamp + b":" + body
        expected = b"v0=" + hmac.new(self._secret, base, hashlib.sha256).hexdigest().encode()
        if not hmac.compare_digest(signature, expected):
            return _turned(HTTPStatus.UNAUTHORIZED, "The signature does not match.")
        try:
            text = body.decode()
        except UnicodeDecodeError:
            return _turned(HTTPStatus.BAD_REQUEST, "The body is not UTF-8.")
        payload = _payload(headers.get(b"content-type", b""), text)
        if payload is None:
            return _turned(HTTPStatus.BAD_REQUEST, "The body is neither a form nor a JSON object.")
        try:
            # By its other road into Bolt: what is verified and parsed is not parsed again.
            request = AsyncBoltRequest(body=payload, mode="socket_mode")
        except (LookupError, TypeError, ValueError, AttributeError):
            return _turned(HTTPStatus.BAD_REQUEST, NOT_SLACK)
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


def _payload(content_type: bytes, text: str) -> dict[str, Any] | None:
    """Return what a body holds: a JSON object, a form, or the JSON object in a form's `payload`."""
    if content_type.partition(b";")[0].strip().lower() == JSON:
        return _object(text)
    try:
        form = dict(parse_qsl(text, keep_blank_values=True, max_num_fields=MOST_FIELDS))
    except ValueError:
        return None
    return _object(form["payload"]) if "payload" in form else form or None


def _object(text: str) -> dict[str, Any] | None:
    try:
        value = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError, ValueError):
        return None
    return value if isinstance(value, dict) else None


def _turned(status: HTTPStatus, text: str) -> BoltResponse:
    return BoltResponse(status=status, body=text)
