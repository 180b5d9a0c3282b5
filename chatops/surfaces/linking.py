"""Linking a member of a Slack workspace to a GitHub account: by signing in at GitHub, once, with both named.

A member gets a private address of ours, good for a few minutes and once. Who opens it signs in at GitHub, sees which
two accounts would be linked, and says so. The token that GitHub gives is used to ask whose it is, and nothing else.
Whoever has the address of somebody else is told whom it would link: nothing is linked by only following links.
"""

import hmac
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from http import HTTPStatus
from typing import TypeVar
from urllib.parse import parse_qs

import msgspec
import structlog
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from chatops.engine.command import Story
from chatops.engine.log import Appended, Batch
from chatops.errors import Refused, Transient
from chatops.events import Fact
from chatops.events.identities import IdentityLinked, LinkOffered
from chatops.names import CommandId, Login
from chatops.ports import Clock, SignIn
from chatops.surfaces.seals import Content, Seal
from chatops.views.link import render_confirm, render_offer, render_problem, render_thanks

logger = structlog.get_logger(__name__)

PATH = "/link"
COOKIE = "chatops_link"
SIGN_IN_TIME = timedelta(minutes=10)
LONGEST_BODY = 4_000
HEADERS = {"cache-control": "no-store"}

TAMPERED = "This address is none of ours, or a part of it is missing. Ask for a new one in Slack."
USED = "This address has been used. Ask for a new one in Slack if you want to link another account."
LATE = "This address was good for ten minutes, and they are over. Ask for a new one in Slack."
ELSEWHERE = (
    "This did not begin in this browser, or too long ago. Open the address from Slack again."
)
NOT_SIGNED_IN = "GitHub did not sign you in, so nothing was linked. Open the address from Slack again if you want to."

Kind = TypeVar("Kind", bound=msgspec.Struct)


class Ticket(msgspec.Struct, frozen=True):
    """What the address in Slack carries: the request to be linked."""

    command: CommandId


class Begun(msgspec.Struct, frozen=True):
    """What a browser keeps while its person is at GitHub."""

    command: CommandId
    state: str
    verifier: str
    until: datetime


class Proved(msgspec.Struct, frozen=True):
    """What a browser keeps until its person has seen both accounts: whose GitHub account it is."""

    command: CommandId
    nonce: str
    login: Login
    github_id: int
    until: datetime


