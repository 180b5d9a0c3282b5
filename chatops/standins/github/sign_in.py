"""Signing in at the pretend GitHub: a page that asks who you are, and a token for the code it gives.

As GitHub does it for Apps: a code is good once and for ten minutes, for the address it was asked for, and for whoever
knows the verifier whose digest came with the question.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from html import escape
from urllib.parse import parse_qs, urlencode

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from chatops.standins.github.things import Identity
from chatops.standins.github.world import World

AUTHORIZE = "/login/oauth/authorize"
CODE_LIFE = timedelta(minutes=10)
TOKEN_LIFE = timedelta(hours=8)
HEADERS = {
    # The form leads back to whoever asked, so it may go anywhere.
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
}
PAGE = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Sign in · pretend GitHub</title>
<link rel="stylesheet" href="/_standin/static/hub.css">
</head>
<body>
<header><p class="pretend"><strong>Pretend GitHub.</strong> No password is asked for.</p></header>
<main id="main">
<h1>Sign in to {app}</h1>
<p>{app} will know who you are, and nothing else. It leads back to <code>{back}</code>.</p>
<form method="post" action="{action}">
{hidden}
<p><label>You are <select name="as">{people}</select></label></p>
<p><button name="say" value="yes">Authorize {app}</button> <button name="say" value="no">Cancel</button></p>
</form>
</main>
</body>
</html>
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """A code that was given out: whose it is, and what must come with it."""

    login: str
    back: str
    challenge: str
    at: datetime


class SignIn:
    """The pages and the one call of signing in."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._codes: dict[str, Code] = {}

    def routes(self) -> Iterator[Route]:
        """List the addresses."""
        yield Route(AUTHORIZE, self.ask, methods=["GET"])
        yield Route(AUTHORIZE, self.agree, methods=["POST"])
        yield Route("/login/oauth/access_token", self.exchange, methods=["POST"])

    async def ask(self, request: Request) -> Response:
        """Show who asks, and let the visitor say who they are."""
        asked, app = dict(request.query_params), self._world.app
        if app is None or asked.get("client_id") != app.client_id:
            return HTMLResponse("There is no such App.", status_code=404, headers=HEADERS)
        kept = ("client_id", "redirect_uri", "state", "code_challenge", "code_challenge_method")
        hidden = "".join(
            f'<input type="hidden" name="{name}" value="{escape(asked.get(name, ""))}">'
            for name in kept
        )
        people = "".join(
            f"<option>{escape(login)}</option>"
            for login, user in sorted(self._world.users.items())
            if user.kind == "User"
        )
        page = PAGE.format(
            app=escape(app.slug),
            back=escape(asked.get("redirect_uri", "")),
            action=AUTHORIZE,
            hidden=hidden,
            people=people,
        )
        return HTMLResponse(page, headers=HEADERS)

    async def agree(self, request: Request) -> Response:
        """Lead back with a code, or with a no."""
        form, app = await _form(request), self._world.app
        login, back = form.get("as", ""), form.get("redirect_uri", "")
        if app is None or form.get("client_id") != app.client_id or login not in self._world.users:
            return HTMLResponse("There is nobody of that name.", status_code=422, headers=HEADERS)
        answer = {"state": form.get("state", "")}
        if form.get("say") == "no":
            answer["error"] = "access_denied"
        else:
            answer["code"] = secrets.token_hex(10)
            self._codes[answer["code"]] = Code(
                login=login,
                back=back,
                challenge=form.get("code_challenge", ""),
                at=self._world.now(),
            )
        return RedirectResponse(f"{back}?{urlencode(answer)}", status_code=303, headers=HEADERS)

    async def exchange(self, request: Request) -> Response:
        """Give a token for a code; what is wrong is said with status 200, as GitHub does."""
        form = await _form(request)
        problem = self._problem(form)
        if problem:
            return JSONResponse({"error": problem, "error_description": "It was not accepted."})
        code = self._codes.pop(form["code"])
        token = f"ghu_{secrets.token_hex(18)}"
        expires_at = self._world.now() + TOKEN_LIFE
        self._world.tokens[token] = Identity(login=code.login, expires_at=expires_at)
        return JSONResponse({"access_token": token, "token_type": "bearer", "scope": ""})

    def _problem(self, form: Mapping[str, str]) -> str:
        app, code = self._world.app, self._codes.get(form.get("code", ""))
        secret = form.get("client_secret", "")
        if app is None or form.get("client_id") != app.client_id:
            return "incorrect_client_credentials"
        if not hmac.compare_digest(secret.encode(), app.client_secret.encode()):
            return "incorrect_client_credentials"
        if code is None or self._world.now() - code.at > CODE_LIFE:
            return "bad_verification_code"
        if form.get("redirect_uri") != code.back:
            return "redirect_uri_mismatch"
        if code.challenge and _challenge(form.get("code_verifier", "")) != code.challenge:
            return "bad_verification_code"
        return ""


def _challenge(verifier: str) -> str:
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


async def _form(request: Request) -> dict[str, str]:
    fields = parse_qs((await request.body()).decode(errors="replace"), keep_blank_values=True)
    return {name: values[-1] for name, values in fields.items()}
