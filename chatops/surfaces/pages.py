"""The dashboard, health and metrics over HTTP: every page is a read-only snapshot and a pure render function."""

import gzip
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from http import HTTPStatus
from typing import Protocol
from urllib.parse import urlencode

from prometheus_client import CollectorRegistry, generate_latest
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, ExceptionHandler, Message, Receive, Scope, Send

from chatops.errors import Refused, Unavailable
from chatops.views.page import asset, not_found_page, unavailable_page

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
SAFE_HEADERS = {
    "content-security-policy": CONTENT_SECURITY_POLICY,
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}
A_YEAR = 31_536_000


@dataclass(frozen=True, slots=True)
class Page:
    """A rendered page: its bytes (compressed or not, as asked), its kind and its ETag."""

    body: bytes
    media_type: str
    etag: str
    encoding: str = ""


class Show(Protocol):
    """Renders a page of a community."""

    def __call__(
        self, key: str | None, form: str, query: Mapping[str, str], *, compress: bool
    ) -> Page | None:
        """Return the page of a community (none: the default) in a format, or nothing if there is none."""
        ...


@dataclass(frozen=True, slots=True)
class Readiness:
    """Whether this process can do its work, and what is wrong if not."""

    is_ready: bool
    facts: Mapping[str, object]


def pages(
    *,
    shows: Mapping[str, Show],
    story: Show,
    readiness: Callable[[], Readiness],
    registry: CollectorRegistry,
    before_metrics: Callable[[], None],
    more: Sequence[Route] = (),
) -> Starlette:
    """Return the framework's part of the HTTP surface."""

    async def home(request: Request) -> Response:
        query = (
            f"?{urlencode(list(request.query_params.multi_items()))}"
            if request.query_params
            else ""
        )
        return RedirectResponse(f"/nightly{query}", HTTPStatus.TEMPORARY_REDIRECT)

    async def show_asset(request: Request) -> Response:
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

    async def healthz(_request: Request) -> Response:
        return PlainTextResponse("alive\n")

    async def readyz(_request: Request) -> Response:
        state = await run_in_threadpool(readiness)
        status = HTTPStatus.OK if state.is_ready else HTTPStatus.SERVICE_UNAVAILABLE
        return JSONResponse({"ready": state.is_ready, **state.facts}, status)

    async def metrics(_request: Request) -> Response:
        await run_in_threadpool(before_metrics)
        return Response(generate_latest(registry), media_type="text/plain; version=0.0.4")

    async def away(_request: Request, _problem: Exception) -> Response:
        return Response(
            unavailable_page(),
            HTTPStatus.SERVICE_UNAVAILABLE,
            {"retry-after": "5"},
            media_type="text/html",
        )

    async def missing(request: Request, _problem: Exception) -> Response:
        return not_found(request.url.path)

    handlers: dict[int | type[Exception], ExceptionHandler] = {
        Unavailable: away,
        int(HTTPStatus.NOT_FOUND): missing,
    }
    app = Starlette(
        routes=[
            Route("/", home),
            *_routes("", shows, story),
            Route("/healthz", healthz),
            Route("/readyz", readyz),
            Route("/metrics", metrics),
            *more,
            Route("/static/{version}/{name:path}", show_asset),
            *_routes("/{community}", shows, story),
        ],
        exception_handlers=handlers,
    )
    app.add_middleware(SafeHeaders)
    return app


def _routes(under: str, shows: Mapping[str, Show], story: Show) -> list[Route]:
    """Return the addresses of a community's pages, each also with the format at its end."""
    found = []
    for name, show in shows.items():
        found.append(Route(f"{under}/{name}", _showing(show)))
        found.append(Route(f"{under}/{name}.{{form:str}}", _showing(show)))
    found.append(Route(f"{under}/audit/{{id}}.{{form:str}}", _showing(story)))
    found.append(Route(f"{under}/audit/{{id}}", _showing(story)))
    return found


def _showing(show: Show) -> Callable[[Request], Awaitable[Response]]:
    """Return what answers a request for a page; an id in the address is part of what is asked."""

    async def answer(request: Request) -> Response:
        place = dict(request.path_params)
        community, form = place.pop("community", None), place.pop("form", "html")
        compress = "gzip" in request.headers.get("accept-encoding", "")
        query = {**request.query_params, **place}
        try:
            page = await run_in_threadpool(partial(show, community, form, query, compress=compress))
        except Refused as problem:
            return PlainTextResponse(problem.text, HTTPStatus.BAD_REQUEST)
        return not_found(request.url.path) if page is None else _sent(request, page)

    return answer


def _sent(request: Request, page: Page) -> Response:
    """Return a page, or that it has not changed."""
    headers = {
        "etag": page.etag,
        "cache-control": "no-cache",
        "vary": "accept-encoding, x-fragment",
        **({"content-encoding": page.encoding} if page.encoding else {}),
    }
    if request.headers.get("if-none-match") == page.etag:
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
    return Response(page.body, media_type=page.media_type, headers=headers)


class SafeHeaders:
    """Puts the security headers on every answer."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._headers = [(key.encode(), value.encode()) for key, value in SAFE_HEADERS.items()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_safely(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *self._headers]
            await send(message)

        await self._app(scope, receive, send_safely)


@lru_cache(maxsize=32)
def compressed(body: bytes) -> bytes:
    """Return an asset compressed, once."""
    return gzip.compress(body, 9, mtime=0)


def not_found(path: str) -> Response:
    """Return the page for an address that leads nowhere."""
    return Response(not_found_page(path), HTTPStatus.NOT_FOUND, media_type="text/html")
