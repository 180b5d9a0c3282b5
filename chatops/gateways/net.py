"""HTTP as a client: the one module that knows which library makes our requests (see ADR 0008)."""

import asyncio
import logging
from collections.abc import Mapping
from datetime import timedelta
from http import HTTPStatus
from typing import Self

import httpx
from msgspec import Struct

from chatops.errors import Refused, Transient

CONNECT = timedelta(seconds=5)
READ = timedelta(seconds=20)
WHOLE = timedelta(seconds=90)
"""An answer that trickles in forever is none."""
HERE = ("all://127.0.0.1", "all://[::1]", "all://localhost")
"""What is on this machine is never behind a proxy, whatever the environment says of one."""
MOVED = frozenset(
    {
        HTTPStatus.MOVED_PERMANENTLY,
        HTTPStatus.FOUND,
        HTTPStatus.TEMPORARY_REDIRECT,
        HTTPStatus.PERMANENT_REDIRECT,
    }
)
MOST_MOVES = 5
HIGHEST_PORT = 65_535
SECRETS = frozenset({"authorization", "cookie"})

# The library logs every address it calls, and some addresses are secrets.
for _name in ("httpx", "httpcore"):
    logging.getLogger(_name).setLevel(logging.WARNING)


class Answer(Struct, frozen=True, kw_only=True):
    """What came back: the names of the headers are in small letters."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Client:
    """A pool of connections to one party, whose name is said when it does not answer.

    With `follows`, what has moved is asked for at its new place: by the same method and with the same body, as GitHub
    wants it and browsers do not do it. To another party only what reads is sent on, and nothing that says who we are.
    """

    def __init__(
        self,
        whom: str,
        *,
        connect: timedelta = CONNECT,
        read: timedelta = READ,
        whole: timedelta = WHOLE,
        follows: bool = False,
    ) -> None:
        self._whom = whom
        self._whole = whole.total_seconds()
        self._follows = follows
        self._pool = httpx.AsyncClient(
            timeout=httpx.Timeout(read.total_seconds(), connect=connect.total_seconds()),
            follow_redirects=False,
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
        place = _address(url)
        if place is None:
            raise Refused(
                f"The address I was given for {self._whom} is not one.", reason="bad_address"
            )
        try:
            async with asyncio.timeout(self._whole):
                answer = await self._asked(method, place, dict(headers or {}), body)
        except (TimeoutError, httpx.TimeoutException) as problem:
            raise Transient(f"{self._whom} did not answer in time.") from problem
        except (httpx.HTTPError, httpx.InvalidURL) as problem:
            raise Transient(f"{self._whom} could not be reached.") from problem
        return Answer(
            status=answer.status_code,
            headers={name.lower(): value for name, value in answer.headers.items()},
            body=answer.content,
        )

    async def _asked(
        self, method: str, place: httpx.URL, headers: dict[str, str], body: bytes
    ) -> httpx.Response:
        answer = await self._pool.request(method, place, headers=headers, content=body)
        for _ in range(MOST_MOVES if self._follows else 0):
            target = _target(answer)
            if target is None:
                break
            if not _is_same_party(answer.url, target):
                if method != "GET":
                    break
                headers = {
                    name: value for name, value in headers.items() if name.lower() not in SECRETS
                }
            answer = await self._pool.request(method, target, headers=headers, content=body)
        return answer


def _target(answer: httpx.Response) -> httpx.URL | None:
    """Return where an answer sends us, if it does and that is an address."""
    place = answer.headers.get("location")
    return _address(place, answer.url) if answer.status_code in MOVED and place else None


def _address(text: str, base: httpx.URL | None = None) -> httpx.URL | None:
    """Return a web address, or nothing where this is none."""
    try:
        found = httpx.URL(text) if base is None else base.join(text)
    except httpx.InvalidURL:
        return None
    usable = found.scheme in ("http", "https") and found.host and (found.port or 1) <= HIGHEST_PORT
    return found if usable else None


def _is_same_party(here: httpx.URL, there: httpx.URL) -> bool:
    return (here.scheme, here.host, here.port) == (there.scheme, there.host, there.port)
