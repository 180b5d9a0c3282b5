"""The two ways from Slack to an app: signed HTTP requests, and envelopes through a socket.

Both give an app three seconds to answer. What the person then sees is Slack's own word:
`operation_timeout` when no answer came, `dispatch_failed` when it was not a 2xx.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import hmac
import json
import secrets
import time
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal, Protocol
from urllib.parse import urlencode

import httpx
from starlette.websockets import WebSocket, WebSocketDisconnect

from chatops.standins.slack.workspace import Clock, JsonObject

Kind = Literal["slash_commands", "interactive", "events_api"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Envelope:
    """One thing that Slack tells the app."""

    kind: Kind
    payload: JsonObject
    retry_number: int = 0
    retry_reason: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """What the app answered; `error` is the word that Slack has for no good answer."""

    status: int | None
    latency: timedelta
    body: str = ""
    content_type: str = ""
    error: str | None = None
    retry_reason: str = ""
    refuses_retries: bool = False


class Transport(Protocol):
    """A way to reach the app."""

    async def deliver(self, envelope: Envelope) -> Answer:
        """Hand over an envelope and wait for the answer, three seconds at most."""

    async def close(self) -> None:
        """Let go of the connections."""


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """Return Slack's v0 signature of a request."""
    base = b"v0:" + timestamp.encode() + b":" + body
    return "v0=" + hmac.new(secret.encode(), base, hashlib.sha256).hexdigest()


@dataclass(kw_only=True)
class HttpTransport:
    """Posts to the app's request URL, signed."""

    app_url: str
    signing_secret: str
    clock: Clock
    ack_within: timedelta
    _client: httpx.AsyncClient = field(
        default_factory=lambda: httpx.AsyncClient(timeout=None, trust_env=False)  # noqa: S113
    )

    async def deliver(self, envelope: Envelope) -> Answer:
        """Post one request and judge the answer."""
        body, content_type = _encoded(envelope)
        started = time.monotonic()
        try:
            async with asyncio.timeout(self.ack_within.total_seconds()):
                response = await self._client.post(
                    self.app_url, content=body, headers=self._headers(envelope, body, content_type)
                )
        except TimeoutError:
            return Answer(
                status=None,
                latency=_since(started),
                error="operation_timeout",
                retry_reason="http_timeout",
            )
        except httpx.HTTPError:
            return Answer(
                status=None,
                latency=_since(started),
                error="dispatch_failed",
                retry_reason="connection_failed",
            )
        return _judged(response, _since(started))

    async def close(self) -> None:
        """Close the connections to the app."""
        await self._client.aclose()

    def _headers(self, envelope: Envelope, body: bytes, content_type: str) -> dict[str, str]:
        timestamp = str(int(self.clock().timestamp()))
        headers = {
            "Content-Type": content_type,
            "User-Agent": "Slackbot 1.0 (pretend)",
            "X-Slack-Request-Timestamp": timestamp,
            "X-Slack-Signature": signature(self.signing_secret, timestamp, body),
        }
        if envelope.retry_number:
            headers["X-Slack-Retry-Num"] = str(envelope.retry_number)
            headers["X-Slack-Retry-Reason"] = envelope.retry_reason
        return headers


