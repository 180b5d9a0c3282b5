"""GitHub's sign-in, as our port wants it: where to send a browser, and who came back with a code.

The token for the code is used for one question, whose it is, and is never kept, logged or handed on.
"""

from typing import Any, Self
from urllib.parse import urlencode

import msgspec

from chatops.errors import Refused, Transient
from chatops.gateways.github_access import USER_AGENT, VERSION
from chatops.gateways.net import Answer, Client
from chatops.names import Login
from chatops.ports import Account

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
OK = 200
SERVER_ERROR = 500
TOO_MANY = 429


class GitHubSignIn:
    """Signs people in with the client id and secret of the GitHub App. No right is asked for."""

    def __init__(self, *, web_url: str, api_url: str, client_id: str, client_secret: str) -> None:
        self._client = Client("GitHub")
        self._web_url = web_url
        self._api_url = api_url
        self._id = client_id
        self._secret = client_secret

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_problem: object) -> None:
        await self._client.close()

    def address(self, state: str, challenge: str, back: str) -> str:
        """Return GitHub's page on which somebody agrees to be known here."""
        query = {
            "client_id": self._id,
            "redirect_uri": back,
            "state": state,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
            "allow_signup": "false",
        }
        return f"{self._web_url}/login/oauth/authorize?{urlencode(query)}"

    async def who(self, code: str, verifier: str, back: str) -> Account:
        """Return whose the code is that GitHub gave to a browser."""
        token = await self._token(code, verifier, back)
        answer = await self._client.request(
            "GET",
            f"{self._api_url}/user",
            headers={
                "accept": "application/vnd.github+json",
                "authorization": f"Bearer {token}",
                "user-agent": USER_AGENT,
                "x-github-api-version": VERSION,
            },
        )
        found = _read(answer)
        login, number = found.get("login"), found.get("id")
        if not isinstance(login, str) or not isinstance(number, int) or not login:
            raise Refused("GitHub did not say who signed in.", reason="not_signed_in")
        return Account(login=Login(login), id=number)

    async def _token(self, code: str, verifier: str, back: str) -> str:
        form = {
            "client_id": self._id,
            "client_secret": self._secret,
            "code": code,
            "redirect_uri": back,
            "code_verifier": verifier,
        }
        answer = await self._client.request(
            "POST",
            f"{self._web_url}/login/oauth/access_token",
            headers={"accept": JSON, "content-type": FORM, "user-agent": USER_AGENT},
            body=urlencode(form).encode(),
        )
        # What it refuses, GitHub says with status 200 and an `error`.
        token = _read(answer).get("access_token")
        if not isinstance(token, str) or not token:
            raise Refused("GitHub did not take the code it gave.", reason="not_signed_in")
        return token


def _read(answer: Answer) -> dict[str, Any]:
    if answer.status >= SERVER_ERROR or answer.status == TOO_MANY:
        raise Transient("GitHub has trouble of its own and could not sign you in.")
    if answer.status != OK:
        raise Refused(f"GitHub did not sign in ({answer.status}).", reason="not_signed_in")
    try:
        found = msgspec.json.decode(answer.body)
    except (msgspec.DecodeError, RecursionError, ValueError) as problem:
        raise Transient("GitHub's answer could not be read.") from problem
    return found if isinstance(found, dict) else {}
