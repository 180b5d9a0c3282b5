"""HTTP: the two doors that must be fast stand in front of the framework; pages and health behind it."""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from functools import partial
from http import HTTPStatus
from typing import Any, Protocol, TypeVar

import msgspec
import structlog

from chatops.engine.log import Appended, Batch
from chatops.engine.writer import Done
from chatops.errors import Broken, Unavailable
from chatops.surfaces.github import Turned
from chatops.surfaces.patience import Patience

logger = structlog.get_logger(__name__)

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

GITHUB_PATH = "/github/webhooks"
SLACK_PATH = "/slack/events"
SLACK_LIMIT = 1_000_000
TEXT = ((b"content-type", b"text/plain; charset=utf-8"),)
BODY_SECONDS = 30.0
"""For a whole body to arrive; whoever takes longer gets no answer they could use."""
ANSWER_SECONDS = 8.0
"""For a delivery to be written. GitHub waits for ten; what is written after all is known when it comes again."""


NOT_IN_TIME = "The database does not answer in time."


class Answered(Protocol):
    """An answer of Slack's library."""

    status: int
    body: str
    headers: dict[str, Any]


class GitHubDoor(Protocol):
    """Reads a delivery."""

    def open(self, headers: dict[bytes, bytes], body: bytes) -> Batch | Turned:
        """Return what to record, or why not."""
        ...


class SlackDoor(Protocol):
    """Answers a request of Slack's."""

    async def open(self, headers: dict[bytes, bytes], body: bytes) -> "Answered":
        """Return the answer."""
        ...


Body = TypeVar("Body", bytes, bytearray)


class TooLarge(Exception):
    """The body is larger than its door lets in."""


class Gone(Exception):
    """The sender left before its body was complete."""


class Front:
    """The ASGI app: two raw endpoints that record, everything else handed on."""

    body_seconds = BODY_SECONDS
    answer_seconds = ANSWER_SECONDS

    def __init__(
        self,
        *,
        github: GitHubDoor,
        slack: SlackDoor | None,
        append: Callable[[Batch, Done], None],
        inner: App,
        body_limit: int,
        observe: Callable[[str, int], None] = lambda _door, _status: None,
        at_end: Callable[[], None] = lambda: None,
    ) -> None:
        self._github = github
        self._slack = slack
        self._append = append
        self._inner = inner
        self.body_limit = body_limit
        self._observe = observe
        self._at_end = at_end
        self._patience = Patience()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "http":
            path = scope["path"]
            if path == GITHUB_PATH:
                await self._at_door("github", self._webhook, scope, receive, send, self.body_limit)
                return
            if path == SLACK_PATH and self._slack is not None:
                await self._at_door("slack", self._slack_request, scope, receive, send, SLACK_LIMIT)
                return
        await self._inner(scope, receive, send)

    def close(self) -> None:
        """Let go of whoever would be answered without end: the process is asked to stop."""
        self._at_end()

    async def _at_door(
        self,
        door: str,
        answer: Callable[[dict[bytes, bytes], bytes], Awaitable["Reply"]],
        scope: Scope,
        receive: Receive,
        send: Send,
        limit: int,
    ) -> None:
        """Read the whole body within its limit, let the door answer, send the answer."""
        headers = dict(scope["headers"])
        try:
            if door == "slack" and b"ssl_check=1" in scope["query_string"]:
                # Slack looks whether the address has a certificate, and sends nothing.
                reply = Reply(HTTPStatus.OK, b"")
            elif scope["method"] != "POST":
                reply = Reply(
                    HTTPStatus.METHOD_NOT_ALLOWED, b"Send a POST.", ((b"allow", b"POST"), *TEXT)
                )
            elif b"content-encoding" in headers:
                reply = Reply(
                    HTTPStatus.UNSUPPORTED_MEDIA_TYPE, b"Send the body without Content-Encoding."
                )
            else:
                reply = await self._answered(answer, headers, receive, limit)
        except TooLarge:
            reply = Reply(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"At most {limit} bytes.".encode())
        except Gone:
            return
        except Unavailable as problem:
            reply = _not_recorded(door, str(problem))
        self._observe(door, reply.status)
        await send(
            {
                "type": "http.response.start",
                "status": int(reply.status),
                "headers": reply.all_headers,
            }
        )
        await send({"type": "http.response.body", "body": reply.body})

    async def _answered(
        self,
        answer: Callable[[dict[bytes, bytes], bytes], Awaitable["Reply"]],
        headers: dict[bytes, bytes],
        receive: Receive,
        limit: int,
    ) -> "Reply":
        """Read and answer, each within its time: nobody holds a door open."""
        is_whole = False
        task = asyncio.current_task()
        assert task is not None
        self._patience.allow(task, self.body_seconds)
        try:
            body = await _body(headers, receive, limit)
            is_whole = True
            self._patience.allow(task, self.answer_seconds)
            return await answer(headers, body)
        except asyncio.CancelledError:
            if not self._patience.has_ended(task):
                raise
            if is_whole:
                raise Unavailable(NOT_IN_TIME) from None
            return NOT_ARRIVED
        finally:
            self._patience.leave(task)

    async def _webhook(self, headers: dict[bytes, bytes], body: bytes) -> "Reply":
        answered: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()

        def answer(reply: Reply) -> None:
            if not answered.done():
                answered.set_result(reply)

        self._open(headers, body, answer)
        return await answered

    def wait_for(self, parcel: "Parcel") -> None:
        """Give the rest of a delivery its time to arrive."""
        if parcel not in self._patience:
            self._patience.allow(parcel, self.body_seconds)

    def forget(self, parcel: "Parcel") -> None:
        """Note that a delivery will not become whole."""
        self._patience.leave(parcel)

    def take(self, parcel: "Parcel", headers: dict[bytes, bytes], body: bytes) -> None:
        """Take a delivery that arrived whole, as over ASGI; the parcel is answered now or later, once."""

        def answer(reply: Reply) -> None:
            self._patience.leave(parcel)
            if not parcel.is_answered:
                self._observe("github", reply.status)
                parcel.answer(reply)

        self._patience.allow(parcel, self.answer_seconds)
        self._open(headers, body, answer)

    def too_late(self, parcel: "Parcel") -> None:
        """Answer a delivery whose time is over; what is written after all is known when it comes again."""
        if not parcel.is_answered:
            reply = _not_recorded("github", NOT_IN_TIME) if parcel.is_whole else NOT_ARRIVED
            self._observe("github", reply.status)
            parcel.answer(reply)

    def _open(
        self, headers: dict[bytes, bytes], body: bytes, answer: Callable[["Reply"], None]
    ) -> None:
        """Let a delivery in, or turn it away; the answer comes once it is durable."""
        opened = self._github.open(headers, body)
        if isinstance(opened, Turned):
            answer(Reply(opened.status, opened.text.encode()))
        else:
            self._append(opened, partial(self._appended, opened, answer))

    def _appended(
        self, batch: Batch, answer: Callable[["Reply"], None], result: Appended | Exception
    ) -> None:
        """Answer; where the facts of a delivery cannot be written, keep the delivery at least."""
        if isinstance(result, Appended):
            answer(RECORDED if result.is_new else KNOWN)
        elif isinstance(result, Broken) and batch.facts:
            bare = msgspec.structs.replace(batch, facts=())
            self._append(bare, partial(self._appended, bare, answer))
        else:
            answer(_not_recorded("github", str(result)))

    async def _slack_request(self, headers: dict[bytes, bytes], body: bytes) -> "Reply":
        assert self._slack is not None
        answer = await self._slack.open(headers, body)
        pairs = [
            (key.encode("latin-1"), value.encode("latin-1"))
            for key, values in answer.headers.items()
            for value in values
        ]
        return Reply(HTTPStatus(answer.status), (answer.body or "").encode(), pairs or TEXT)