@dataclass(kw_only=True)
class SocketTransport:
    """Sends envelopes to the sockets that the app has opened, taking turns."""

    app_id: str
    ack_within: timedelta
    _addresses: set[str] = field(default_factory=set)
    _sockets: list[WebSocket] = field(default_factory=list)
    _acks: dict[str, asyncio.Future[JsonObject]] = field(default_factory=dict)
    _connected: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def connections(self) -> int:
        """How many sockets are open."""
        return len(self._sockets)

    async def wait_for_connection(self, timeout: float = 5.0) -> None:  # noqa: ASYNC109
        """Wait until the app has a socket open."""
        await asyncio.wait_for(self._connected.wait(), timeout)

    def open_address(self) -> str:
        """Return the path of a new socket; it can be connected to once."""
        address = secrets.token_urlsafe(12)
        self._addresses.add(address)
        return f"/socket/{address}"

    async def endpoint(self, socket: WebSocket) -> None:
        """Serve one socket from `hello` to its end."""
        address = socket.path_params["address"]
        if address not in self._addresses:
            await socket.close(code=1008)
            return
        self._addresses.remove(address)
        await socket.accept()
        self._sockets.append(socket)
        await socket.send_json(
            {
                "type": "hello",
                "num_connections": self.connections,
                "connection_info": {"app_id": self.app_id},
                "debug_info": {"host": "pretend", "approximate_connection_time": 18060},
            }
        )
        self._connected.set()
        try:
            await self._listen(socket)
        finally:
            self._forget(socket)

    async def deliver(self, envelope: Envelope) -> Answer:
        """Send one envelope and wait for its acknowledgement."""
        started = time.monotonic()
        if not self._sockets:
            return Answer(
                status=None,
                latency=_since(started),
                error="dispatch_failed",
                retry_reason="connection_failed",
            )
        envelope_id = secrets.token_hex(16)
        ack: asyncio.Future[JsonObject] = asyncio.get_running_loop().create_future()
        self._acks[envelope_id] = ack
        try:
            async with asyncio.timeout(self.ack_within.total_seconds()):
                await self._next_socket().send_json(_wrapped(envelope, envelope_id))
                answer = await ack
        except TimeoutError:
            return Answer(
                status=None,
                latency=_since(started),
                error="operation_timeout",
                retry_reason="http_timeout",
            )
        except (RuntimeError, WebSocketDisconnect):
            return Answer(
                status=None,
                latency=_since(started),
                error="dispatch_failed",
                retry_reason="connection_failed",
            )
        finally:
            del self._acks[envelope_id]
        payload = answer.get("payload")
        return Answer(
            status=200,
            latency=_since(started),
            body=json.dumps(payload) if payload else "",
            content_type="application/json",
        )

    async def ask_to_reconnect(self) -> None:
        """Tell every socket to go and come again, as Slack does every few hours."""
        for socket in list(self._sockets):
            self._forget(socket)
            with contextlib.suppress(RuntimeError, WebSocketDisconnect):
                await socket.send_json({"type": "disconnect", "reason": "refresh_requested"})

    async def close(self) -> None:
        """Close every socket."""
        for socket in list(self._sockets):
            self._forget(socket)
            with contextlib.suppress(RuntimeError, WebSocketDisconnect):
                await socket.close()

    async def _listen(self, socket: WebSocket) -> None:
        with contextlib.suppress(WebSocketDisconnect):
            async for text in socket.iter_text():
                self._acknowledge(text)

    def _acknowledge(self, text: str) -> None:
        try:
            answer = json.loads(text)
        except ValueError:
            return
        if isinstance(answer, dict):
            ack = self._acks.get(str(answer.get("envelope_id")))
            if ack is not None and not ack.done():
                ack.set_result(answer)

    def _next_socket(self) -> WebSocket:
        socket = self._sockets.pop(0)
        self._sockets.append(socket)
        return socket

    def _forget(self, socket: WebSocket) -> None:
        if socket in self._sockets:
            self._sockets.remove(socket)
        if not self._sockets:
            self._connected.clear()


def _encoded(envelope: Envelope) -> tuple[bytes, str]:
    """Return the body as Slack encodes it for this kind of request."""
    match envelope.kind:
        case "slash_commands":
            return urlencode(envelope.payload).encode(), "application/x-www-form-urlencoded"
        case "interactive":
            form = {"payload": json.dumps(envelope.payload)}
            return urlencode(form).encode(), "application/x-www-form-urlencoded"
        case "events_api":
            return json.dumps(envelope.payload).encode(), "application/json"


def _wrapped(envelope: Envelope, envelope_id: str) -> JsonObject:
    wrapped: JsonObject = {
        "envelope_id": envelope_id,
        "type": envelope.kind,
        "payload": envelope.payload,
        "accepts_response_payload": envelope.kind != "events_api",
    }
    if envelope.kind == "events_api":
        wrapped |= {
            "retry_attempt": envelope.retry_number,
            "retry_reason": envelope.retry_reason,
        }
    return wrapped


def _judged(response: httpx.Response, latency: timedelta) -> Answer:
    return Answer(
        status=response.status_code,
        latency=latency,
        body=response.text,
        content_type=response.headers.get("content-type", ""),
        error=None if response.is_success else "dispatch_failed",
        retry_reason="" if response.is_success else "http_error",
        refuses_retries=response.headers.get("x-slack-no-retry") == "1",
    )


def _since(started: float) -> timedelta:
    return timedelta(seconds=time.monotonic() - started)
