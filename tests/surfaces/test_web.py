"""The doors, over real HTTP: what is let in, what is turned away, and with which words."""

import asyncio
import hashlib
import hmac
import json
import time
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from pathlib import Path

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chatops.app import Service
from chatops.config import Configuration
from chatops.running.serving import Server, running
from chatops.settings import Secret, Settings
from tests.needs import node_module
from tests.scene import COMMUNITY

OLD, NEW = "old secret", "new secret"
SLACK = "slack secret"
BODY = json.dumps({"action": "completed", "repository": {"full_name": "acme/rocket"}}).encode()


def signed(
    body: bytes, event: str = "workflow_job", secret: str = NEW, **more: str
) -> dict[str, str]:
    digest = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return {
        "content-type": "application/json",
        "x-github-event": event,
        "x-github-delivery": f"guid-{hashlib.sha256(body).hexdigest()[:8]}",
        "x-hub-signature-256": f"sha256={digest}",
        **{name.replace("_", "-"): value for name, value in more.items()},
    }


def visit(folder: Path, play: Callable[[httpx.AsyncClient, Service], Awaitable[None]]) -> None:
    """Serve the product on a free port and let somebody visit it."""

    async def stay() -> None:
        service = Service(
            Settings(
                database_url=f"sqlite:///{folder / 'doors.db'}",
                github_webhook_secrets=(Secret(OLD), Secret(NEW)),
                github_api_url="http://127.0.0.1:9",
                slack_api_url="http://127.0.0.1:9/api/",
                slack_signing_secret=Secret(SLACK),
                slack_bot_token=Secret("xoxb-1"),
                max_body_mb=1,
            ),
            Configuration(communities={"acme": COMMUNITY}),
        )
        async with running(service):
            server = Server(service.asgi(), host="127.0.0.1", port=0, signals=False)
            serving = asyncio.create_task(server.serve())
            while not server.started:  # noqa: ASYNC110 - uvicorn tells it by this alone
                await asyncio.sleep(0.01)
            port = server.servers[0].sockets[0].getsockname()[1]
            async with httpx.AsyncClient(
                base_url=f"http://127.0.0.1:{port}", trust_env=False
            ) as client:
                await play(client, service)
            server.should_exit = True
            await serving

    asyncio.run(stay())


def test_each_mistake_of_a_sender_has_its_answer(tmp_path: Path) -> None:
    other = b'{"other": 1}'
    cases: list[tuple[bytes, Mapping[str, str], HTTPStatus]] = [
        (BODY, signed(BODY), HTTPStatus.ACCEPTED),
        (BODY, signed(BODY), HTTPStatus.ACCEPTED),
        (BODY, signed(BODY, secret=OLD), HTTPStatus.ACCEPTED),
        (BODY, signed(BODY, event="star"), HTTPStatus.ACCEPTED),
        (BODY, signed(BODY, secret="wrong"), HTTPStatus.UNAUTHORIZED),
        (BODY, signed(other), HTTPStatus.UNAUTHORIZED),
        (BODY, {"x-github-event": "ping"}, HTTPStatus.UNAUTHORIZED),
        (BODY, signed(BODY, x_hub_signature_256="sha1=abc"), HTTPStatus.UNAUTHORIZED),
        (BODY, signed(BODY, x_github_event=""), HTTPStatus.BAD_REQUEST),
        (BODY, signed(BODY, x_github_event="Work Flow"), HTTPStatus.BAD_REQUEST),
        (BODY, signed(BODY, x_github_delivery="a/b"), HTTPStatus.BAD_REQUEST),
        (BODY, signed(BODY, content_type="text/html"), HTTPStatus.BAD_REQUEST),
        (BODY, signed(BODY, content_encoding="gzip"), HTTPStatus.UNSUPPORTED_MEDIA_TYPE),
        (b"{", signed(b"{"), HTTPStatus.BAD_REQUEST),
        (b"[" * 90_000, signed(b"[" * 90_000), HTTPStatus.BAD_REQUEST),
        (b"\xff", signed(b"\xff"), HTTPStatus.BAD_REQUEST),
        (b"", signed(b""), HTTPStatus.BAD_REQUEST),
        (b"x" * 1_000_001, signed(b"x" * 1_000_001), HTTPStatus.REQUEST_ENTITY_TOO_LARGE),
    ]

    async def play(client: httpx.AsyncClient, service: Service) -> None:
        for body, headers, status in cases:
            answer = await client.post("/github/webhooks", content=body, headers=dict(headers))
            assert answer.status_code == status, (body[:20], headers)
            assert answer.text
        assert (await client.get("/github/webhooks")).status_code == HTTPStatus.METHOD_NOT_ALLOWED

    visit(tmp_path, play)