class Reply(msgspec.Struct, frozen=True):
    """An HTTP answer."""

    status: HTTPStatus
    body: bytes
    headers: Sequence[tuple[bytes, bytes]] = TEXT

    @property
    def all_headers(self) -> Sequence[tuple[bytes, bytes]]:
        """Return its headers, its length among them."""
        return (*self.headers, (b"content-length", b"%d" % len(self.body)))


RECORDED = Reply(HTTPStatus.ACCEPTED, b"recorded")
KNOWN = Reply(HTTPStatus.ACCEPTED, b"known")
NOT_ARRIVED = Reply(
    HTTPStatus.REQUEST_TIMEOUT, b"The body did not arrive.", ((b"connection", b"close"), *TEXT)
)


def _not_recorded(door: str, problem: str) -> Reply:
    logger.warning("not recorded", door=door, problem=problem)
    return Reply(HTTPStatus.SERVICE_UNAVAILABLE, f"Not recorded. {problem}".encode())


class Parcel(Protocol):
    """A delivery, and who waits for its answer."""

    @property
    def is_whole(self) -> bool:
        """Return whether all of it has arrived."""
        ...

    @property
    def is_answered(self) -> bool:
        """Return whether it has had its answer."""
        ...

    def answer(self, reply: Reply) -> None:
        """Send the answer."""
        ...

    def cancel(self) -> object:
        """Be told that it took too long."""
        ...


async def _body(headers: dict[bytes, bytes], receive: Receive, limit: int) -> bytes:
    """Return the whole body; a length that is said and too large is not read at all."""
    said = headers.get(b"content-length", b"")
    if said.isdigit() and int(said[:12]) > limit:
        raise TooLarge
    message = await receive()
    if message["type"] == "http.request" and not message.get("more_body"):
        whole: bytes = message.get("body", b"")
        return _within(whole, limit)
    parts = bytearray()
    while message["type"] != "http.disconnect":
        parts += message.get("body", b"")
        _within(parts, limit)
        if not message.get("more_body"):
            return bytes(parts)
        message = await receive()
    raise Gone


def _within(body: Body, limit: int) -> Body:
    if len(body) > limit:
        raise TooLarge
    return body
