"""What every REST call passes: who are you, are you within your limits, and is GitHub well today.

The gate keeps the ledger of calls too, so that tests and visitors can see what was asked.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

import jwt
import msgspec
from starlette.requests import Request
from starlette.responses import Response

from chatops.standins.github.actions import NotAllowedError
from chatops.standins.github.answers import Answer, Call, WrongError
from chatops.standins.github.shapes import Shapes
from chatops.standins.github.things import Identity
from chatops.standins.github.webhooks import Webhooks
from chatops.standins.github.world import World

LIMIT = 5_000
LIMIT_OF_NOBODY = 60
HOUR = timedelta(hours=1)
LEDGER_SIZE = 50_000
LONGEST_JWT = 600
JWT_LEEWAY = 60
NOBODY = Identity(login="")
DOCUMENTATION = "https://docs.github.com/rest"

FaultKind = Literal[
    "500", "502", "502_after", "503", "primary_limit", "secondary_403", "secondary_429", "delay"
]
Endpoint = Callable[[Call], Answer]


@dataclass(slots=True, kw_only=True)
class Fault:
    """Something that goes wrong for the next calls that match.

    "502_after" does what was asked and then answers 502, as a proxy in front of GitHub might.
    """

    kind: FaultKind
    method: str = ".*"
    path: str = ".*"
    times: int = 1
    retry_after: int | None = 60
    seconds: float = 0.1

    def hits(self, method: str, path: str) -> bool:
        """Whether this call goes wrong."""
        return (
            self.times > 0
            and re.fullmatch(self.method, method) is not None
            and re.search(self.path, path) is not None
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedCall:
    """A call that was made, and how it ended."""

    at: datetime
    method: str
    path: str
    query: Mapping[str, str]
    body: Any
    status: int
    login: str | None


@dataclass(slots=True)
class _Allowance:
    """What a caller has used of its hour."""

    resets_at: datetime
    used: int = 0


@dataclass(slots=True)
class Gate:
    """Lets calls through to their endpoints, or answers in GitHub's stead.

    `limit` calls are for everyone, and again when an `hour` is over.
    """

    world: World
    shapes: Shapes
    hooks: Webhooks
    limit: int = LIMIT
    hour: timedelta = HOUR
    before_telling: Callable[[], None] = lambda: None
    faults: list[Fault] = field(default_factory=list)
    requests: deque[RecordedCall] = field(default_factory=lambda: deque(maxlen=LEDGER_SIZE))
    _allowances: dict[str, _Allowance] = field(default_factory=dict)

    async def pass_through(
        self, request: Request, endpoint: Endpoint, *, by_app: bool, is_free: bool
    ) -> Response:
        """Answer one call."""
        raw = await request.body()
        who, answer = None, None
        fault = self._fault(request.method, request.url.path)
        if fault is not None:
            if fault.kind == "delay":
                await asyncio.sleep(fault.seconds)
            elif fault.kind != "502_after":
                answer = self._faulty(fault)
        try:
            who = self._app_identity(request) if by_app else self._identity(request)
            if answer is None:
                answer = self._answer(request, endpoint, who, raw, is_free=is_free)
        except WrongError as wrong:
            answer = answer or refusal(wrong.status, wrong.message, wrong.errors)
        if request.method != "GET":
            self.world.changes += 1
            self.before_telling()
        if fault is not None and fault.kind == "502_after":
            answer = self._faulty(fault)
        response = self._respond(request, who, answer, is_free=is_free)
        self._record(request, raw, who, response.status_code)
        return response

    def resources(self, who: Identity) -> dict[str, Any]:
        """Tell a caller how much it may still ask."""
        allowance, limit = self._allowance(who), self._limit_of(who)
        core = {
            "limit": limit,
            "used": min(allowance.used, limit),
            "remaining": max(limit - allowance.used, 0),
            "reset": int(allowance.resets_at.timestamp()),
        }
        return {"resources": {"core": core, "search": core}, "rate": core}

    def _answer(
        self, request: Request, endpoint: Endpoint, who: Identity, raw: bytes, *, is_free: bool
    ) -> Answer:
        allowance = self._allowance(who)
        if not is_free and allowance.used >= self._limit_of(who):
            return refusal(403, f"API rate limit exceeded for {who.login or '127.0.0.1'}.")
        try:
            body = msgspec.json.decode(raw) if raw else {}
        except msgspec.DecodeError:
            return refusal(400, "Problems parsing JSON")
        call = Call(
            world=self.world,
            shapes=self.shapes,
            hooks=self.hooks,
            who=who,
            method=request.method,
            path=request.url.path,
            parameters={name: str(value) for name, value in request.path_params.items()},
            query=dict(request.query_params),
            body=body,
            accept=request.headers.get("accept", ""),
        )
        try:
            return endpoint(call)
        except WrongError as wrong:
            return refusal(wrong.status, wrong.message, wrong.errors)
        except NotAllowedError as wrong:
            return refusal(wrong.status, wrong.message)

    def _respond(
        self, request: Request, who: Identity | None, answer: Answer, *, is_free: bool
    ) -> Response:
        headers = dict(answer.headers)
        headers["X-GitHub-Media-Type"] = "github.v3; format=json"
        headers["X-GitHub-Request-Id"] = f"STAND:{len(self.requests):06X}"
        content, media_type = b"", "application/json; charset=utf-8"
        if answer.text is not None:
            content, media_type = answer.text.encode(), "application/vnd.github.raw+json"
        elif answer.body is not None:
            content = msgspec.json.encode(answer.body)
        status = answer.status
        if request.method == "GET" and status == 200:  # noqa: PLR2004 - HTTP's own number
            etag = f'W/"{hashlib.sha256(content).hexdigest()}"'
            headers["ETag"] = etag
            headers["Cache-Control"] = "private, max-age=60, s-maxage=60"
            if etag in request.headers.get("if-none-match", ""):
                status, content = 304, b""
        if who is not None:
            if not is_free and status != 304:  # noqa: PLR2004 - unchanged answers are free
                self._allowance(who).used += 1
            headers.update(self._limit_headers(who))
        headers |= answer.headers
        if not content:
            return Response(status_code=status, headers=headers)
        return Response(content, status_code=status, headers=headers, media_type=media_type)

    def _limit_headers(self, who: Identity) -> dict[str, str]:
        core = self.resources(who)["rate"]
        names = {"Limit": "limit", "Remaining": "remaining", "Used": "used", "Reset": "reset"}
        headers = {f"X-RateLimit-{name}": str(core[key]) for name, key in names.items()}
        return {**headers, "X-RateLimit-Resource": "core"}

    def _allowance(self, who: Identity) -> _Allowance:
        now = self.world.now()
        # An App has one allowance for itself, and another one in each installation.
        name = f"{who.login} itself" if who.app and who.expires_at is None else who.login
        allowance = self._allowances.get(name)
        if allowance is None or allowance.resets_at <= now:
            allowance = _Allowance(now + self.hour)
            self._allowances[name] = allowance
        return allowance

    def _limit_of(self, who: Identity) -> int:
        return self.limit if who.login else min(self.limit, LIMIT_OF_NOBODY)

    def _identity(self, request: Request) -> Identity:
        if request.method == "GET" and "authorization" not in request.headers:
            return NOBODY
        token = _bearer(request)
        who = self.world.tokens.get(token)
        if who is None or (who.expires_at is not None and who.expires_at <= self.world.now()):
            raise WrongError(401, "Bad credentials")
        return who

    def _app_identity(self, request: Request) -> Identity:
        """Verify the JWT that an App signs with its private key."""
        token, app = _bearer(request), self.world.app
        if app is None or app.public_key_pem is None:
            raise WrongError(401, "A JSON web token could not be decoded")
        try:
            claims = jwt.decode(
                token,
                app.public_key_pem,
                algorithms=["RS256"],
                # GitHub's own clock decides below, not the one of the machine that signed.
                options={
                    "require": ["exp", "iat", "iss"],
                    "verify_exp": False,
                    "verify_iat": False,
                    "verify_iss": False,
                },
            )
        except jwt.InvalidTokenError as error:
            raise WrongError(401, "A JSON web token could not be decoded") from error
        if str(claims["iss"]) not in {str(app.id), f"Iv23.{app.slug}"}:
            raise WrongError(404, "Integration not found")
        now = self.world.now().timestamp()
        if claims["exp"] <= now:
            text = "'Expiration time' claim ('exp') must be a numeric value representing the future"
            raise WrongError(401, text)
        if claims["exp"] > now + LONGEST_JWT:
            raise WrongError(401, "'Expiration time' claim ('exp') is too far in the future")
        if claims["iat"] > now + JWT_LEEWAY:
            raise WrongError(401, "'Issued at' claim ('iat') must be an Integer in the past")
        return Identity(login=app.login, app=app)

    def _fault(self, method: str, path: str) -> Fault | None:
        fault = next((one for one in self.faults if one.hits(method, path)), None)
        if fault is not None:
            fault.times -= 1
            self.faults = [one for one in self.faults if one.times > 0]
        return fault

    def _faulty(self, fault: Fault) -> Answer:
        match fault.kind:
            case "primary_limit":
                reset = int(self.world.now().timestamp()) + (fault.retry_after or 0)
                headers = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(reset)}
                return refusal(403, "API rate limit exceeded", headers=headers)
            case "secondary_403" | "secondary_429":
                wait = fault.retry_after
                return refusal(
                    int(fault.kind.removeprefix("secondary_")),
                    "You have exceeded a secondary rate limit. Please wait a few minutes.",
                    headers={} if wait is None else {"Retry-After": str(wait)},
                )
            case _:
                return refusal(int(fault.kind[:3]), "Server Error")

    def _record(self, request: Request, raw: bytes, who: Identity | None, status: int) -> None:
        try:
            body = msgspec.json.decode(raw) if raw else None
        except msgspec.DecodeError:
            body = raw.decode(errors="replace")
        self.requests.append(
            RecordedCall(
                at=self.world.now(),
                method=request.method,
                path=request.url.path,
                query=dict(request.query_params),
                body=body,
                status=status,
                login=who.login if who else None,
            )
        )


def refusal(
    status: int,
    message: str,
    errors: list[dict[str, Any]] | None = None,
    *,
    headers: Mapping[str, str] | None = None,
) -> Answer:
    """Say no in GitHub's error shape."""
    body: dict[str, Any] = {
        "message": message,
        "documentation_url": DOCUMENTATION,
        "status": str(status),
    }
    if errors is not None:
        body["errors"] = errors
    return Answer(status=status, body=body, headers=headers or {})


def _bearer(request: Request) -> str:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() not in {"bearer", "token"} or not token:
        raise WrongError(401, "Requires authentication")
    return token.strip()
