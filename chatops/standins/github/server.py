"""The pretend GitHub as a server: REST for programs, pages for people, webhooks to the outside.

`async with GitHubStandIn(world) as hub:` serves on a free port of this machine for as long as the
block runs; `with serve_in_thread(world) as hub:` does the same for code that is not async.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from collections.abc import Awaitable, Callable, Iterator
from email.utils import format_datetime
from types import TracebackType
from typing import Self

import msgspec
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chatops.standins.github import endpoints_actions as actions
from chatops.standins.github import endpoints_git as git
from chatops.standins.github import endpoints_issues as issues
from chatops.standins.github import endpoints_pulls as pulls
from chatops.standins.github import endpoints_repository as repositories
from chatops.standins.github import endpoints_reviews as reviews
from chatops.standins.github.answers import Answer, Call
from chatops.standins.github.gate import Endpoint, Fault, FaultKind, Gate, RecordedCall
from chatops.standins.github.pages import Pages
from chatops.standins.github.shapes import Shapes
from chatops.standins.github.sign_in import SignIn
from chatops.standins.github.webhooks import Webhooks
from chatops.standins.github.world import World

REPOSITORY = "/repos/{owner}/{repo}"
RUN = "/actions/runs/{run_id}"
COMMENT = "/issues/comments/{comment_id}"
ISSUE = "/issues/{number}"
REVIEWERS = "/pulls/{number}/requested_reviewers"
IN_REPOSITORY: tuple[tuple[str, str, Endpoint], ...] = (
    ("GET", "", repositories.get_repository),
    ("GET", "/actions/runs", actions.list_runs),
    ("GET", "/actions/workflows/{workflow_id}/runs", actions.list_workflow_runs),
    ("GET", RUN, actions.get_run),
    ("GET", RUN + "/attempts/{attempt_number}", actions.get_attempt),
    ("GET", RUN + "/attempts/{attempt_number}/jobs", actions.list_attempt_jobs),
    ("GET", RUN + "/jobs", actions.list_jobs),
    ("POST", RUN + "/rerun", actions.rerun),
    ("POST", RUN + "/rerun-failed-jobs", actions.rerun_failed),
    ("POST", RUN + "/approve", actions.approve),
    ("POST", RUN + "/cancel", actions.cancel),
    ("GET", "/actions/jobs/{job_id}", actions.get_job),
    ("POST", "/actions/jobs/{job_id}/rerun", actions.rerun_job),
    ("GET", "/pulls", pulls.list_pulls),
    ("GET", "/pulls/{number}", pulls.get_pull),
    ("GET", "/pulls/{number}/files", pulls.list_files),
    ("GET", REVIEWERS, issues.get_reviewers),
    ("POST", REVIEWERS, issues.request_reviewers),
    ("DELETE", REVIEWERS, issues.withdraw_reviewers),
    ("GET", COMMENT, pulls.get_comment),
    ("PATCH", COMMENT, pulls.update_comment),
    ("GET", COMMENT + "/reactions", pulls.list_reactions),
    ("POST", COMMENT + "/reactions", pulls.create_reaction),
    ("DELETE", COMMENT + "/reactions/{reaction_id}", pulls.delete_reaction),
    ("GET", ISSUE, issues.get_issue),
    ("PATCH", ISSUE, issues.update_issue),
    ("POST", ISSUE + "/assignees", issues.add_assignees),
    ("DELETE", ISSUE + "/assignees", issues.remove_assignees),
    ("GET", "/milestones", issues.list_milestones),
    ("GET", "/issues/{number}/comments", pulls.list_comments),
    ("POST", "/issues/{number}/comments", pulls.create_comment),
    ("GET", "/labels/{name:path}", pulls.get_label),
    ("GET", "/issues/{number}/labels", pulls.list_labels),
    ("POST", "/issues/{number}/labels", pulls.add_labels),
    ("DELETE", "/issues/{number}/labels/{name:path}", pulls.remove_label),
    ("GET", "/collaborators/{login}/permission", repositories.get_permission),
    ("GET", "/collaborators/{login}", repositories.check_collaborator),
    ("GET", "/contents/{path:path}", repositories.get_content),
    ("GET", "/rules/branches/{branch:path}", repositories.get_rules),
    ("GET", "/commits/{ref:path}/check-runs", actions.list_check_runs),
    ("GET", "/commits/{ref:path}/status", repositories.get_status),
    ("POST", "/statuses/{sha}", repositories.create_status),
    ("GET", "/branches/{branch:path}", repositories.get_branch),
    ("GET", "/git/trees/{tree_sha:path}", reviews.get_tree),
    ("PUT", "/pulls/{number}/merge", reviews.merge),
    ("PUT", "/pulls/{number}/update-branch", reviews.update_branch),
    ("POST", "/pulls", git.open_pull),
    ("GET", "/git/commits/{commit_sha}", git.get_commit),
    ("POST", "/git/commits", git.create_commit),
    ("POST", "/git/refs", git.create_ref),
    ("PATCH", "/git/refs/{ref:path}", git.update_ref),
    ("DELETE", "/git/refs/{ref:path}", git.delete_ref),
    ("POST", "/merges", git.merge_branch),
)
BY_APP: tuple[tuple[str, str, Endpoint], ...] = (
    ("GET", "/app", repositories.get_app),
    ("GET", "/app/installations", repositories.list_installations),
    ("POST", "/app/installations/{installation_id}/access_tokens", repositories.create_token),
    ("GET", "/app/hook/deliveries", repositories.list_deliveries),
    ("POST", "/app/hook/deliveries/{delivery_id}/attempts", repositories.redeliver),
    ("GET", REPOSITORY + "/installation", repositories.get_installation),
)
IN_TEAM = "/orgs/{org}/teams/{team_slug}/memberships/{username}"
IN_ORGANIZATION = "/orgs/{org}/memberships/{username}"
SHUTDOWN_SECONDS = 2


class GitHubStandIn:
    """A running pretend GitHub."""

    def __init__(
        self,
        world: World,
        *,
        webhook_url: str | None = None,
        secret: str = "",
        host: str = "127.0.0.1",
        port: int = 0,
        before_telling: Callable[[], None] = lambda: None,
    ) -> None:
        """Stand ready; `before_telling` is called before anybody outside hears of a change, so that it can be kept."""
        self.world = world
        # Said to be TCP, so that asyncio lets no answer wait for the acknowledgement of its head.
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._socket.bind((host, port))
        self.url = f"http://{host}:{self._socket.getsockname()[1]}"
        self._shapes = Shapes(world, self.url)
        self.webhooks = Webhooks(
            world, self._shapes, url=webhook_url, secret=secret, before_telling=before_telling
        )
        self.gate = Gate(world, self._shapes, self.webhooks, before_telling=before_telling)
        pages = (*SignIn(world).routes(), *Pages(world).routes())
        self.app = _dated(Starlette(routes=[*self._api(), *pages]), world)
        self._server: _Server | None = None
        self._serving: asyncio.Task[None] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ci: asyncio.Task[None] | None = None

    @property
    def requests(self) -> list[RecordedCall]:
        """The REST calls so far, oldest first."""
        return list(self.gate.requests)

    def be_known_at(self, url: str) -> None:
        """Say from now on that this server is at the address of whatever stands in front of it."""
        self.url = url
        self._shapes.move(url)

    def fail(
        self,
        kind: FaultKind,
        *,
        method: str = ".*",
        path: str = ".*",
        times: int = 1,
        retry_after: int | None = 60,
        seconds: float = 0.1,
    ) -> None:
        """Let the next calls that match go wrong."""
        self.gate.faults.append(
            Fault(
                kind=kind,
                method=method,
                path=path,
                times=times,
                retry_after=retry_after,
                seconds=seconds,
            )
        )

    async def run_ci(self, *, speed: float = 60.0, interval: float = 0.5) -> None:
        """Keep the pretend CI going, `speed` times as fast as the plans of its jobs say."""
        self.world.ci.speed = speed
        while True:
            self.world.tick()
            await asyncio.sleep(interval)

    def start_ci(self, *, speed: float = 60.0, interval: float = 0.5) -> None:
        """Keep the pretend CI going in the background until the server stops."""
        loop = self._loop or asyncio.get_running_loop()

        def begin() -> None:
            self._ci = loop.create_task(self.run_ci(speed=speed, interval=interval))

        # Whoever asks may live in another thread than the server.
        loop.call_soon_threadsafe(begin)

    async def __aenter__(self) -> Self:
        """Serve."""
        self._loop = asyncio.get_running_loop()
        config = uvicorn.Config(
            self.app,
            log_config=None,
            access_log=False,
            date_header=False,
            lifespan="off",
            timeout_graceful_shutdown=SHUTDOWN_SECONDS,
        )
        self._server = _Server(config)
        self._serving = asyncio.create_task(self._server.serve(sockets=[self._socket]))
        await self._server.ready.wait()
        await self.webhooks.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stop serving."""
        if self._ci is not None:
            self._ci.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._ci
        await self.webhooks.stop()
        if self._server is not None and self._serving is not None:
            self._server.should_exit = True
            await self._serving
        self._socket.close()

    def _api(self) -> Iterator[Route]:
        for method, path, endpoint in IN_REPOSITORY:
            yield self._route(method, REPOSITORY + path, endpoint)
        for method, path, endpoint in BY_APP:
            yield self._route(method, path, endpoint, by_app=True)
        yield self._route("GET", IN_TEAM, reviews.get_membership)
        yield self._route("GET", IN_ORGANIZATION, reviews.get_member)
        yield self._route("POST", "/graphql", reviews.graphql)
        yield self._route("GET", "/user", repositories.get_user)
        yield self._route("GET", "/rate_limit", self._rate_limit, is_free=True)
        yield Route("/_standin/faults", self._add_fault, methods=["POST"])
        yield Route("/_standin/requests", self._list_requests, methods=["GET"])
        for path in ("/repos/{rest:path}", "/app/{rest:path}"):
            yield Route(path, _unknown_path, methods=["GET", "POST", "PATCH", "PUT", "DELETE"])

    def _route(
        self,
        method: str,
        path: str,
        endpoint: Endpoint,
        *,
        by_app: bool = False,
        is_free: bool = False,
    ) -> Route:
        async def answer(request: Request) -> Response:
            return await self.gate.pass_through(request, endpoint, by_app=by_app, is_free=is_free)

        respond: Callable[[Request], Awaitable[Response]] = answer
        return Route(path, respond, methods=[method])

    def _rate_limit(self, call: Call) -> Answer:
        return Answer(body=self.gate.resources(call.who))

    async def _add_fault(self, request: Request) -> Response:
        try:
            fault = msgspec.json.decode(await request.body(), type=Fault)
        except msgspec.DecodeError as error:
            return JSONResponse({"message": str(error)}, status_code=422)
        self.gate.faults.append(fault)
        return JSONResponse({"faults": len(self.gate.faults)}, status_code=201)

    async def _list_requests(self, _: Request) -> Response:
        content = msgspec.json.encode(self.requests)
        return Response(content, media_type="application/json")


