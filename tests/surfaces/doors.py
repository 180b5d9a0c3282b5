"""The doors of a process of the product, open over real HTTP, and a visitor in front of them."""

import asyncio
import hashlib
import hmac
import json
import socket
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import httpx

from chatops.app import Service
from chatops.config import Community, Configuration
from chatops.events.conversation import CommandReceived
from chatops.running.serving import Server, running
from chatops.settings import Secret, Settings
from chatops.surfaces.web import App, Front
from tests.scene import COMMUNITY

OLD, NEW = "old secret", "new secret"
SLACK = "slack secret"
NOWHERE = "http://127.0.0.1:9"
GITHUB_PATH, SLACK_PATH = "/github/webhooks", "/slack/events"
FORM, JSON = "application/x-www-form-urlencoded", "application/json"


def signed(
    body: bytes, event: str = "workflow_job", secret: str = NEW, **more: str
) -> dict[str, str]:
    """Return the headers of a delivery, as GitHub sends them."""
    return {
        "content-type": JSON,
        "x-github-event": event,
        "x-github-delivery": f"guid-{hashlib.sha256(body).hexdigest()[:8]}",
        "x-hub-signature-256": f"sha256={hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}",
        **{name.replace("_", "-"): value for name, value in more.items()},
    }


def signed_by_slack(
    body: bytes, content_type: str = FORM, *, at: int | None = None, secret: str = SLACK
) -> dict[str, str]:
    """Return the headers of a request, as Slack sends them."""
    stamp = str(int(time.time()) if at is None else at)
    base = b"v0:" + stamp.encode() + b":" + body
    digest = hmac.new(secret.encode(), base, hashlib.sha256).hexdigest()
    return {
        "content-type": content_type,
        "x-slack-request-timestamp": stamp,
        "x-slack-signature": f"v0={digest}",
    }


def job(number: int) -> bytes:
    """Return a delivery about a job that ended: for each number another fact."""
    ended = {
        "id": number, "run_id": 1, "run_attempt": 1, "name": f"test {number}", "status": "completed",
        "conclusion": "success", "head_sha": "a" * 40, "completed_at": "2026-01-05T00:10:00Z",
    }  # fmt: skip
    return json.dumps(
        {
            "action": "completed",
            "workflow_job": ended,
            "repository": {"full_name": "acme/rocket"},
        }
    ).encode()


def comment(number: int, text: str, *, kind: str = "User", **changes: object) -> bytes:
    """Return a delivery about a comment on a pull request."""
    return json.dumps(
        {
            "action": "created",
            "repository": {"full_name": "acme/rocket"},
            "sender": {"login": "mona", "type": kind},
            "issue": {"number": 7, "pull_request": {}},
            "comment": {
                "id": number, "body": text, "user": {"login": "mona", "type": kind},
                "updated_at": "2026-01-05T00:00:00Z",
            },
            **changes,
        }
    ).encode()  # fmt: skip


def command(text: str = "help", **changes: str) -> bytes:
    """Return a slash command."""
    return urlencode(
        {
            "command": "/acme", "text": text, "user_id": "U1", "channel_id": "C1", "team_id": "T1",
            "trigger_id": "1.2", "api_app_id": "A1", "response_url": f"{NOWHERE}/commands/1", **changes,
        }
    ).encode()  # fmt: skip


@dataclass(frozen=True)
class Doors:
    """An open process: its service, and a client who knocks."""

    service: Service
    client: httpx.Client
    port: int

    def github(
        self, body: bytes, headers: Mapping[str, str] | None = None, **more: str
    ) -> httpx.Response:
        """Knock at GitHub's door, signed unless the headers say otherwise."""
        headers = signed(body, **more) if headers is None else headers
        return self.client.post(GITHUB_PATH, content=body, headers=dict(headers))

    def slack(self, body: bytes, headers: Mapping[str, str] | None = None) -> httpx.Response:
        """Knock at Slack's door, signed unless the headers say otherwise."""
        headers = signed_by_slack(body) if headers is None else headers
        return self.client.post(SLACK_PATH, content=body, headers=dict(headers))

    def raw(self) -> socket.socket:
        """Open a connection to say on it whatever one likes."""
        return socket.create_connection(("127.0.0.1", self.port), timeout=10)

    def heard(self) -> list[CommandReceived]:
        """Return the requests that were recorded."""
        return [
            recorded.event
            for recorded in self.service.log.all()
            if isinstance(recorded.event, CommandReceived)
        ]


@contextmanager
def open_doors(
    database_url: str,
    *,
    role: str = "all",
    patience: float | None = None,
    community: Community = COMMUNITY,
    redirects: Mapping[str, str] | None = None,
    others: Sequence[Community] = (),
    port: int = 0,
    **changes: object,
) -> Iterator[Doors]:
    """Serve the product on a free port; `patience` is how long each door waits for a whole body.

    With the role `web` nobody works behind the doors: what only looks at answers is not disturbed by retries.
    """
    settings: dict[str, Any] = {
        "database_url": database_url,
        "github_webhook_secrets": (Secret(OLD), Secret(NEW)),
        "github_api_url": NOWHERE,
        "slack_api_url": f"{NOWHERE}/api/",
        "slack_signing_secret": Secret(SLACK),
        "slack_bot_token": Secret("xoxb-1"),
        "max_body_mb": 1,
    }
    settings.update(changes)
    communities = {"acme": community, **{other.key: other for other in others}}
    configuration = Configuration(communities=communities, redirects=redirects or {})
    service = Service(Settings(**settings), configuration, role=role)
    opened: list[Server] = []
    ready, problems = threading.Event(), []

    async def serve() -> None:
        async with running(service):
            app = service.asgi()
            if patience is not None:
                app = _hurried(app, patience)
            server = Server(app, host="127.0.0.1", port=port, signals=False)
            serving = asyncio.create_task(server.serve())
            while not server.started and not serving.done():  # noqa: ASYNC110 - it has only this flag
                await asyncio.sleep(0.005)
            opened.append(server)
            ready.set()
            await serving

    def run() -> None:
        try:
            asyncio.run(serve())
        except BaseException as problem:
            problems.append(problem)
            raise
        finally:
            ready.set()

    thread = threading.Thread(target=run, name="doors")
    thread.start()
    ready.wait(timeout=30)
    assert not problems, problems
    [server] = opened
    port = server.servers[0].sockets[0].getsockname()[1]
    client = httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=30)
    try:
        with client:
            yield Doors(service, client, port)
    finally:
        server.should_exit = True
        thread.join(timeout=30)
        assert not thread.is_alive()


def _hurried(app: App, patience: float) -> App:
    assert isinstance(app, Front)
    app.body_seconds = patience
    return app
