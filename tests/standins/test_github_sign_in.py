"""Signing in at the pretend GitHub, as the product does it and as it must not be done."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from chatops.errors import Refused, Transient
from chatops.gateways.github_sign_in import GitHubSignIn
from chatops.ports import Account, SignIn
from chatops.standins.github import GitHubStandIn, HandClock, World
from tests.gateways.wire import answer, wire

pytestmark = pytest.mark.anyio

BACK = "http://127.0.0.1:9/link/callback"
VERIFIER = "v" * 43
CHALLENGE = "7w_YNF9DSfIdPf_pRjSq646_kPr-2-o9NAl16JGghdM"


class Place:
    """The pretend GitHub, somebody with a browser, and the gateway that a test is about."""

    def __init__(self, hub: GitHubStandIn, client: httpx.AsyncClient, clock: HandClock) -> None:
        self.hub = hub
        self.client = client
        self.clock = clock

    def gateway(self, **changes: str) -> GitHubSignIn:
        """Return a gateway as the App's owner would set it up."""
        app = self.hub.world.app
        assert app is not None
        told = {"client_id": app.client_id, "client_secret": app.client_secret, **changes}
        return GitHubSignIn(web_url=self.hub.url, api_url=self.hub.url, **told)

    async def code(self, gateway: SignIn, login: str = "mona", say: str = "yes") -> dict[str, str]:
        """Agree, and return what comes back."""
        asked = gateway.address("state", CHALLENGE, BACK)
        page = await self.client.get(asked)
        assert page.status_code == 200
        assert "know who you are, and nothing else" in page.text
        form = {name: values[0] for name, values in parse_qs(urlsplit(asked).query).items()}
        led = await self.client.post(
            f"{self.hub.url}/login/oauth/authorize", data={**form, "as": login, "say": say}
        )
        back = urlsplit(led.headers["location"])
        assert f"{back.scheme}://{back.netloc}{back.path}" == BACK
        return {name: values[0] for name, values in parse_qs(back.query).items()}


@asynccontextmanager
async def place() -> AsyncIterator[Place]:
    clock = HandClock()
    world = World(clock=clock)
    world.register_app()
    world.repo("acme/rocket").user("mona", permission="write")
    async with GitHubStandIn(world) as hub, httpx.AsyncClient(trust_env=False) as client:
        yield Place(hub, client, clock)


async def test_who_agrees_is_known_by_login_and_number() -> None:
    async with place() as here, here.gateway() as gateway:
        back = await here.code(gateway)

        account = await gateway.who(back["code"], VERIFIER, BACK)

        assert back["state"] == "state"
        assert account == Account(login="mona", id=here.hub.world.users["mona"].id)  # type: ignore[arg-type]


async def test_who_says_no_leads_back_without_a_code() -> None:
    async with place() as here, here.gateway() as gateway:
        assert await here.code(gateway, say="no") == {"state": "state", "error": "access_denied"}


async def test_a_code_is_good_once() -> None:
    async with place() as here, here.gateway() as gateway:
        code = (await here.code(gateway))["code"]
        await gateway.who(code, VERIFIER, BACK)

        with pytest.raises(Refused):
            await gateway.who(code, VERIFIER, BACK)


@pytest.mark.parametrize(
    ("verifier", "back", "secret", "minutes"),
    [
        ("w" * 43, BACK, "", 0),
        (VERIFIER, f"{BACK}/other", "", 0),
        (VERIFIER, BACK, "a guess", 0),
        (VERIFIER, BACK, "", 11),
    ],
)
async def test_a_code_is_good_for_whom_it_was_given_to_and_for_a_while(
    verifier: str, back: str, secret: str, minutes: int
) -> None:
    async with place() as here:
        changes = {"client_secret": secret} if secret else {}
        async with here.gateway(**changes) as gateway:
            code = (await here.code(gateway))["code"]
            here.clock.advance(timedelta(minutes=minutes).total_seconds())

            with pytest.raises(Refused) as refused:
                await gateway.who(code, verifier, back)

    assert refused.value.reason == "not_signed_in"
    assert code not in refused.value.text


async def test_an_app_that_is_not_there_is_not_asked_about() -> None:
    async with place() as here, here.gateway(client_id="other") as gateway:
        page = await here.client.get(gateway.address("state", CHALLENGE, BACK))

        assert page.status_code == 404


@pytest.mark.parametrize(
    ("status", "body", "problem"),
    [
        (200, b"{}", Refused),
        (200, b"[]", Refused),
        (200, b'{"access_token": 5}', Refused),
        (404, b"{}", Refused),
        (200, b"<html>", Transient),
        (500, b"", Transient),
        (429, b"", Transient),
    ],
)
async def test_what_is_no_token_signs_nobody_in(
    status: int, body: bytes, problem: type[Exception]
) -> None:
    async with (
        wire(answer(status=status, body=body)) as line,
        GitHubSignIn(
            web_url=line.url, api_url=line.url, client_id="x", client_secret="y"
        ) as gateway,
    ):
        with pytest.raises(problem):
            await gateway.who("code", VERIFIER, BACK)
