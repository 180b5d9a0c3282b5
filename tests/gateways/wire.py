"""Whoever may be at the other end of a line: a proxy, a portal, a server that is ill. Says what a test lets it say.

It speaks HTTP by hand, so that it can also speak it badly, and it keeps what it hears.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

Behaviour = Callable[["Heard", asyncio.StreamWriter], Awaitable[None]]
Said = bytes | Behaviour


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """A request: the names of its headers are in small letters."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes
    at: float

    @property
    def token(self) -> str:
        """Return the token it carried, or nothing."""
        return self.headers.get("authorization", "")


@dataclass
class Wire:
    """A server that says one thing after another, the last one for ever."""

    url: str = ""
    heard: list[Heard] = field(default_factory=list)
    _said: list[Said] = field(default_factory=list)
    _lines: set[asyncio.Task[None]] = field(default_factory=set)
    _ends: list[asyncio.StreamWriter] = field(default_factory=list)

    def says(self, *said: Said) -> None:
        """Say these from now on."""
        self._said = list(said)

    def open(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Take a call."""
        self._ends.append(writer)
        line = asyncio.create_task(self._serve(reader, writer))
        self._lines.add(line)
        line.add_done_callback(self._lines.discard)

    async def close(self) -> None:
        """End all calls, also those in which nobody says anything."""
        for line in self._lines:
            line.cancel()
        await asyncio.gather(*self._lines, return_exceptions=True)
        # A call that is ended before it was begun to be answered had no chance to hang up itself.
        for end in self._ends:
            end.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._answer(reader, writer)
        finally:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            heard = await _hear(reader)
            self.heard.append(heard)
            said = self._said.pop(0) if len(self._said) > 1 else self._said[0]
            if isinstance(said, bytes):
                writer.write(said)
            else:
                await said(heard, writer)
            await writer.drain()


@asynccontextmanager
async def wire(*said: Said, port: int = 0) -> AsyncIterator[Wire]:
    """Open a line to somebody who says this."""
    opened = Wire()
    opened.says(*said)
    server = await asyncio.start_server(opened.open, "127.0.0.1", port)
    opened.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield opened
    finally:
        server.close()
        await opened.close()


def answer(
    content: object = None,
    status: int = 200,
    *,
    body: bytes | None = None,
    kind: str = "application/json; charset=utf-8",
    cut: int = 0,
    headers: Mapping[str, object] | None = None,
) -> bytes:
    """Return an answer; with `cut` its end is missing."""
    if body is None:
        body = b"" if content is None else json.dumps(content).encode()
    lines = [f"HTTP/1.1 {status} Said", f"content-length: {len(body)}", "connection: close"]
    if kind:
        lines.append(f"content-type: {kind}")
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    whole = "\r\n".join(lines).encode() + b"\r\n\r\n" + body
    return whole[:-cut] if cut else whole


def page(status: int = 200) -> bytes:
    """Return what a proxy or a portal says in somebody's place."""
    return answer(status=status, body=b"<!doctype html><title>Sign in</title>", kind="text/html")


def moved(to: str, status: int) -> bytes:
    """Send the asker somewhere else."""
    return answer({"message": "Moved"}, status, headers={"location": to})


async def hang(_heard: Heard, _writer: asyncio.StreamWriter) -> None:
    """Say nothing."""
    await asyncio.sleep(30)


async def hang_up(_heard: Heard, writer: asyncio.StreamWriter) -> None:
    """End the conversation without a word."""
    writer.transport.abort()


async def trickle(_heard: Heard, writer: asyncio.StreamWriter) -> None:
    """Say a little again and again, and never come to an end."""
    writer.write(
        b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 9000\r\n\r\n"
    )
    for _ in range(600):
        writer.write(b" ")
        await writer.drain()
        await asyncio.sleep(0.05)


def depends(on: Callable[[Heard], bytes]) -> Behaviour:
    """Say what depends on what was heard."""

    async def say(heard: Heard, writer: asyncio.StreamWriter) -> None:
        writer.write(on(heard))

    return say


async def _hear(reader: asyncio.StreamReader) -> Heard:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head.rstrip("\r\n").split("\r\n")
    method, target, _ = first.split(" ")
    headers = {
        name.lower(): value for name, value in (line.split(": ", 1) for line in lines if line)
    }
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    at = asyncio.get_running_loop().time()
    return Heard(method=method, target=target, headers=headers, body=body, at=at)
