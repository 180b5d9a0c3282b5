"""A load generator: requests over keep-alive connections, bounded in count and in time.

`python -m bench.load PORT` runs one in a process of its own, beside what is measured.
"""

import argparse
import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import httptools
import msgspec
import uvloop

from bench.deliveries import OUR_PATH, requests

PATIENCE = 30.0
"""Seconds after the end of a load in which every answer must have come."""
READY = "ready"
"""What a load in a process of its own says when its requests are prepared and it begins."""


@dataclass(frozen=True, slots=True)
class Measured:
    """What a load met: requests a second, and the 50th and 99th percentile of a request's time in milliseconds.

    `busy` is the share of one processor that the generator itself took: near 1, it and not the server is measured.
    """

    count: int
    rate: float
    p50: float
    p99: float
    busy: float


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value below which this share of them lies."""
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


class _Sender(asyncio.Protocol):
    """One connection: sends a request, waits for the whole answer, sends the next."""

    def __init__(self, waiting: list[bytes], took: list[float], status: int, until: float) -> None:
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting = waiting
        self._took = took
        self._status = status
        self._until = until
        self._began = 0.0
        self._parser = httptools.HttpResponseParser(self)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are none of asyncio's classes.
        self._transport = cast("asyncio.Transport", transport)
        self._send()

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_message_complete(self) -> None:
        """Count an answer; the parser calls it."""
        now = time.perf_counter()
        self._took.append(now - self._began)
        status = self._parser.get_status_code()
        if status != self._status:
            self._end(RuntimeError(f"The server answered {status}, not {self._status}."))
        elif now > self._until or not self._waiting:
            self._end(None)
        else:
            self._send()

    def connection_lost(self, exc: Exception | None) -> None:
        self._end(exc or ConnectionResetError("The server closed the connection."))

    def _send(self) -> None:
        if not self._waiting:
            self._end(None)
            return
        request = self._waiting.pop()
        self._began = time.perf_counter()
        self._transport.write(request)

    def _end(self, problem: Exception | None) -> None:
        if self.ended.done():
            return
        if problem is None:
            self.ended.set_result(None)
        else:
            self.ended.set_exception(problem)
        self._transport.close()


async def load(
    port: int, prepared: Sequence[bytes], *, connections: int, seconds: float, status: int = 202
) -> Measured:
    """Send requests until they or the seconds run out; every answer must have this status."""
    waiting = list(reversed(prepared))
    took: list[float] = []
    loop = asyncio.get_running_loop()
    busy, began = time.process_time(), time.perf_counter()
    senders = [
        protocol
        for _, protocol in [
            await loop.create_connection(
                lambda: _Sender(waiting, took, status, began + seconds), "127.0.0.1", port
            )
            for _ in range(connections)
        ]
    ]
    async with asyncio.timeout(seconds + PATIENCE):
        await asyncio.gather(*(sender.ended for sender in senders))
    whole = time.perf_counter() - began
    return Measured(
        len(took),
        len(took) / whole,
        percentile(took, 0.5) * 1_000,
        percentile(took, 0.99) * 1_000,
        (time.process_time() - busy) / whole,
    )


def main() -> None:
    """Run one load of deliveries and print what it met."""
    parser = argparse.ArgumentParser(prog="python -m bench.load", description=__doc__)
    parser.add_argument("port", type=int)
    parser.add_argument("--path", default=OUR_PATH)
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--count", type=int, default=20_000)
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--start", type=int, default=0)
    asked = parser.parse_args()
    prepared = requests(asked.count, start=asked.start, path=asked.path)
    print(READY, flush=True)
    measured = uvloop.run(
        load(asked.port, prepared, connections=asked.connections, seconds=asked.seconds)
    )
    print(msgspec.json.encode(measured).decode())


if __name__ == "__main__":
    main()
