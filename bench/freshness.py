"""How long it takes from a webhook to the view: deliveries at a steady pace, and somebody who looks all the time.

The looker is a thread of the bench with a read-only connection of its own to the SQLite file. It asks every
millisecond for the jobs that are on their way, which takes no lock that a writer waits for. The time runs from before
the request is sent until the row is seen, so the looker's own pace counts against us.
"""

import asyncio
import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence

from sqlalchemy import make_url

from bench.deliveries import FIRST_JOB, requests
from bench.load import percentile
from bench.product import product
from bench.rows import Row, at_most, beside_limit
from bench.scene import SQLITE, Scene

PER_SECOND = 200
ROUND_SECONDS = 5
LOOK_SECONDS = 0.001
PATIENCE = 10.0
TARGET = at_most(100, "ms")


class _Looker:
    """Notes when each job appears in the read model."""

    def __init__(self, file: str, first: int, count: int) -> None:
        self.seen: dict[int, float] = {}
        self._file = file
        self._first = first
        self._count = count
        self._until = float("inf")
        self._thread = threading.Thread(target=self._look, name="looker")

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def end(self) -> None:
        """Look until everything was seen, or patience ends."""
        self._until = time.perf_counter() + PATIENCE
        self._thread.join()

    def _look(self) -> None:
        known = sqlite3.connect(f"file:{self._file}?mode=ro", uri=True, isolation_level=None)
        query = "SELECT job_id FROM jobs WHERE job_id >= ? AND job_id < ?"
        next_one = self._first
        while len(self.seen) < self._count and time.perf_counter() < self._until:
            rows = known.execute(query, (next_one, self._first + self._count)).fetchall()
            now = time.perf_counter()
            for (job_id,) in rows:
                self.seen.setdefault(job_id, now)
            while next_one in self.seen:
                next_one += 1
            time.sleep(LOOK_SECONDS)
        known.close()


def freshness(scene: Scene) -> Iterator[Row]:
    """Yield the row of the time from webhook to view."""
    address = scene.database(SQLITE, "freshness")
    assert address is not None
    count = PER_SECOND * ROUND_SECONDS
    lags: list[float] = []
    with product(scene.folder, address) as served:
        for _ in range(scene.scale.rounds):
            start = scene.numbers(count)
            looker = _Looker(str(make_url(address).database), FIRST_JOB + start, count)
            looker.start()
            try:
                sent = asyncio.run(_send(served.port, requests(count, start=start)))
            finally:
                looker.end()
            assert len(looker.seen) == count, "the view never showed some of what was sent"
            lags += [
                (looker.seen[FIRST_JOB + start + number] - moment) * 1_000
                for number, moment in enumerate(sent)
            ]
    what = f"webhook to view at {PER_SECOND} a second, p99 (p50 {percentile(lags, 0.5):.0f} ms)"
    yield beside_limit(what, percentile(lags, 0.99), TARGET)


async def _send(port: int, prepared: Sequence[bytes]) -> list[float]:
    """Send each at its moment, over a few connections in turn; return when each was sent."""
    sent = [0.0] * len(prepared)
    began = time.perf_counter()

    async def one_connection(numbers: range) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for number in numbers:
            await asyncio.sleep(began + number / PER_SECOND - time.perf_counter())
            sent[number] = time.perf_counter()
            writer.write(prepared[number])
            head = await reader.readuntil(b"\r\n\r\n")
            assert b" 202 " in head.split(b"\r\n", 1)[0], head
            await _skip_body(head, reader)
        writer.close()
        await writer.wait_closed()

    connections = 8
    await asyncio.gather(
        *(one_connection(range(first, len(prepared), connections)) for first in range(connections))
    )
    return sent


async def _skip_body(head: bytes, reader: asyncio.StreamReader) -> None:
    """Read the few words of the answer; the server sends them in one piece or in chunks."""
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            await reader.readexactly(int(line.partition(b":")[2]))
            return
    await reader.readuntil(b"0\r\n\r\n")