def test_a_comment_asks_and_our_own_never_does(tmp_path: Path) -> None:
    def comment(number: int, text: str, kind: str = "User") -> bytes:
        return json.dumps(
            {
                "action": "created", "repository": {"full_name": "acme/rocket"},
                "sender": {"login": "mona", "type": kind},
                "issue": {"number": 7, "pull_request": {}},
                "comment": {
                    "id": number, "body": text, "user": {"login": "mona", "type": kind},
                    "updated_at": "2026-01-05T00:00:00Z",
                },
            }
        ).encode()  # fmt: skip

    async def play(client: httpx.AsyncClient, service: Service) -> None:
        for body in (
            comment(1, "/help"),
            comment(2, "/help", kind="Bot"),
            comment(3, "<!-- chatops:command/x -->\n\n/help"),
            comment(4, "no command"),
        ):
            await client.post(
                "/github/webhooks", content=body, headers=signed(body, "issue_comment")
            )
        heard = [fact.event for fact in service.log.all() if fact.event.kind == "command.received"]
        assert [event.key() for event in heard] == ["command/github/comment/1/1767571200/0"]

    visit(tmp_path, play)


def test_slack_is_let_in_only_signed_fresh_and_whole(tmp_path: Path) -> None:
    form = b"command=%2Facme&text=help&user_id=U1&channel_id=C1&trigger_id=1.2&team_id=T1&api_app_id=A1"

    def slack(body: bytes, at: str | None = None, secret: str = SLACK) -> dict[str, str]:
        stamp = at or str(int(time.time()))
        base = b"v0:" + stamp.encode() + b":" + body
        digest = hmac.new(secret.encode(), base, hashlib.sha256).hexdigest()
        return {
            "content-type": "application/x-www-form-urlencoded",
            "x-slack-request-timestamp": stamp,
            "x-slack-signature": f"v0={digest}",
        }

    async def play(client: httpx.AsyncClient, service: Service) -> None:
        async def send(body: bytes, headers: dict[str, str]) -> int:
            return (await client.post("/slack/events", content=body, headers=headers)).status_code

        assert await send(form, slack(form)) == HTTPStatus.OK
        assert await send(form, slack(form, secret="wrong")) == HTTPStatus.UNAUTHORIZED
        assert await send(form, slack(form, at="1000")) == HTTPStatus.UNAUTHORIZED
        odd = {**slack(form), "x-slack-signature": "v0=zz"}
        assert await send(form, odd) == HTTPStatus.UNAUTHORIZED
        assert await send(b"\xff", slack(b"\xff")) == HTTPStatus.BAD_REQUEST
        garbage = {**slack(b"{"), "content-type": "application/json"}
        assert await send(b"{", garbage) == HTTPStatus.BAD_REQUEST
        heard = [fact.event for fact in service.log.all() if fact.event.kind == "command.received"]
        assert len(heard) == 1

    visit(tmp_path, play)


def test_every_published_example_gets_a_2xx(tmp_path: Path) -> None:
    folder = node_module("@octokit/webhooks-examples/package.json").parent
    files = [file for file in sorted(folder.rglob("*.json")) if file.name != "package.json"]

    async def play(client: httpx.AsyncClient, service: Service) -> None:
        sent = 0
        for file in files:
            value = json.loads(file.read_text())
            for entry in value if isinstance(value, list) else []:
                for example in entry.get("examples", []):
                    body = json.dumps(example).encode()
                    answer = await client.post(
                        "/github/webhooks", content=body, headers=signed(body, entry["name"])
                    )
                    assert answer.status_code == HTTPStatus.ACCEPTED, (entry["name"], answer.text)
                    sent += 1
        assert sent > 300

    visit(tmp_path, play)


@settings(
    max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(bodies=st.lists(st.binary(max_size=200), min_size=20, max_size=40))
def test_no_signed_body_makes_it_stumble(tmp_path: Path, bodies: list[bytes]) -> None:
    async def play(client: httpx.AsyncClient, service: Service) -> None:
        for body in bodies:
            answer = await client.post("/github/webhooks", content=body, headers=signed(body))
            assert answer.status_code < HTTPStatus.INTERNAL_SERVER_ERROR

    visit(tmp_path, play)


@pytest.mark.parametrize(
    "path", ["/healthz", "/readyz", "/metrics", "/nightly", "/nightly.json", "/acme/nightly"]
)
def test_pages_and_health_answer_safely(tmp_path: Path, path: str) -> None:
    async def play(client: httpx.AsyncClient, service: Service) -> None:
        answer = await client.get(path)
        again = await client.get(path, headers={"if-none-match": answer.headers.get("etag", "-")})

        assert answer.status_code == HTTPStatus.OK
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert again.status_code == (
            HTTPStatus.NOT_MODIFIED if "etag" in answer.headers else HTTPStatus.OK
        )
        assert (await client.get("/nowhere")).status_code == HTTPStatus.NOT_FOUND
        assert (await client.get("/nobody/nightly")).status_code == HTTPStatus.NOT_FOUND

    visit(tmp_path, play)
