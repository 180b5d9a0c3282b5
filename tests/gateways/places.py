"""The pretend GitHub with something in it, and a gateway that speaks to it over real HTTP."""

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Literal

import uvicorn
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from starlette.types import ASGIApp, Receive, Scope, Send

from chatops.gateways.github import GitHubGateway
from chatops.names import Repo
from chatops.standins.github import (
    ChangedFile,
    GitHubStandIn,
    HandClock,
    PlannedJob,
    Repository,
    World,
)
from chatops.standins.github.actions import Run
from chatops.standins.github.things import App, Pull

REPO = Repo("acme/rocket")
MEMBER, AUTHOR = "mona", "hubot"
NIGHTLY = "nightly.yaml"
AT_ONCE = timedelta()
As = Literal["app", "token", "nobody"]

PASSES = PlannedJob("build")
FLAKY = PlannedJob("test (solid)", outcomes=("failure", "success"))
LIQUID = PlannedJob("test (liquid)", outcomes=("failure",))


@dataclass
class Place:
    """A pretend GitHub, and the gateway that a test is about."""

    hub: GitHubStandIn
    repository: Repository
    clock: HandClock
    gateway: GitHubGateway

    @property
    def world(self) -> World:
        """Everything there is."""
        return self.hub.world

    def night(self, *jobs: PlannedJob) -> Run:
        """Let a night begin and end."""
        if "Nightly" not in self.repository.workflows:
            self.repository.workflow("Nightly", path=f".github/workflows/{NIGHTLY}")
        run = self.repository.run(
            workflow="Nightly", event="schedule", jobs=jobs or (PASSES, FLAKY)
        )
        self.let_pass()
        return run

    def again(self, run: Run) -> None:
        """Let somebody run again what failed, and wait for its end."""
        self.world.ci.rerun_failed(run, actor=MEMBER)
        self.let_pass()

    def open_pull(self, number: int = 7) -> Pull:
        """Open a pull request."""
        files = (
            ChangedFile(path="src/fins.py"),
            ChangedFile(path="docs/fins.md", status="renamed", previous_path="fins.md"),
        )
        return self.repository.pull(number=number, author=AUTHOR, files=files, fork=True)

    def run(self, pull: Pull, *jobs: PlannedJob, workflow: str = "CI") -> Run:
        """Run a workflow of a pull request to its end."""
        run = self.repository.run(workflow=workflow, pull=pull, jobs=jobs or (PASSES, FLAKY))
        self.let_pass()
        return run

    def let_pass(self, seconds: float = 600) -> None:
        """Let time go by at GitHub, and its CI with it."""
        self.clock.advance(seconds)
        self.world.tick()

    def asked(self, *, costly: bool = False) -> list[str]:
        """Return what was asked so far; of what is costly, only that which was not answered 'unchanged'."""
        return [call.path for call in self.hub.requests if not costly or call.status != 304]

    def forget(self) -> None:
        """Let the ledger of calls begin anew."""
        self.hub.gate.requests.clear()


@asynccontextmanager
async def github(
    as_: As = "token",
    *,
    clock: HandClock | None = None,
    write_gap: timedelta = AT_ONCE,
    read: timedelta = timedelta(seconds=5),
) -> AsyncIterator[Place]:
    """Open a pretend GitHub, and a gateway that speaks to it as an App, with a member's token or as nobody."""
    clock = clock or HandClock()
    world = World(clock=clock)
    repository = world.repo(REPO)
    repository.user(MEMBER, permission="write")
    repository.user(AUTHOR, permission="read")
    async with (
        GitHubStandIn(world) as hub,
        gateway_to(hub, as_, write_gap=write_gap, read=read) as gateway,
    ):
        yield Place(hub, repository, clock, gateway)


@asynccontextmanager
async def gateway_to(
    hub: GitHubStandIn,
    as_: As = "token",
    *,
    write_gap: timedelta = AT_ONCE,
    read: timedelta = timedelta(seconds=5),
) -> AsyncIterator[GitHubGateway]:
    """Open a gateway to a pretend GitHub."""
    app = hub.world.app or registered(hub.world)
    async with GitHubGateway(
        api_url=hub.url,
        app_id=str(app.id) if as_ == "app" else "",
        private_key=app.private_key_pem if as_ == "app" else "",
        token=hub.world.token(MEMBER) if as_ == "token" else "",
        write_gap=write_gap,
        read=read,
    ) as gateway:
        yield gateway


def registered(world: World) -> App:
    """Register the App, with the one key that all tests share: making one takes long."""
    app = world.register_app()
    app.made_key, app.public_key_pem = _keys()
    return app


@cache
def _keys() -> tuple[RSAPrivateKey | None, str | None]:
    app = World().register_app()
    assert app.private_key_pem
    return app.made_key, app.public_key_pem


@asynccontextmanager
async def served(app: ASGIApp) -> AsyncIterator[str]:
    """Serve something on a port of its own; yield its address."""
    config = uvicorn.Config(
        app, port=0, lifespan="off", log_config=None, date_header=False, timeout_graceful_shutdown=1
    )
    server = _Server(config)
    serving = asyncio.create_task(server.serve())
    await server.ready.wait()
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        await serving


class _Server(uvicorn.Server):
    """Says when it is ready, and leaves the signals of the process alone."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready.set()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def under(path: str, app: ASGIApp) -> ASGIApp:
    """Return a server that has another one under a path, and nothing else."""

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        is_inside = scope["path"].startswith(f"{path}/")
        inner = scope["path"].removeprefix(path) if is_inside else "/repos/nothing"
        await app({**scope, "path": inner}, receive, send)

    return serve
