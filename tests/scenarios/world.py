"""A small town to act in: the whole product between a pretend GitHub and a pretend Slack, all over real HTTP.

People do things, then a test looks at what the pretend world became.
"""

import asyncio
import re
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Self

from chatops.app import Service
from chatops.config import read_configuration
from chatops.events import Recorded
from chatops.running.serving import Server, running
from chatops.settings import read_settings
from chatops.standins.github import GitHubStandIn, HandClock, PlannedJob, RecordedCall, World
from chatops.standins.github.things import Comment, Pull
from chatops.standins.slack import SlackStandIn

REPO = "acme/rocket"
PULL = 7
MEMBER, AUTHOR, STRANGER = "mona", "hubot", "newcomer"
WEBHOOK_SECRET = "between us"
SESSION_SECRET = "between a browser and us"
REQUIRED = "required_tests:\n- CI / test (a)\n- CI / test (b)\n- Static checks / lint\n"
CONFIGURATION = f"""\
communities:
  acme:
    title: Acme
    slash_command: /acme
    repositories: [{REPO}]
    nightly: [{{name: Nightly, file: nightly.yaml}}]
"""
REQUIRED_IN_A_FILE = """\
    gate:
      workflow: Gatekeeper
      checks: {source: gatekeeper-file, path: gate.yaml}
"""
EXTRA = "    labels: {restart_ci: true, prefixes: [area]}\n"
PATIENCE = timedelta(seconds=20)
LOOK_SECONDS = 0.01
LONG = 3_600.0
REFUSED = 4
"""The first digit of the status of a call that GitHub does not follow; with a 5, it may have."""

BUILD = PlannedJob("build")
FLAKY = PlannedJob("test (a)", outcomes=("failure", "success"))
BROKEN = PlannedJob("test (b)", outcomes=("failure",))
LINT = PlannedJob("lint", outcomes=("failure", "success"))
GATE = PlannedJob("gatekeeper", required=("CI / test (a)", "CI / test (b)", "Static checks / lint"))


