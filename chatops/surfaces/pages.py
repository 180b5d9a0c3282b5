"""The dashboard, health and metrics over HTTP: every page is a read-only snapshot and a pure render function."""

import gzip
import secrets
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from functools import lru_cache, partial
from hashlib import blake2b
from http import HTTPStatus
from types import MappingProxyType
from typing import Protocol
from urllib.parse import urlencode

import msgspec
from msgspec import Struct
from msgspec.structs import replace
from prometheus_client import CollectorRegistry, generate_latest
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import ASGIApp, ExceptionHandler, Message, Receive, Scope, Send

from chatops.engine.sessions import Session
from chatops.errors import Refused, Transient, Unavailable
from chatops.surfaces.seeing import Seeing
from chatops.views.described import ADDRESS, COMMUNITY, GOES_WRONG, PROBLEMS, UNDER, Problem
from chatops.views.page import HEAD_SOURCE, TOKEN, asset, not_found_page, personal, unavailable_page

CONTENT_SECURITY_POLICY = (
    f"default-src 'none'; script-src 'self' {HEAD_SOURCE}; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
CONTENT_SECURITY = b"content-security-policy"
SAFE_HEADERS = {
    "content-security-policy": CONTENT_SECURITY_POLICY,
    # To others nothing is said of where somebody comes from; our own forms say it, and are known by it.
    "referrer-policy": "same-origin",
    "x-content-type-options": "nosniff",
}
A_YEAR = 31_536_000


class Page(Struct, frozen=True):
    """A rendered page: its bytes (compressed or not, as asked), its kind, its ETag, and how it may be kept.

    `frames` are the sites that may show it in a frame, nothing where it is not for frames.
    One that is not ready, or not to be had, says so in its status; a browser looks again after `again` seconds.
    """

    body: bytes
    media_type: str
    etag: str
    encoding: str = ""
    keeping: str = "no-cache"
    moved_to: str = ""
    """Where it is found now; then it has no body."""
    frames: tuple[str, ...] | None = None
    status: HTTPStatus = HTTPStatus.OK
    again: int = 0


class Show(Protocol):
    """Renders a page of a community."""

    def __call__(
        self,
        key: str | None,
        form: str,
        query: Mapping[str, str],
        /,
        *,
        compress: bool,
        is_signed_in: bool = False,
    ) -> Page | None:
        """Return the page of a community (none: the default) in a format, or nothing if there is none."""
        ...


class Described(Struct, frozen=True, kw_only=True):
    """What programs can read: the documents by address, their description, and the page that tells people of it."""

    shows: Mapping[str, Show]
    openapi: bytes
    page: bytes


class Visitors(Protocol):
    """Knows who is signed in."""

    def address(self, place: str) -> str:
        """Return where to sign in for a page of ours."""
        ...

    def session(self, cookies: Mapping[str, str]) -> Session | None:
        """Return who opens a page; nothing if they are not signed in."""
        ...


class Readiness(Struct, frozen=True):
    """Whether this process can do its work, and what is wrong if not."""

    is_ready: bool
    facts: Mapping[str, object]


def pages(
    *,
    shows: Mapping[str, Show],
    readiness: Callable[[], Readiness],
    registry: CollectorRegistry,
    before_metrics: Callable[[], None],
    more: Sequence[Route] = (),
    visitors: Visitors | None = None,
    seeing: Seeing | None = None,
    redirects: Mapping[str, str] | None = None,
    programs: Described | None = None,
    position: Callable[[], int] = lambda: 0,
) -> Starlette:
    """Return the framework's part of the HTTP surface.

    `redirects` lead from addresses of before to pages of now, `position` is what pages are known to show.
    """
    app = Starlette(
        routes=[
            Route("/", _home),
            *(Route(old, _leading_to(new)) for old, new in (redirects or {}).items()),
            *(_described(programs, seeing) if programs is not None else ()),
            *_routes("", shows, visitors, seeing),
            *_for_operators(readiness, registry, before_metrics),
            *more,
            Route("/static/{version}/{name:path}", _show_asset),
            *_of_a_community("", _routes("", shows, visitors, seeing)),
        ],
        exception_handlers=HANDLERS,
    )
    app.add_middleware(SafeHeaders)
    app.add_middleware(Positioned, position=position)
    return app


async def _home(request: Request) -> Response:
    query = (
        f"?{urlencode(list(request.query_params.multi_items()))}" if request.query_params else ""
    )
    return RedirectResponse(f"/nightly{query}", HTTPStatus.TEMPORARY_REDIRECT)


async def _show_asset(request: Request) -> Response:
    """Answer with a style, a script or an icon; its address changes with it, so it is kept for good."""
    found = asset(request.path_params["name"])
    if found is None:
        return not_found(request.url.path)
    body, media_type, etag = found
    headers = {
        "etag": etag,
        "cache-control": f"public, max-age={A_YEAR}, immutable",
        "vary": "accept-encoding",
    }
    if "gzip" in request.headers.get("accept-encoding", ""):
        body = compressed(body)
        headers["content-encoding"] = "gzip"
    return Response(body, media_type=media_type, headers=headers)


async def _away(request: Request, _problem: Exception) -> Response:
    """Answer that what pages are made of cannot be reached just now."""
    status, headers = HTTPStatus.SERVICE_UNAVAILABLE, {"retry-after": "5"}
    if _is_for_programs(request.url.path):
        return problem(status, GOES_WRONG["503"], headers)
    return Response(unavailable_page(), status, headers, media_type="text/html")


async def _missing(request: Request, _problem: Exception) -> Response:
    return not_found(request.url.path)


HANDLERS: Mapping[int | type[Exception], ExceptionHandler] = MappingProxyType(
    {Unavailable: _away, Transient: _away, int(HTTPStatus.NOT_FOUND): _missing}
)


def _for_operators(
    readiness: Callable[[], Readiness],
    registry: CollectorRegistry,
    before_metrics: Callable[[], None],
) -> list[Route]:
    """Return where a supervisor asks whether this process lives and may be asked, and Prometheus how it does."""

    async def healthz(_request: Request) -> Response:
        return PlainTextResponse("alive\n")

    async def readyz(_request: Request) -> Response:
        state = await run_in_threadpool(readiness)
        status = HTTPStatus.OK if state.is_ready else HTTPStatus.SERVICE_UNAVAILABLE
        return JSONResponse({"ready": state.is_ready, **state.facts}, status)

    async def metrics(_request: Request) -> Response:
        await run_in_threadpool(before_metrics)
        return Response(generate_latest(registry), media_type="text/plain; version=0.0.4")

    return [
        Route("/healthz", healthz),
        Route("/readyz", readyz),
        Route("/metrics", metrics),
    ]


def _leading_to(place: str) -> Callable[[Request], Awaitable[Response]]:
    """Return what leads to another address; what was asked of the old one is asked of the new one, too."""

    async def answer(request: Request) -> Response:
        asked = request.url.query
        join = "&" if "?" in place else "?"
        return RedirectResponse(
            f"{place}{join}{asked}" if asked else place, HTTPStatus.TEMPORARY_REDIRECT
        )

    return answer


def _described(programs: Described, seeing: Seeing | None) -> list[BaseRoute]:
    """Return the addresses that programs are told of; what people read of them is one page."""

    def kept(body: bytes, media_type: str) -> Callable[[Request], Awaitable[Response]]:
        pages = {
            compress: packed(body, media_type, compress=compress) for compress in (True, False)
        }

        async def answer(request: Request) -> Response:
            return _sent(request, pages["gzip" in request.headers.get("accept-encoding", "")])

        return answer

    return [
        Route("/api", kept(programs.page, "text/html; charset=utf-8")),
        Route(ADDRESS, kept(programs.openapi, "application/json")),
        *_routes(UNDER, programs.shows, None, seeing, usual="json"),
        *_of_a_community(UNDER, _routes("", programs.shows, None, seeing, usual="json")),
    ]


def _of_a_community(under: str, routes: Sequence[Route]) -> Iterator[BaseRoute]:
    """Yield the addresses of pages under the name of a community; the name alone is no page."""

    async def answer(_request: Request) -> Response:
        raise HTTPException(HTTPStatus.NOT_FOUND)

    yield Route(f"{under}/{COMMUNITY}", answer)
    yield Mount(f"{under}/{COMMUNITY}", routes=routes)


def _routes(
    under: str,
    shows: Mapping[str, Show],
    visitors: Visitors | None,
    seeing: Seeing | None,
    *,
    usual: str = "html",
) -> list[Route]:
    """Return the addresses of a community's pages, each also with the format at its end."""
    found, ending = [], ".{form:str}" if usual == "html" else f".{usual}"
    for name, show in shows.items():
        answer = _showing(show, visitors, seeing, usual)
        found.append(Route(f"{under}/{name}{ending}", answer))
        found.append(Route(f"{under}/{name}", answer))
    return found


def _showing(
    show: Show, visitors: Visitors | None, seeing: Seeing | None, usual: str
) -> Callable[[Request], Awaitable[Response]]:
    """Return what answers a request for a page; an id in the address is part of what is asked."""

    async def answer(request: Request) -> Response:
        place = dict(request.path_params)
        community, form = place.pop("community", None), place.pop("form", usual)
        compress = "gzip" in request.headers.get("accept-encoding", "")
        query = {**request.query_params, **place}
        asked = partial(show, community, form, query)
        if seeing is not None and not await seeing.may(community, request):
            return not_found(request.url.path, _sign_in(request, visitors))
        try:
            page = await run_in_threadpool(
                _made,
                asked,
                request.cookies,
                visitors if form == "html" else None,
                compress=compress,
            )
        except Refused as refused:
            if _is_for_programs(request.url.path):
                return problem(HTTPStatus.BAD_REQUEST, refused.text)
            return PlainTextResponse(refused.text, HTTPStatus.BAD_REQUEST)
        if page is None:
            return not_found(request.url.path, _sign_in(request, visitors))
        if seeing is not None and await seeing.is_closed(community):
            page = replace(page, keeping="private, no-store")
        return _sent(request, page, varies="" if visitors is None else "cookie, ")

    return answer


def _sign_in(request: Request, visitors: Visitors | None) -> str:
    """Return where to sign in and come back to what was asked for, if one can."""
    return visitors.address(request.url.path) if visitors is not None else ""


def _made(
    asked: Callable[..., Page | None],
    cookies: Mapping[str, str],
    visitors: Visitors | None,
    *,
    compress: bool,
) -> Page | None:
    """Return a page: the one that everybody gets, or one with the name of who is signed in, made from a common one."""
    session = visitors.session(cookies) if visitors is not None and cookies else None
    if session is None:
        return asked(compress=compress)
    page = asked(compress=False, is_signed_in=True)
    if page is None or page.frames is not None:
        # On somebody else's site a page is the one that everybody gets.
        return asked(compress=compress)
    return personal_page(page, session, compress=compress)


def personal_page(page: Page, session: Session, *, compress: bool) -> Page:
    """Return a page for one person: no cache may keep it for others, and one with a form nobody keeps at all."""
    if page.moved_to:
        return page
    has_form = TOKEN.encode() in page.body
    body = personal(
        page.body, login=session.login, csrf=session.csrf, nonce=secrets.token_urlsafe(16)
    )
    keeping = "private, no-store" if has_form else "private, no-cache"
    made = packed(body, page.media_type, compress=compress, level=1, keeping=keeping)
    return replace(made, status=page.status, again=page.again)


def packed(
    raw: bytes, media_type: str, *, compress: bool, level: int = 6, keeping: str = "no-cache"
) -> Page:
    """Return a page with its ETag, compressed if asked."""
    etag = blake2b(raw, digest_size=12).hexdigest()
    if not compress:
        return Page(raw, media_type, f'"{etag}"', keeping=keeping)
    body = gzip.compress(raw, level, mtime=0)
    return Page(body, media_type, f'"{etag}-gzip"', "gzip", keeping)


def _sent(request: Request, page: Page, *, varies: str = "") -> Response:
    """Return a page, or that it has not changed, or where it is now."""
    if page.moved_to:
        return RedirectResponse(
            page.moved_to, HTTPStatus.MOVED_PERMANENTLY, {"cache-control": page.keeping}
        )
    headers = {
        "etag": page.etag,
        "cache-control": page.keeping,
        "vary": f"accept-encoding, {varies}x-fragment",
        **({"content-encoding": page.encoding} if page.encoding else {}),
        **({"refresh": str(page.again), "retry-after": str(page.again)} if page.again else {}),
    }
    if page.frames is not None:
        headers["content-security-policy"] = framed(page.frames)
    is_known = request.headers.get("if-none-match") == page.etag
    if is_known and page.status is HTTPStatus.OK:
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
    return Response(page.body, page.status, media_type=page.media_type, headers=headers)


def framed(sites: Sequence[str]) -> str:
    """Return the policy of a page for frames: its links may be told where they begin, and these sites may show it."""
    policy = CONTENT_SECURITY_POLICY.replace("base-uri 'none'", "base-uri 'self'")
    ancestors = " ".join(sites) or "'none'"
    return policy.replace("frame-ancestors 'none'", f"frame-ancestors {ancestors}")


class SafeHeaders:
    """Puts the security headers on every answer; one that has a policy of its own keeps it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._headers = [(key.encode(), value.encode()) for key, value in SAFE_HEADERS.items()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_safely(message: Message) -> None:
            if message["type"] == "http.response.start":
                said = message["headers"]
                has_own = any(name == CONTENT_SECURITY for name, _ in said)
                message["headers"] = [
                    *said,
                    *(
                        header
                        for header in self._headers
                        if not (has_own and header[0] == CONTENT_SECURITY)
                    ),
                ]
            await send(message)

        await self._app(scope, receive, send_safely)


class Positioned:
    """Says with every page which position of the log it shows at least: from there a browser listens for news.

    A header that scripts can read of the page they belong to; in the page it would be another page each time.
    """

    def __init__(self, app: ASGIApp, position: Callable[[], int]) -> None:
        self._app = app
        self._position = position

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        shown = self._position()

        async def send_positioned(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = list(message["headers"])
                if shown and any(value.startswith(b"text/html") for _, value in headers):
                    headers.append((b"server-timing", b'log;desc="%d"' % shown))
                message["headers"] = headers
            await send(message)

        await self._app(scope, receive, send_positioned)


@lru_cache(maxsize=32)
def compressed(body: bytes) -> bytes:
    """Return an asset compressed, once."""
    return gzip.compress(body, 9, mtime=0)


def not_found(path: str, sign_in: str = "") -> Response:
    """Return what stands at an address that leads nowhere, as far as whoever asks may know."""
    if _is_for_programs(path):
        return problem(HTTPStatus.NOT_FOUND, GOES_WRONG["404"])
    return Response(not_found_page(path, sign_in), HTTPStatus.NOT_FOUND, media_type="text/html")


def problem(status: HTTPStatus, detail: str, headers: Mapping[str, str] | None = None) -> Response:
    """Return for a program why there is no document."""
    told = Problem(title=status.phrase, status=int(status), detail=detail)
    return Response(msgspec.json.encode(told), status, headers, media_type=PROBLEMS)


def _is_for_programs(path: str) -> bool:
    return path.startswith(f"{UNDER}/") or path.endswith(".json")
