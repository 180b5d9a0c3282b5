"""Signing in on the dashboard with a GitHub account, and signing out.

GitHub says who somebody is, once; what it gives for that is dropped. From then on the browser holds a random token, and
the database knows whose it is. Pages that somebody is led back to are only ever our own.
"""

import re
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from urllib.parse import urlsplit

import structlog
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from chatops.engine.sessions import LONGEST, Session, Sessions
from chatops.errors import Refused, Transient
from chatops.ports import Clock, SignIn
from chatops.surfaces.forms import NotRead, fields_of
from chatops.surfaces.journey import HEADERS, NOT_SIGNED_IN, Journey, same
from chatops.views.page import sign_in_address
from chatops.views.sign_in import render_not_signed_in, render_not_taken

logger = structlog.get_logger(__name__)

PATH = "/sign-in"
OUT = "/sign-out"
HOME = "/nightly"
BEGUN_COOKIE = "chatops-sign-in"
COOKIE = "chatops-session"
LONGEST_BODY = 4_000
LONGEST_PLACE = 1_500
CSRF = "csrf"
"""The field of a form that only our own pages know."""

ELSEWHERE = "This did not begin in this browser, or it took more than ten minutes."
NOT_OURS = (
    "It did not come from a page of ours, or you have signed out and in again since. "
    "Open the page again."
)
_PLACE = re.compile(r"/(?:[!-.0-\[\]-~][!-\[\]-~]*)?")
"""What leads to a page of ours: a path that is no host's name, without what browsers take for something else."""


class SigningIn:
    """The addresses, and who is signed in."""

    def __init__(
        self, *, secret: str, base_url: str, sign_in: SignIn, clock: Clock, sessions: Sessions
    ) -> None:
        self._base_url = base_url
        self._sessions = sessions
        self._is_secure = base_url.startswith("https://")
        self._journey = Journey(
            secret=secret,
            base_url=base_url,
            sign_in=sign_in,
            clock=clock,
            path=PATH,
            cookie=BEGUN_COOKIE,
        )

    @property
    def cookie(self) -> str:
        """Return the cookie's name; with this beginning, browsers take it only from this very host, over HTTPS."""
        return f"__Host-{COOKIE}" if self._is_secure else COOKIE

    def routes(self) -> Sequence[Route]:
        """Return the addresses."""
        return (
            Route(PATH, self.start),
            Route(f"{PATH}/callback", self.callback),
            Route(OUT, self.end, methods=["POST"]),
        )

    def session(self, cookies: Mapping[str, str]) -> Session | None:
        """Return who is signed in, nobody without a good cookie."""
        token = cookies.get(self.cookie, "")
        return self._sessions.of(token) if token else None

    async def start(self, request: Request) -> Response:
        """Lead to GitHub, and remember to which page of ours somebody wants to come back."""
        return self._journey.leave(own_place(request.query_params.get("to", "")))

    async def callback(self, request: Request) -> Response:
        """Ask GitHub who came back, and let them in."""
        begun = self._journey.begun(request)
        if begun is None:
            return self._not_signed_in(ELSEWHERE, HOME)
        place = own_place(begun.about)
        try:
            account = await self._journey.who(request, begun)
        except Refused:
            return self._not_signed_in(NOT_SIGNED_IN, place)
        except Transient as problem:
            return self._not_signed_in(str(problem), place, HTTPStatus.BAD_GATEWAY)
        before = request.cookies.get(self.cookie, "")
        token = await run_in_threadpool(self._sessions.begin, account)
        if before:
            await run_in_threadpool(self._sessions.end, before)
        logger.info("signed in", login=account.login)
        answer = RedirectResponse(place, HTTPStatus.SEE_OTHER, HEADERS)
        answer.set_cookie(
            self.cookie,
            token,
            max_age=int(LONGEST.total_seconds()),
            path="/",
            secure=self._is_secure,
            httponly=True,
            # Whoever follows a link to us is signed in; a form of somebody else's is not sent with it.
            samesite="lax",
        )
        self._journey.forget(answer)
        return answer

    async def end(self, request: Request) -> Response:
        """Sign out: the token is worth nothing from now on, in whatever browser it is."""
        session = await run_in_threadpool(self.session, request.cookies)
        try:
            form = await fields_of(request, LONGEST_BODY)
        except NotRead as problem:
            return not_taken(problem.text, HOME, problem.status)
        if session is not None:
            if not self.is_ours(request, form, session):
                return not_taken(NOT_OURS, HOME, HTTPStatus.FORBIDDEN)
            await run_in_threadpool(self._sessions.end, request.cookies[self.cookie])
            logger.info("signed out", login=session.login)
        answer = RedirectResponse(HOME, HTTPStatus.SEE_OTHER, HEADERS)
        answer.delete_cookie(self.cookie, path="/", secure=self._is_secure, httponly=True)
        return answer

    def is_ours(self, request: Request, form: Mapping[str, str], session: Session) -> bool:
        """Return whether a form was sent from a page of ours, by the one who is signed in."""
        origin = request.headers.get("origin")
        if origin is not None and origin != origin_of(self._base_url):
            return False
        return same(form.get(CSRF, ""), session.csrf)

    def address(self, place: str) -> str:
        """Return where to sign in for a page of ours."""
        return sign_in_address(self._base_url, place)

    def _not_signed_in(
        self, text: str, place: str, status: HTTPStatus = HTTPStatus.BAD_REQUEST
    ) -> Response:
        return HTMLResponse(render_not_signed_in(text, self.address(place)), status, HEADERS)


def not_taken(text: str, again: str, status: HTTPStatus) -> Response:
    """Return the page that says why what was sent was not taken."""
    return HTMLResponse(render_not_taken(text, again), status, HEADERS)


def own_place(asked: str) -> str:
    """Return where to lead somebody back: a page of ours, and the first one where the address is of no page of ours."""
    return asked if len(asked) <= LONGEST_PLACE and _PLACE.fullmatch(asked) else HOME


def origin_of(address: str) -> str:
    """Return what browsers call the place that an address is at: in small letters, without a port that goes unsaid."""
    parts = urlsplit(address.lower())
    usual = {"http": ":80", "https": ":443"}.get(parts.scheme, "")
    return f"{parts.scheme}://{parts.netloc.removesuffix(usual)}"
