"""The way of a browser to GitHub's sign-in and back, on which somebody proves who they are.

What comes back must come to the browser that left, within ten minutes, and with the verifier that only it kept. What
GitHub gives for the code is used to ask whose it is, and nothing else.
"""

import hmac
import secrets
from base64 import urlsafe_b64encode
from datetime import datetime, timedelta
from hashlib import sha256
from http import HTTPStatus

import msgspec
import structlog
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from chatops.errors import Refused, Transient
from chatops.ports import Account, Clock, SignIn
from chatops.surfaces.seals import Content, Seal

logger = structlog.get_logger(__name__)

SIGN_IN_TIME = timedelta(minutes=10)
HEADERS = {"cache-control": "no-store"}
NOT_SIGNED_IN = "GitHub did not sign you in."


class Begun(msgspec.Struct, frozen=True):
    """What a browser keeps while its person is at GitHub; `about` is what it left for."""

    about: str
    state: str
    verifier: str
    until: datetime


class Journey:
    """Sends browsers to GitHub and asks who came back; `path` is where, `cookie` what they keep meanwhile."""

    def __init__(
        self, *, secret: str, base_url: str, sign_in: SignIn, clock: Clock, path: str, cookie: str
    ) -> None:
        self._seal = Seal(secret)
        self._base_url = base_url
        self._sign_in = sign_in
        self._clock = clock
        self._path = path
        self._cookie = cookie

    @property
    def back(self) -> str:
        """Return the address to which GitHub leads back."""
        return f"{self._base_url}{self._path}/callback"

    def leave(self, about: str) -> Response:
        """Lead to GitHub; what comes back must come to the same browser."""
        begun = Begun(
            about=about,
            state=secrets.token_urlsafe(24),
            verifier=secrets.token_urlsafe(48),
            until=self._clock.now() + SIGN_IN_TIME,
        )
        challenge = urlsafe_b64encode(sha256(begun.verifier.encode()).digest()).decode().rstrip("=")
        place = self._sign_in.address(begun.state, challenge, self.back)
        answer = RedirectResponse(place, HTTPStatus.SEE_OTHER, HEADERS)
        self.remember(answer, "begun", begun)
        return answer

    def begun(self, request: Request) -> Begun | None:
        """Return what began in this browser, if it is this that comes back, and in time."""
        begun = self.remembered(request, "begun", Begun)
        state = request.query_params.get("state", "")
        if begun is None or begun.until < self._clock.now() or not same(state, begun.state):
            return None
        return begun

    async def who(self, request: Request, begun: Begun) -> Account:
        """Ask GitHub who came back; `Refused` where it does not say, `Transient` where it stumbles."""
        code = request.query_params.get("code", "")
        if not code:
            raise Refused(NOT_SIGNED_IN, reason="not_signed_in")
        try:
            return await self._sign_in.who(code, begun.verifier, self.back)
        except (Refused, Transient) as problem:
            logger.warning("not signed in", problem=str(problem))
            raise

    def remember(self, answer: Response, purpose: str, content: msgspec.Struct) -> None:
        """Let the browser keep something until its person is back."""
        answer.set_cookie(
            self._cookie,
            self._seal.write(f"{self._cookie} {purpose}", content),
            max_age=int(SIGN_IN_TIME.total_seconds()),
            path=self._path,
            secure=self._base_url.startswith("https://"),
            httponly=True,
            # It must come along when GitHub leads back, and with nobody else's form.
            samesite="lax",
        )

    def remembered(self, request: Request, purpose: str, kind: type[Content]) -> Content | None:
        """Return what the browser kept, if we wrote it for this purpose."""
        kept = request.cookies.get(self._cookie, "")
        return self._seal.read(f"{self._cookie} {purpose}", kept, kind)

    def forget(self, answer: Response) -> None:
        """Let the browser keep nothing any longer."""
        answer.delete_cookie(self._cookie, path=self._path)


def same(given: str, known: str) -> bool:
    """Return whether two secrets are one, in the same time for every wrong one."""
    return hmac.compare_digest(given.encode(errors="replace"), known.encode())