class _Server(uvicorn.Server):
    """Says when it is ready, and leaves the signals of the process to whoever runs it."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to listen."""
        await super().startup(sockets)
        self.ready.set()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none."""
        yield


@contextlib.contextmanager
def serve_in_thread(
    world: World, *, webhook_url: str | None = None, secret: str = ""
) -> Iterator[GitHubStandIn]:
    """Serve from a thread of its own, for callers that are not async."""
    hub = GitHubStandIn(world, webhook_url=webhook_url, secret=secret)
    started, stopping = threading.Event(), threading.Event()

    async def serve() -> None:
        async with hub:
            started.set()
            await asyncio.to_thread(stopping.wait)

    thread = threading.Thread(target=lambda: asyncio.run(serve()), daemon=True)
    thread.start()
    started.wait(timeout=10)
    try:
        yield hub
    finally:
        stopping.set()
        thread.join(timeout=10)


def _dated(app: ASGIApp, world: World) -> ASGIApp:
    """Let each answer say what time it is in the world, by which everything else in it is to be read."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        async def send_dated(message: Message) -> None:
            if message["type"] == "http.response.start":
                date = format_datetime(world.now(), usegmt=True).encode()
                message["headers"] = [*message["headers"], (b"date", date)]
            await send(message)

        await app(scope, receive, send_dated)

    return answer


async def _unknown_path(_: Request) -> Response:
    body = {
        "message": "Not Found",
        "documentation_url": "https://docs.github.com/rest",
        "status": "404",
    }
    return JSONResponse(body, status_code=404)