class Town:
    """What there is, and what people can do in it."""

    def __init__(
        self, hub: GitHubStandIn, slack: SlackStandIn, clock: HandClock, folder: Path
    ) -> None:
        self.hub = hub
        self.slack = slack
        self.repository = hub.world.repo(REPO)
        self._clock = clock
        self._folder = folder
        self._stack = AsyncExitStack()
        self._service: Service | None = None
        self._port = _free_port()

    @property
    def service(self) -> Service:
        """The product's process, as it runs now."""
        assert self._service is not None
        return self._service

    @property
    def address(self) -> str:
        """Where the product answers."""
        return f"http://127.0.0.1:{self._port}"

    # --- the product's life ---------------------------------------------------

    async def start(self, database_url: str, **changes: str) -> Self:
        """Start the product, from what its database holds, with these changes to its environment."""
        app, address = self.hub.world.app, self.address
        assert app is not None
        environment = {
            "CHATOPS_CONFIG": str(self._folder / "chatops.yaml"),
            "CHATOPS_DATABASE_URL": database_url,
            "CHATOPS_BASE_URL": address,
            "CHATOPS_GITHUB_API_URL": self.hub.url,
            "CHATOPS_GITHUB_WEB_URL": self.hub.url,
            "CHATOPS_GITHUB_WRITE_GAP_MS": "0",
            "CHATOPS_GITHUB_WEBHOOK_SECRET": WEBHOOK_SECRET,
            "CHATOPS_GITHUB_APP_ID": str(app.id),
            "CHATOPS_GITHUB_PRIVATE_KEY": app.private_key_pem,
            "CHATOPS_GITHUB_CLIENT_ID": app.client_id,
            "CHATOPS_GITHUB_CLIENT_SECRET": app.client_secret,
            "CHATOPS_SESSION_SECRET": SESSION_SECRET,
            "CHATOPS_SLACK_API_URL": self.slack.api_url,
            "CHATOPS_SLACK_SIGNING_SECRET": self.slack.signing_secret,
            "CHATOPS_SLACK_BOT_TOKEN": self.slack.bot_token,
        }
        if self.slack.mode == "socket":
            environment["CHATOPS_SLACK_APP_TOKEN"] = self.slack.app_token
        for one in self.slack.neighbours:
            team = one.workspace.team_id
            environment[f"CHATOPS_SLACK_BOT_TOKEN_{team}"] = one.bot_token
            environment[f"CHATOPS_SLACK_SIGNING_SECRET_{team}"] = one.signing_secret
            if one.mode == "socket":
                environment[f"CHATOPS_SLACK_APP_TOKEN_{team}"] = one.app_token
        settings = read_settings(environment | changes)
        service = Service(settings, read_configuration(settings.config))
        self._service = await self._stack.enter_async_context(running(service))
        server = Server(service.asgi(), host="127.0.0.1", port=self._port, signals=False)
        serving = asyncio.create_task(server.serve())
        self._stack.push_async_callback(_end, server, serving)
        while not server.started:
            assert not serving.done(), "the server did not start"
            await asyncio.sleep(LOOK_SECONDS)
        self.hub.webhooks.url = f"{address}/github/webhooks"
        for one in (self.slack, *self.slack.neighbours):
            one.app_url = f"{address}/slack/events"
        return self

    async def stop(self) -> None:
        """Stop the product, in whatever it is doing."""
        await self._stack.aclose()

    # --- what people do -------------------------------------------------------

    def open_pull(self, *, labels: tuple[str, ...] = ("ok-to-test",), fork: bool = True) -> Pull:
        """Open a pull request."""
        return self.repository.pull(number=PULL, author=AUTHOR, fork=fork, labels=labels)

    async def open_failed_pull(self, *, labels: tuple[str, ...] = ("ok-to-test",)) -> Pull:
        """Open a pull request of which two jobs fail in one workflow, one in another, and the gate."""
        pull = self.open_pull(labels=labels)
        self.repository.run(workflow="CI", pull=pull, jobs=[BUILD, FLAKY, BROKEN])
        self.repository.run(workflow="Static checks", pull=pull, jobs=[LINT])
        self.repository.run(workflow="Gatekeeper", pull=pull, jobs=[GATE])
        await self.let_ci_end()
        return pull

    def say(self, text: str, *, by: str = MEMBER, on: int = PULL) -> Comment:
        """Write a comment on the pull request, or on another one or an issue."""
        return self.repository.comment(on, author=by, body=text)

    def pass_time(self, seconds: float = LONG) -> None:
        """Let time go by on GitHub, and its CI with it."""
        self._clock.advance(seconds)
        self.hub.world.tick()

    async def let_ci_end(self) -> None:
        """Let everything that runs come to its end, and the product hear of it."""
        await self.settle()
        while self.hub.world.ci.active:
            self.pass_time()
            await self.settle()

    async def settle(self) -> None:
        """Wait until the product has heard everything and has done what is due, as long as it comes on."""
        now, head, deadline = asyncio.get_running_loop().time, 0, 0.0
        while not await self._is_quiet():
            reached = await asyncio.to_thread(self.service.log.head)
            if reached != head:
                head, deadline = reached, now() + PATIENCE.total_seconds()
            if now() > deadline:
                backlog = await asyncio.to_thread(self.service.work.backlog)
                raise AssertionError(f"it does not come to rest: {backlog}")
            await asyncio.sleep(LOOK_SECONDS)

    async def hurry(self) -> None:
        """Let the product try now what it would try later."""
        await asyncio.to_thread(self.service.work.resume)
        assert self.service.crew is not None
        self.service.crew.wake()
        await self.settle()

    # --- what became of it ----------------------------------------------------

    @property
    def replies(self) -> list[Comment]:
        """What the bot wrote on the pull request."""
        return [comment for comment in self.repository.pulls[PULL].comments if comment.by_app]

    def replies_on(self, number: int) -> list[str]:
        """What the bot wrote on an issue or pull request."""
        return [
            comment.body for comment in self.repository.tracked(number).comments if comment.by_app
        ]

    @property
    def reply(self) -> str:
        """The text of the bot's one comment."""
        assert len(self.replies) == 1, [comment.body for comment in self.replies]
        return self.replies[0].body

    @property
    def reruns(self) -> list[str]:
        """The rerun calls that GitHub did not refuse, in order, with names for numbers; some failed to say so."""
        return [
            self._named(call.path)
            for call in self.calls
            if call.method == "POST" and "/rerun" in call.path and call.status // 100 != REFUSED
        ]

    @property
    def calls(self) -> list[RecordedCall]:
        """Every call the product made to GitHub."""
        return self.hub.requests

    def reactions(self, comment: Comment) -> list[str]:
        """What the bot put under a comment."""
        return [reaction.content for reaction in comment.reactions]

    async def events(self) -> list[Recorded]:
        """Everything the product has recorded."""
        return await asyncio.to_thread(lambda: list(self.service.log.all()))

    async def stories(self) -> list[str]:
        """The commands the product has heard of."""
        return [
            event.correlation_id
            for event in await self.events()
            if event.event.kind == "command.received"
        ]

    def _named(self, path: str) -> str:
        found = re.search(r"/actions/(runs|jobs)/(\d+)/(.+)$", path)
        assert found is not None
        what, number, call = found.group(1), int(found.group(2)), found.group(3)
        if what == "runs":
            return f"{call} {self.repository.runs[number].workflow.name}"
        job = self.repository.job(number)
        assert job is not None
        return f"{call} {job[0].workflow.name} / {job[1].name}"

    async def _is_quiet(self) -> bool:
        await self.hub.webhooks.drained()
        before = await asyncio.to_thread(self._idle_at)
        if before is None:
            return False
        await self.hub.webhooks.drained()
        return await asyncio.to_thread(self._idle_at) == before

    def _idle_at(self) -> int | None:
        """Return the log's head if everybody has come to it and nothing is due, else nothing."""
        service = self.service
        with service.database.read() as db:
            head = service.log.head(db)
            seen = [service.policies.position(db), service.work.position(db)]
        seen += [progress.position for progress in service.projector.progress()]
        # What waits and was never tried waits for its turn, which comes soon.
        is_due = any(
            not item.parked and (item.wait <= timedelta() or not item.tries)
            for item in service.work.backlog()
        )
        return None if is_due or any(position != head for position in seen) else head


