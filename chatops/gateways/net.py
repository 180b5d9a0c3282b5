"""HTTP as a client: the one module that knows which library makes our requests (see ADR 0008)."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Self

import httpx

from chatops.errors import Refused, Transient

CONNECT = timedelta(seconds=5)
READ = timedelta(seconds=20)
HERE = ("all://127.0.0.1", "all://[::1]", "all://localhost")
"""What is on this machine is never behind a proxy, whatever the environment says of one."""

# The library logs every address it calls, and some addresses are secrets.
for _name in ("httpx", "httpcore"):
    logging.getLogger(_name).setLevel(logging.WARNING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back: the names of the headers are in small letters."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Client:
    """A pool of connections to one party, whose name is said when it does not answer."""

    def __init__(self, whom: str, *, connect: timedelta = CONNECT, read: timedelta = READ) -> None:
        self._whom = whom
        self._pool = httpx.AsyncClient(
            timeout=httpx.Timeout(read.total_seconds(), connect=connect.total_seconds()),
            follow_redirects=True,
            mounts=dict.fromkeys(HERE),
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_problem: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Let go of the connections."""
        await self._pool.aclose()

    async def request(
        self, method: str, url: str, *, headers: Mapping[str, str] | None = None, body: bytes = b""
    ) -> Answer:
        """Ask, and return the answer whatever its status; no answer at all is `Transient`."""
        try:
            answer = await self._pool.request(method, url, headers=headers, content=body)
        except httpx.TimeoutException as problem:
            raise Transient(f"{self._whom} did not answer in time.") from problem
        except (httpx.InvalidURL, httpx.UnsupportedProtocol) as problem:
            raise Refused(
                f"The address I was given for {self._whom} is not one.", reason="bad_address"
            ) from problem
        except httpx.HTTPError as problem:
            raise Transient(f"{self._whom} could not be reached.") from problem
        return Answer(
            status=answer.status_code,
            headers={name.lower(): value for name, value in answer.headers.items()},
            body=answer.content,
        )
