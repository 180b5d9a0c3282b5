"""One process, one event loop, three servers: the product, the pretend GitHub and the pretend Slack."""

import asyncio
import secrets
import socket
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from shlex import quote

from rich.console import Console

from chatops.app import Service
from chatops.config import read_configuration
from chatops.demo.folder import Beginning, Folder, place
from chatops.demo.hub import MAINTAINER, REQUIRED_PATH, staged
from chatops.demo.past import fill
from chatops.demo.workspace import pretend_workspace
from chatops.engine.clock import SystemClock
from chatops.logs import set_up_logs
from chatops.running.serving import Server, running, warming
from chatops.settings import read_settings
from chatops.standins.github import GitHubStandIn, World
from chatops.standins.history import History, history
from chatops.standins.slack import Shortcut, SlackStandIn

HOST = "127.0.0.1"
HIGHEST_PORT = 65_535
POLL_SECONDS = 0.01
COMMANDS = ("/kata status nightly", "/kata help", "/kata link")
SHORTCUTS = (
    Shortcut(callback_id="retest_message", name="Retest its pull request", on_messages=True),
    Shortcut(callback_id="choose_message", name="Choose jobs to run again", on_messages=True),
    Shortcut(callback_id="status_message", name="What is wrong here?", on_messages=True),
    Shortcut(callback_id="who_message", name="Who looks after this?", on_messages=True),
    Shortcut(callback_id="ask", name="Ask for something"),
    Shortcut(callback_id="subscribe", name="Be told of changes"),
    Shortcut(callback_id="mute", name="Mute a job"),
)
"""As the Slack app's manifest has them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Secrets:
    """What the three share with each other, made up for this start."""

    webhook: str
    signing: str
    bot_token: str
    session: str


def main(*, port: int, nights: int, seed: int, speed: float, directory: Path | None) -> int:
    """Run a demo until Ctrl-C; return the exit status."""
    set_up_logs("console")
    console = Console(highlight=False, soft_wrap=True)
    try:
        with place(directory) as path:
            folder = Folder(Path(path), is_temporary=directory is None)
            asked = Beginning(moment=_now(), seed=seed, nights=nights)
            show = Show(folder, folder.begin(asked), free_ports(port), speed, console)
            show.prepare()
            try:
                asyncio.run(show.perform())
            finally:
                folder.keep(show.world)
    except KeyboardInterrupt:
        pass
    return 0


class Show:
    """One demo."""

    def __init__(
        self,
        folder: Folder,
        beginning: Beginning,
        ports: tuple[int, int, int],
        speed: float,
        console: Console,
    ) -> None:
        self._folder = folder
        self._beginning = beginning
        self._ports = ports
        self._speed = speed
        self._console = console
        self._past: History = history(beginning.moment, beginning.seed, beginning.nights)
        kept = folder.kept_world()
        self.world: World = kept or staged(self._past, beginning.seed, beginning.nights)
        self.world.register_app()
        self._secrets = Secrets(
            webhook=secrets.token_hex(16),
            signing=secrets.token_hex(16),
            bot_token=f"xoxb-{secrets.token_hex(12)}",
            session=secrets.token_hex(32),
        )
        past = self._past
        folder.configure(past.repository, REQUIRED_PATH, past.maintainers_yaml)
        folder.tell_environment(self.environment())
        settings = read_settings(self.environment())
        self.service = Service(settings, read_configuration(settings.config))

    @property
    def addresses(self) -> tuple[str, str, str]:
        """Return where the product, the pretend GitHub and the pretend Slack are."""
        product, github, slack = (f"http://{HOST}:{port}" for port in self._ports)
        return product, github, slack

    def environment(self) -> Mapping[str, str]:
        """Return what an operator would set."""
        product, github, slack = self.addresses
        app = self.world.app
        assert app is not None
        return {
            "CHATOPS_CONFIG": str(self._folder.configuration),
            "CHATOPS_DATABASE_URL": f"sqlite:///{self._folder.database}",
            "CHATOPS_BASE_URL": product,
            "CHATOPS_HOST": HOST,
            "CHATOPS_PORT": str(self._ports[0]),
            "CHATOPS_GITHUB_API_URL": github,
            "CHATOPS_GITHUB_WEB_URL": github,
            "CHATOPS_GITHUB_WEBHOOK_SECRET": self._secrets.webhook,
            "CHATOPS_GITHUB_APP_ID": str(app.id),
            "CHATOPS_GITHUB_PRIVATE_KEY": app.private_key_pem,
            "CHATOPS_GITHUB_CLIENT_ID": app.client_id,
            "CHATOPS_GITHUB_CLIENT_SECRET": app.client_secret,
            "CHATOPS_SESSION_SECRET": self._secrets.session,
            "CHATOPS_SLACK_API_URL": f"{slack}/api/",
            "CHATOPS_SLACK_SIGNING_SECRET": self._secrets.signing,
            "CHATOPS_SLACK_BOT_TOKEN": self._secrets.bot_token,
        }

    def prepare(self) -> None:
        """Bring the history into the log, the first time."""
        self._folder.keep(self.world)
        if not self._beginning.is_filled:
            fill(
                self.service,
                self._past,
                self.world,
                self.addresses[1],
                nights=self._beginning.nights,
                console=self._console,
            )
            self._folder.note_filled(self._beginning)
        # The first visitor finds the page made.
        self.service.pages.shows()["nightly"](None, "html", {}, compress=True)

    async def perform(self) -> None:
        """Serve all three until a signal."""
        product, _, _ = self.addresses
        async with AsyncExitStack() as stack:
            hub = await stack.enter_async_context(
                GitHubStandIn(
                    self.world,
                    webhook_url=f"{product}/github/webhooks",
                    secret=self._secrets.webhook,
                    port=self._ports[1],
                    before_telling=partial(self._folder.keep, self.world),
                )
            )
            await stack.enter_async_context(
                SlackStandIn(
                    app_url=f"{product}/slack/events",
                    signing_secret=self._secrets.signing,
                    bot_token=self._secrets.bot_token,
                    workspace=pretend_workspace(),
                    port=self._ports[2],
                    commands=COMMANDS,
                    shortcuts=SHORTCUTS,
                    unfurl_domains=(HOST,),
                )
            )
            service = await stack.enter_async_context(running(self.service))
            await stack.enter_async_context(warming(service))
            server = Server(service.asgi(), host=HOST, port=self._ports[0])
            serving = asyncio.create_task(server.serve())
            while not server.started and not serving.done():  # noqa: ASYNC110 - it only has a flag
                await asyncio.sleep(POLL_SECONDS)
            hub.start_ci(speed=self._speed)
            self._tell()
            await serving

    def _tell(self) -> None:
        product, github, slack = self.addresses
        pull = self._past.pulls[0]
        self._console.print(
            f"\nKata ChatOps runs, between a pretend GitHub and a pretend Slack.\n\n"
            f"  Dashboard  {product}/nightly\n"
            f"             sign in as {MAINTAINER}, open a test, and press a button\n"
            f"  GitHub     {github}/{self._past.repository}/pull/{pull.number}\n"
            f"             comment /retest as {MAINTAINER}, and watch the checks and the reply\n"
            f"  Slack      {slack}/\n"
            f"             type {COMMANDS[0]}, look at Home, or send a link to the dashboard\n"
            f"  Shell      (. {quote(str(self._folder.environment))}; "
            f"chatops run /status --pr {pull.number} --as {MAINTAINER})\n\n"
            f"Ctrl-C ends it.\n"
        )


def free_ports(first: int) -> tuple[int, int, int]:
    """Return three ports that nobody listens on, the first ones from there on."""
    free = filter(_is_free, range(first, HIGHEST_PORT + 1))
    return next(free), next(free), next(free)


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def _now() -> datetime:
    return SystemClock().now().replace(microsecond=0)