@asynccontextmanager
async def town(
    database_url: str,
    folder: Path,
    *,
    slack: SlackStandIn | None = None,
    extra: str = "",
    gate: str = REQUIRED_IN_A_FILE,
    required: Sequence[str] = (),
) -> AsyncIterator[Town]:
    """Build the town and start the product in it; `extra` is more of the community's configuration.

    `required` are the checks that GitHub itself requires, for a `gate` that takes them from there.
    """
    clock = HandClock(datetime.now(UTC).replace(microsecond=0))
    world = World(clock=clock)
    repository = world.repo(REPO)
    repository.user(MEMBER, permission="write")
    repository.user(AUTHOR, permission="read")
    repository.user(STRANGER, permission="read")
    repository.write_file("gate.yaml", REQUIRED)
    repository.required_checks.extend(required)
    world.register_app()
    (folder / "chatops.yaml").write_text(CONFIGURATION + gate + extra)
    async with GitHubStandIn(world, secret=WEBHOOK_SECRET) as hub, slack or SlackStandIn() as room:
        built = Town(hub, room, clock, folder)
        try:
            yield await built.start(database_url)
        finally:
            await built.stop()


async def _end(server: Server, serving: asyncio.Task[None]) -> None:
    server.should_exit = True
    await serving


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port
