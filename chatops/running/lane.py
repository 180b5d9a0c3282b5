"""A lane of their own for deliveries: they are taken without a task, a future and a coroutine for each.

It is uvicorn's HTTP protocol with one more branch. Reading, keeping alive, pipelining and stopping stay uvicorn's; a
delivery that comes in an unusual way, or behind a request that is not answered yet, goes the common way, and meets the
same door there.
"""

import asyncio
from typing import ClassVar

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from chatops.surfaces.web import GITHUB_PATH, Front, Reply

PATH = GITHUB_PATH.encode()
UNUSUAL = frozenset({b"content-encoding", b"transfer-encoding", b"expect", b"upgrade"})
"""Headers that a delivery does not have."""
SHORTEST_LOOK = 1.0
"""Seconds until it is looked again at a connection whose request takes long."""
DIGITS = 10
"""Of a length that is worth reading."""


class Taken:
    """A delivery on its way. To uvicorn it looks like a request that is not answered yet."""

    message_event: ClassVar[asyncio.Event] = asyncio.Event()
    """Set by uvicorn for those who wait for more of a body; nobody does."""

    def __init__(
        self,
        lane: "Lane",
        headers: dict[bytes, bytes],
        *,
        keep_alive: bool,
    ) -> None:
        self.headers = headers
        self.parts: list[bytes] = []
        self.is_whole = False
        self.response_complete = False
        self.disconnected = False
        self.keep_alive = keep_alive
        self._lane = lane

    @property
    def is_answered(self) -> bool:
        """Return whether it has had its answer."""
        return self.response_complete

    @property
    def body(self) -> bytes:
        """Return what has arrived of its body."""
        return self.parts[0] if len(self.parts) == 1 else b"".join(self.parts)

    def answer(self, reply: Reply) -> None:
        """Send the answer, unless its sender has left."""
        self.response_complete = True
        self.keep_alive = self.keep_alive and self.is_whole
        if not self.disconnected:
            self._lane.answer(reply, keep_alive=self.keep_alive)

    def cancel(self) -> None:
        """Say that it took too long."""
        self._lane.front.too_late(self)


class Lane(HttpToolsProtocol):
    """One connection."""

    front: Front
    _held: Taken | None = None
    """A delivery that has not been taken yet."""
    _used_at = 0.0

    def data_received(self, data: bytes) -> None:
        """Read; then take the delivery that was in it, or wait for the rest of it."""
        super().data_received(data)
        held = self._held
        if held is None:
            return
        if held.is_whole:
            self._held = None
            self.front.take(held, held.headers, held.body)
        elif held.disconnected or held.is_answered:
            self._held = None
            self.front.forget(held)
        else:
            self.front.wait_for(held)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the delivery that did not arrive."""
        super().connection_lost(exc)
        if self.timeout_keep_alive_task is not None:
            self.timeout_keep_alive_task.cancel()
            self.timeout_keep_alive_task = None
        if self._held is not None:
            self.front.forget(self._held)
            self._held = None

    def on_message_begin(self) -> None:
        """Begin a request; what uvicorn prepares for an application is made up for where it goes to one."""
        self.url = b""
        self.headers = []

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keep a header."""
        self.headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        """Hold what looks like a delivery."""
        if (
            self.url == PATH
            and self._held is None
            and (self.cycle is None or self.cycle.response_complete)
            and self.parser.get_method() == b"POST"
            and self.parser.get_http_version() == "1.1"
        ):
            headers = dict(self.headers)
            if self._is_usual(headers):
                keep_alive = self.parser.should_keep_alive()
                self._held = Taken(self, headers, keep_alive=keep_alive)
                self.cycle = self._held  # type: ignore[assignment]  # as much of one as is looked at
                return
        url, kept = self.url, self.headers
        super().on_message_begin()
        self.url = url
        for name, value in kept:
            super().on_header(name, value)
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Keep what belongs to the delivery that is held."""
        if self._held is not None and not self._held.is_whole:
            self._held.parts.append(body)
        else:
            super().on_body(body)

    def on_message_complete(self) -> None:
        """Note that the delivery that is held is whole."""
        if self._held is not None and not self._held.is_whole:
            self._held.is_whole = True
        else:
            super().on_message_complete()

    def answer(self, reply: Reply, *, keep_alive: bool) -> None:
        """Write an answer, and let uvicorn go on with the connection."""
        content = [STATUS_LINE[reply.status]]
        for name, value in (*self.server_state.default_headers, *reply.all_headers):
            content += (name, b": ", value, b"\r\n")
        if not keep_alive and b"close" not in dict(reply.headers).values():
            content.append(b"connection: close\r\n")
        content += (b"\r\n", reply.body)
        self.transport.write(b"".join(content))
        if not keep_alive:
            self.transport.close()
        self.on_response_complete()

    def on_response_complete(self) -> None:
        """Go on with the connection: with what waits behind the answered request, or until it was idle for too long."""
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        self._used_at = self.loop.time()
        self.flow.resume_reading()
        if self.pipeline:
            self._start_asgi_task(*self.pipeline.pop())
        elif self.timeout_keep_alive_task is None:
            self._look_later(self.timeout_keep_alive)

    def timeout_keep_alive_handler(self) -> None:
        """Close a connection that was idle for too long; look again later where it was not."""
        self.timeout_keep_alive_task = None
        is_busy = self.cycle is not None and not self.cycle.response_complete
        left = self._used_at + self.timeout_keep_alive - self.loop.time()
        if is_busy or left > 0:
            self._look_later(max(left, SHORTEST_LOOK))
        else:
            super().timeout_keep_alive_handler()

    def _unset_keepalive_if_required(self) -> None:
        """Note that the connection is used; its timer runs on, for making one costs as much as reading a request."""
        self._used_at = self.loop.time()

    def _look_later(self, seconds: float) -> None:
        self.timeout_keep_alive_task = self.loop.call_later(
            seconds, self.timeout_keep_alive_handler
        )

    def _is_usual(self, headers: dict[bytes, bytes]) -> bool:
        said = headers.get(b"content-length", b"")
        return (
            said.isdigit()
            and len(said) <= DIGITS
            and int(said) <= self.front.body_limit
            and UNUSUAL.isdisjoint(headers)
        )
