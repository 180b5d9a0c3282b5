"""A small load generator: signed deliveries over keep-alive connections, each a new fact."""

import asyncio
import hashlib
import hmac
import json
import time
from dataclasses import dataclass

SECRET = b"bench"
PADDING = "x" * 8_000


@dataclass(frozen=True, slots=True)
class Measured:
    """What a load met: requests a second, and the 50th and 99th percentile of a request's time in milliseconds."""

    rate: float
    p50: float
    p99: float


def delivery(number: int, repeat: int) -> bytes:
    """Return the bytes of a request: a `workflow_job` of about 9 kB; `repeat` sends each of them so many times."""
    known = number // repeat
    body = json.dumps(
        {
            "action": "completed",
            "workflow_job": {
                "id": 50_000_000_000 + known, "run_id": 19_000_000 + known // 240, "run_attempt": 1,
                "workflow_name": "Nightly", "name": f"run-tests / test ({known % 240})",
                "status": "completed", "conclusion": "success", "head_sha": "a" * 40,
                "head_branch": "main", "created_at": "2026-01-05T00:00:00Z",
                "started_at": "2026-01-05T00:00:10Z", "completed_at": "2026-01-05T00:10:00Z",
                "labels": ["ubuntu-24.04"], "steps": [], "runner_name": "r-1",
            },
            "repository": {"full_name": "acme/rocket", "description": PADDING},
            "sender": {"login": "mona", "type": "User"},
        }
    ).encode()  # fmt: skip
    signature = hmac.new(SECRET, body, hashlib.sha256).hexdigest()
    head = (
        "POST /github/webhooks HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        f"X-GitHub-Event: workflow_job\r\nX-GitHub-Delivery: guid-{known}\r\n"
        f"X-Hub-Signature-256: sha256={signature}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def load(
    port: int, *, connections: int, requests: int, start: int = 0, repeat: int = 1
) -> Measured:
    """Send so many requests over so many connections; every answer must be a 202."""
    waiting = [delivery(start + number, repeat) for number in range(requests)]
    waiting.reverse()
    took: list[float] = []

    async def send() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        while waiting:
            request = waiting.pop()
            began = time.perf_counter()
            writer.write(request)
            status = await reader.readline()
            assert b" 202 " in status, status
            await _rest(reader)
            took.append(time.perf_counter() - began)
        writer.close()

    began = time.perf_counter()
    await asyncio.gather(*(send() for _ in range(connections)))
    whole = time.perf_counter() - began
    took.sort()
    return Measured(
        requests / whole, took[len(took) // 2] * 1_000, took[int(len(took) * 0.99)] * 1_000
    )


async def _rest(reader: asyncio.StreamReader) -> None:
    length, chunked = 0, False
    while (line := await reader.readline()) != b"\r\n":
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            length = int(value)
        chunked |= name.lower() == b"transfer-encoding"
    if chunked:
        while (size := int((await reader.readline()).strip(), 16)) > 0:
            await reader.readexactly(size + 2)
        await reader.readline()
    elif length:
        await reader.readexactly(length)
