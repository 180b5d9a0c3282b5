"""What tells open pages that they have news: server-sent events that name pages, and never say what is on them.

An event's id is a position of the log, up to which pages show what was recorded; whoever was away says the last one it
had, and hears what it missed. One reader looks for everybody, once a second and only while somebody listens.
"""

import asyncio
import random
import re
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus

import msgspec
import structlog
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from chatops.errors import Unavailable
from chatops.surfaces.pages import not_found
from chatops.surfaces.seeing import Seeing

logger = structlog.get_logger(__name__)

MOST_LISTENERS = 500
LOOK_SECONDS = 1.0
HEARTBEAT_SECONDS = 20.0
"""So often something is sent: whoever stands between us and a browser closes what is silent for a minute."""
RETRY_MILLISECONDS = (3_000, 7_000)
"""When a browser tries again. Not all at once, for a restart sends all of them away in the same moment."""
MOST_PAGES = 200
"""Named in one event; of more, all are taken to have news."""
POSITION = re.compile(r"[0-9]{1,18}")
EVERYTHING = "*"
"""Stands for every page of a community."""
HEADERS = {
    "cache-control": "no-store",
    # A proxy that collects answers until they are long enough would tell of news when they are old.
    "x-accel-buffering": "no",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class One:
    """Something that was recorded, and the addresses of a community's pages that show it."""

    position: int
    community: str
    pages: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lately:
    """What pages show by now: up to which position, after which one it was looked, and what has news since."""

    position: int
    since: int
    found: Sequence[One] = ()


@dataclass(slots=True, eq=False)
class Listener:
    """Somebody with a page open: of which communities they hear, what they know, and what is still to come."""

    communities: Collection[str]
    after: int | None
    pages: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    woken: asyncio.Event = field(default_factory=asyncio.Event)

    def hear(self, lately: Lately, communities: Collection[str]) -> None:
        """Note what is new; where that was not looked for, because it is too long ago, everything is."""
        after, self.after = self.after, lately.position
        if after is None:
            self.woken.set()
        elif not lately.since <= after <= lately.position:
            for community in communities:
                self._note(community, {EVERYTHING})
        else:
            for one in lately.found:
                if one.position > after:
                    self._note(one.community, one.pages)

    def _note(self, community: str, pages: Collection[str]) -> None:
        if community in self.communities:
            self.pages[community].update(pages)
            self.woken.set()

    def said(self) -> str:
        """Return the event that tells what is new, which is then heard."""
        pages = {
            key: [EVERYTHING] if EVERYTHING in those or len(those) > MOST_PAGES else sorted(those)
            for key, those in sorted(self.pages.items())
        }
        self.pages.clear()
        self.woken.clear()
        data = msgspec.json.encode({"position": self.after, "pages": pages}).decode()
        return f"id: {self.after}\nevent: news\ndata: {data}\n\n"


class Stream:
    """The address, and the reader behind it."""

    def __init__(
        self,
        look: Callable[[int | None], Lately],
        communities: Collection[str],
        *,
        seeing: Seeing | None = None,
    ) -> None:
        self.most = MOST_LISTENERS
        self.every = LOOK_SECONDS
        self.heartbeat = HEARTBEAT_SECONDS
        self.retry = RETRY_MILLISECONDS
        self.position = 0
        """Up to where pages were seen to show what was recorded, when it was last looked."""
        self._look = look
        self._communities = communities
        self._seeing = seeing
        self._listeners: set[Listener] = set()
        self._reader: asyncio.Task[None] | None = None
        self._has_ended = False

    def routes(self) -> list[Route]:
        """Return the address of everything, and that of one community."""
        return [Route("/stream", self._open), Route("/{community}/stream", self._open)]

    @property
    def listeners(self) -> int:
        """Return how many listen."""
        return len(self._listeners)

    def begin(self) -> None:
        """Look once, so that the first page already says from where on it is to be told of news."""
        try:
            self.position = self._look(None).position
        except Unavailable as problem:
            logger.warning("not looked for news", problem=str(problem))

    def close(self) -> None:
        """Let everybody go, and nobody in: the process is about to end."""
        self._has_ended = True
        for listener in self._listeners:
            listener.woken.set()

    async def _open(self, request: Request) -> Response:
        community = request.path_params.get("community")
        wanted = self._communities if community is None else {community} & set(self._communities)
        heard = [one for one in wanted if await self._may_hear(one, request)]
        if not heard:
            return not_found(request.url.path)
        if self._has_ended or len(self._listeners) >= self.most:
            return PlainTextResponse(
                "Too many pages are open to keep this one up to date; it is right when it is loaded.",
                HTTPStatus.SERVICE_UNAVAILABLE,
                {"retry-after": str(random.randint(30, 90))},  # noqa: S311 - spreads, and hides nothing
            )
        if request.method == "HEAD":
            return Response(media_type="text/event-stream", headers=HEADERS)
        said = request.headers.get("last-event-id") or request.query_params.get("after", "")
        listener = Listener(heard, int(said) if POSITION.fullmatch(said) else None)
        return StreamingResponse(
            self._told(listener), media_type="text/event-stream", headers=HEADERS
        )

    async def _may_hear(self, community: str, request: Request) -> bool:
        """Return whether somebody may know that a community has news."""
        return self._seeing is None or await self._seeing.may(community, request)

    async def _told(self, listener: Listener) -> AsyncIterator[str]:
        """Yield what one listener is told, until they leave or we do."""
        self._listeners.add(listener)
        try:
            self._read_on()
            yield f"retry: {random.randint(*self.retry)}\n\n"  # noqa: S311 - as above
            while not self._has_ended:
                try:
                    async with asyncio.timeout(self.heartbeat):
                        await listener.woken.wait()
                except TimeoutError:
                    yield ": nothing new\n\n"
                    continue
                if not self._has_ended:
                    yield listener.said()
        finally:
            self._listeners.discard(listener)

    def _read_on(self) -> None:
        """Let the reader begin, unless it reads."""
        if self._reader is None or self._reader.done():
            self._reader = asyncio.create_task(self._read(), name="news")

    async def _read(self) -> None:
        """Look again and again while somebody listens."""
        is_away = False
        while self._listeners and not self._has_ended:
            known = [one.after for one in self._listeners if one.after is not None]
            try:
                lately = await run_in_threadpool(self._look, min(known, default=None))
            except Unavailable as problem:
                if not is_away:
                    logger.warning("not looked for news", problem=str(problem))
                is_away = True
            else:
                is_away = False
                self.position = lately.position
                for listener in self._listeners:
                    listener.hear(lately, self._communities)
            await asyncio.sleep(self.every)
