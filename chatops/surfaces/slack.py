"""Slack's two doors: requests over HTTP, verified, and envelopes through a socket. Behind both is the same listener.

A request is verified on its raw bytes before anything is parsed, and parsed here: Bolt stumbles over what is no JSON,
and takes a command whose words hold "payload" for something else. With several workspaces each has a secret, and what
one of them signs is heard of no other.
"""

import asyncio
import contextlib
import hashlib
import hmac
import logging
import re
import time
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl

import aiohttp
import msgspec
import structlog
from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp, AsyncBoltRequest
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.response import BoltResponse
from slack_sdk.web.async_client import AsyncWebClient

from chatops.surfaces.slack_hearing import Listener
from chatops.surfaces.slack_words import team_of

logger = structlog.get_logger(__name__)

LONGEST_SKEW = 300
MOST_FIELDS = 100
SOCKET_SECONDS = 60.0
"""Without a connection for so long, a socket is made anew: the library's own can get stuck for good."""

PING_SECONDS = 5.0
LOOK_SECONDS = 0.5
JSON = b"application/json"
_TIMESTAMP = re.compile(rb"\d{1,12}")
_SIGNATURE = re.compile(rb"v0=[0-9a-f]{64}")

NOT_SLACK = "The body is nothing that Slack sends."

# On their lower levels the libraries write whole requests, and the addresses of sockets, into the log.
_quiet = logging.getLogger(f"{__name__}.library")
_quiet.setLevel(logging.CRITICAL)


def make_bolt(
    *,
    signing_secret: str,
    bot_token: str,
    listener: Listener,
) -> AsyncApp:
    """Return the Bolt app: whatever asks for something is recorded and acknowledged."""

    async def authorize(**_context: object) -> AuthorizeResult:
        return AuthorizeResult(
            enterprise_id=None, team_id=None, bot_token=bot_token, bot_id="B0", bot_user_id="U0"
        )

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
    app.command(everything)(listener.command)
    app.event(everything)(listener.event)
    app.action(everything)(listener.press)
    app.shortcut(everything)(listener.shortcut)
    app.view(everything)(listener.sent)
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
    """Lets Slack's HTTP requests in: size, time stamp and signature first, then Bolt.

    The secrets are by the id of their workspace; one without is for all that have none of their own.
    """

    def __init__(self, app: AsyncApp, secrets: Mapping[str, str]) -> None:
        self._app = app
        self._secrets = {team: secret.encode() for team, secret in secrets.items()}

    async def open(self, headers: dict[bytes, bytes], body: bytes) -> BoltResponse:
        """Answer one request."""
        timestamp = headers.get(b"x-slack-request-timestamp", b"")
        signature = headers.get(b"x-slack-signature", b"")
        if not _TIMESTAMP.fullmatch(timestamp) or not _SIGNATURE.fullmatch(signature):
            return _turned(HTTPStatus.UNAUTHORIZED, "The request is not signed.")
        if abs(time.time() - int(timestamp)) > LONGEST_SKEW:
            return _turned(HTTPStatus.UNAUTHORIZED, "The request is older than five minutes.")
        signers = self._signers(b"v0:" + timestamp + b":" + body, signature)
        if not signers:
            return _turned(HTTPStatus.UNAUTHORIZED, "The signature does not match.")
        try:
            text = body.decode()
        except UnicodeDecodeError:
            return _turned(HTTPStatus.BAD_REQUEST, "The body is not UTF-8.")
        payload = _payload(headers.get(b"content-type", b""), text)
        if payload is None:
            return _turned(HTTPStatus.BAD_REQUEST, "The body is neither a form nor a JSON object.")
        if not self._may_say(signers, payload):
            return _turned(
                HTTPStatus.UNAUTHORIZED, "Another workspace's secret signed the request."
            )
        try:
            # By its other road into Bolt: what is verified and parsed is not parsed again.
            request = AsyncBoltRequest(body=payload, mode="socket_mode")
        except (LookupError, TypeError, ValueError, AttributeError):
            return _turned(HTTPStatus.BAD_REQUEST, NOT_SLACK)
        return await self._app.async_dispatch(request)

    def _signers(self, base: bytes, signature: bytes) -> set[str]:
        """Return the workspaces whose secret signed a request."""
        found = set()
        for team, secret in self._secrets.items():
            expected = b"v0=" + hmac.new(secret, base, hashlib.sha256).hexdigest().encode()
            if hmac.compare_digest(signature, expected):
                found.add(team)
        return found

    def _may_say(self, signers: set[str], payload: dict[str, Any]) -> bool:
        """Return whether a request is of a workspace whose secret signed it; a look whether we are there is of none."""
        if payload.get("type") == "url_verification" or "ssl_check" in payload:
            return True
        team = team_of(payload)
        return team in signers or (team not in self._secrets and "" in signers)


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
