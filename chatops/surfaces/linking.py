"""Linking a member of a Slack workspace to a GitHub account: by signing in at GitHub, once, with both named.

A member gets a private address of ours, good for a few minutes and once. Who opens it signs in at GitHub, sees which
two accounts would be linked, and says so. The token that GitHub gives is used to ask whose it is, and nothing else.
Whoever has the address of somebody else is told whom it would link: nothing is linked by only following links.
"""

import secrets
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from http import HTTPStatus

import msgspec
import structlog
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from chatops.engine.command import Story
from chatops.engine.log import Appended, Batch
from chatops.errors import Refused, Transient
from chatops.events import Fact
from chatops.events.identities import IdentityLinked, LinkOffered
from chatops.names import CommandId, Login
from chatops.ports import Clock, SignIn
from chatops.surfaces.forms import NotRead, fields_of
from chatops.surfaces.journey import HEADERS, SIGN_IN_TIME, Journey, same
from chatops.surfaces.seals import Seal
from chatops.views.link import render_confirm, render_offer, render_problem, render_thanks

logger = structlog.get_logger(__name__)

PATH = "/link"
COOKIE = "chatops_link"
LONGEST_BODY = 4_000

TAMPERED = "This address is none of ours, or a part of it is missing. Ask for a new one in Slack."
USED = "This address has been used. Ask for a new one in Slack if you want to link another account."
LATE = "This address was good for ten minutes, and they are over. Ask for a new one in Slack."
ELSEWHERE = (
    "This did not begin in this browser, or too long ago. Open the address from Slack again."
)
NOT_SIGNED_IN = "GitHub did not sign you in, so nothing was linked. Open the address from Slack again if you want to."


class Ticket(msgspec.Struct, frozen=True):
    """What the address in Slack carries: the request to be linked."""

    command: CommandId


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
        self._journey = Journey(
            secret=secret,
            base_url=base_url,
            sign_in=sign_in,
            clock=clock,
            path=PATH,
            cookie=COOKIE,
        )
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
        return self._journey.leave(offered.command)

    async def callback(self, request: Request) -> Response:
        """Ask GitHub who came back, and show both accounts."""
        begun = self._journey.begun(request)
        if begun is None:
            return _problem(ELSEWHERE)
        offered = await self._offered(CommandId(begun.about))
        if isinstance(offered, Response):
            return offered
        try:
            account = await self._journey.who(request, begun)
        except Refused:
            return _problem(NOT_SIGNED_IN)
        except Transient as problem:
            return _problem(f"{problem} Open the address from Slack again.", HTTPStatus.BAD_GATEWAY)
        proved = Proved(
            command=offered.command,
            nonce=secrets.token_urlsafe(24),
            login=account.login,
            github_id=account.id,
            until=self._clock.now() + SIGN_IN_TIME,
        )
        answer = _page(render_confirm(offered, account.login, f"{PATH}/confirm", proved.nonce))
        self._journey.remember(answer, "proved", proved)
        return answer

    async def confirm(self, request: Request) -> Response:
        """Link the two accounts that were shown; the log takes it once."""
        proved = self._journey.remembered(request, "proved", Proved)
        nonce = await _nonce(request)
        if proved is None or proved.until < self._clock.now() or not same(nonce, proved.nonce):
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
        self._journey.forget(answer)
        return answer

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


def _page(html: str, status: HTTPStatus = HTTPStatus.OK) -> Response:
    return HTMLResponse(html, status, HEADERS)


def _problem(text: str, status: HTTPStatus = HTTPStatus.BAD_REQUEST) -> Response:
    return _page(render_problem(text), status)


async def _nonce(request: Request) -> str:
    """Return what a form of ours carries along; nothing if it is none."""
    try:
        return (await fields_of(request, LONGEST_BODY)).get("nonce", "")
    except NotRead:
        return ""