class Linking:
    """The pages between Slack and GitHub."""

    def __init__(
        self,
        *,
        secret: str,
        base_url: str,
        sign_in: SignIn,
        clock: Clock,
        story: Callable[[CommandId], Story],
        append: Callable[[Batch], Awaitable[Appended]],
    ) -> None:
        self._seal = Seal(secret)
        self._base_url = base_url
        self._sign_in = sign_in
        self._clock = clock
        self._story = story
        self._append = append

    def address(self, command: CommandId) -> str:
        """Return the address at which the one who said a command can be linked."""
        return f"{self._base_url}{PATH}/{self._seal.write('ticket', Ticket(command))}"

    def routes(self) -> Sequence[Route]:
        """Return the pages."""
        return (
            Route(f"{PATH}/callback", self.callback),
            Route(f"{PATH}/confirm", self.confirm, methods=["POST"]),
            Route(f"{PATH}/{{ticket}}", self.show),
            Route(f"{PATH}/{{ticket}}/start", self.start),
        )

    async def show(self, request: Request) -> Response:
        """Say who in Slack would be linked. Nothing happens by looking: programs look at addresses, too."""
        ticket = request.path_params["ticket"]
        offered = await self._offered(self._ticket(ticket))
        if isinstance(offered, Response):
            return offered
        return _page(render_offer(offered, f"{PATH}/{ticket}/start"))

    async def start(self, request: Request) -> Response:
        """Lead to GitHub; what comes back must come to the same browser."""
        command = self._ticket(request.path_params["ticket"])
        offered = await self._offered(command)
        if isinstance(offered, Response):
            return offered
        begun = Begun(
            command=offered.command,
            state=secrets.token_urlsafe(24),
            verifier=secrets.token_urlsafe(48),
            until=self._clock.now() + SIGN_IN_TIME,
        )
        challenge = urlsafe_b64encode(sha256(begun.verifier.encode()).digest()).decode().rstrip("=")
        place = self._sign_in.address(begun.state, challenge, self._callback_url)
        answer = RedirectResponse(place, HTTPStatus.SEE_OTHER, HEADERS)
        self._remember(answer, "begun", begun)
        return answer

    async def callback(self, request: Request) -> Response:
        """Ask GitHub who came back, and show both accounts."""
        begun = self._remembered(request, "begun", Begun)
        state = request.query_params.get("state", "")
        if begun is None or begun.until < self._clock.now() or not _same(state, begun.state):
            return _problem(ELSEWHERE)
        offered = await self._offered(begun.command)
        if isinstance(offered, Response):
            return offered
        code = request.query_params.get("code", "")
        if not code:
            return _problem(NOT_SIGNED_IN)
        try:
            account = await self._sign_in.who(code, begun.verifier, self._callback_url)
        except Refused as refusal:
            logger.warning("not signed in", problem=refusal.text)
            return _problem(NOT_SIGNED_IN)
        except Transient as problem:
            logger.warning("not signed in", problem=str(problem))
            return _problem(f"{problem} Open the address from Slack again.", HTTPStatus.BAD_GATEWAY)
        proved = Proved(
            command=offered.command,
            nonce=secrets.token_urlsafe(24),
            login=account.login,
            github_id=account.id,
            until=self._clock.now() + SIGN_IN_TIME,
        )
        answer = _page(render_confirm(offered, account.login, f"{PATH}/confirm", proved.nonce))
        self._remember(answer, "proved", proved)
        return answer

    async def confirm(self, request: Request) -> Response:
        """Link the two accounts that were shown; the log takes it once."""
        proved = self._remembered(request, "proved", Proved)
        nonce = await _field(request, "nonce")
        if proved is None or proved.until < self._clock.now() or not _same(nonce, proved.nonce):
            return _problem(ELSEWHERE)
        offered = await self._offered(proved.command)
        if isinstance(offered, Response):
            return offered
        event = IdentityLinked(
            command=offered.command,
            team=offered.team,
            user=offered.user,
            login=proved.login,
            github_id=proved.github_id,
            at=self._clock.now(),
        )
        fact = Fact(event=event, source="web", actor=proved.login, correlation_id=offered.command)
        appended = await self._append(Batch(facts=[fact]))
        if not appended.is_new:
            return _problem(USED, HTTPStatus.GONE)
        logger.info("linked", command=offered.command)
        answer = _page(render_thanks(offered, proved.login))
        answer.delete_cookie(COOKIE, path=PATH)
        return answer

    @property
    def _callback_url(self) -> str:
        return f"{self._base_url}{PATH}/callback"

    def _ticket(self, text: str) -> CommandId | None:
        ticket = self._seal.read("ticket", text, Ticket)
        return ticket.command if ticket is not None else None

    async def _offered(self, command: CommandId | None) -> LinkOffered | Response:
        """Return what was offered, while it can be taken up; else the page that says why not."""
        story = await run_in_threadpool(self._story, command) if command else Story(())
        offered = story.first(LinkOffered)
        if offered is None:
            return _problem(TAMPERED)
        if story.first(IdentityLinked) is not None:
            return _problem(USED, HTTPStatus.GONE)
        if offered.expires_at < self._clock.now():
            return _problem(LATE, HTTPStatus.GONE)
        return offered

    def _remember(self, answer: Response, purpose: str, content: msgspec.Struct) -> None:
        answer.set_cookie(
            COOKIE,
            self._seal.write(purpose, content),
            max_age=int(SIGN_IN_TIME.total_seconds()),
            path=PATH,
            secure=self._base_url.startswith("https://"),
            httponly=True,
            # It must come along when GitHub leads back, and with nobody else's form.
            samesite="lax",
        )

    def _remembered(self, request: Request, purpose: str, kind: type[Content]) -> Content | None:
        return self._seal.read(purpose, request.cookies.get(COOKIE, ""), kind)


def _page(html: str, status: HTTPStatus = HTTPStatus.OK) -> Response:
    return HTMLResponse(html, status, HEADERS)


def _problem(text: str, status: HTTPStatus = HTTPStatus.BAD_REQUEST) -> Response:
    return _page(render_problem(text), status)


def _same(given: str, known: str) -> bool:
    return hmac.compare_digest(given.encode(errors="replace"), known.encode())


async def _field(request: Request, name: str) -> str:
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > LONGEST_BODY:
            return ""
    return parse_qs(body.decode(errors="replace")).get(name, [""])[-1]
