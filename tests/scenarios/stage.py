"""A stage for whole processes: a pretend GitHub and a pretend Slack in threads, a database, and an operator's shell."""

import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus
from itertools import count
from pathlib import Path

import httpx

from chatops.standins.github import GitHubStandIn, HandClock, PlannedJob, Repository, World
from chatops.standins.github import serve_in_thread as serve_github
from chatops.standins.github.things import Comment
from chatops.standins.slack import SlackStandIn
from chatops.standins.slack.standin import Mode, ServedSlack
from chatops.standins.slack.standin import serve_in_thread as serve_slack
from tests.scenarios.process import Process
from tests.scenarios.wire import Wire, wire

REPO = "acme/rocket"
SECRET = "webhook-secret-of-the-stage"
CONFIGURATION = f"""\
communities:
  acme:
    title: Acme
    slash_command: /acme
    repositories: [{REPO}]
    nightly: [{{name: Nightly, file: nightly.yaml}}]
    gate: {{workflow: Gatekeeper}}
"""
PATIENCE = 40.0


def wait_until(
    condition: Callable[[], object], *, seconds: float = PATIENCE, what: str = "it"
) -> None:
    """Wait until something is so."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"{what} did not come to be"
        time.sleep(0.02)


@dataclass
class Stage:
    """Everything outside of the product's processes."""

    hub: GitHubStandIn
    served: ServedSlack
    to_github: Wire
    to_slack: Wire
    clock: HandClock
    folder: Path
    environment: Mapping[str, str]
    _numbers: Iterator[int] = field(default_factory=lambda: count(1))

    @property
    def slack(self) -> SlackStandIn:
        return self.served.slack

    @property
    def repository(self) -> Repository:
        return self.hub.world.repositories[REPO]

    # --- the product's processes ---------------------------------------------

    def process(self, role: str = "all", **environment: str) -> Process:
        """Return a process that has not begun."""
        folder = self.folder / f"process-{next(self._numbers)}"
        folder.mkdir()
        return Process({**self.environment, **environment}, folder, role=role)

    def hear_at(self, process: Process) -> None:
        """Let GitHub and Slack speak to a process from now on."""
        self.hub.webhooks.url = f"{process.url}/github/webhooks"
        self.slack.app_url = f"{process.url}/slack/events"

    def chatops(self, *words: str, **environment: str) -> "subprocess.CompletedProcess[str]":
        """Say something on the command line."""
        inherited = {k: v for k, v in os.environ.items() if not k.startswith("CHATOPS_")}
        return subprocess.run(
            [sys.executable, "-m", "chatops", *words],
            env={**inherited, **self.environment, **environment},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    # --- what people do ------------------------------------------------------

    def failed_pulls(self, *numbers: int) -> None:
        """Open pull requests in which a job has failed that would pass another time."""
        for number in numbers:
            pull = self.repository.pull(number=number, author="hubot", labels=["ok-to-test"])
            flaky = PlannedJob("test", outcomes=("failure", "success"))
            self.repository.run(workflow="CI", pull=pull, jobs=[PlannedJob("build"), flaky])
        self.let_ci_end()

    def let_ci_end(self) -> None:
        """Let what runs on GitHub come to its end."""
        while self.hub.world.ci.active:
            self.clock.advance(3_600)
            self.hub.world.tick()

    def say(self, number: int, text: str, *, by: str = "mona") -> Comment:
        """Write a comment on a pull request."""
        return self.repository.comment(number, author=by, body=text)

    # --- what became of it ---------------------------------------------------

    def replies(self, number: int) -> list[str]:
        """Return what the bot wrote on a pull request."""
        return [
            comment.body
            for comment in list(self.repository.comments.values())
            if comment.by_app and comment.number == number
        ]

    def answered(self, number: int, words: str) -> bool:
        """Return whether the bot wrote these words on a pull request."""
        return any(words in reply for reply in self.replies(number))

    def reruns(self) -> Counter[str]:
        """Count the reruns that GitHub followed, by path."""
        return Counter(
            call.path
            for call in self.hub.requests
            if call.method == "POST" and "rerun" in call.path and call.status == HTTPStatus.CREATED
        )

    def arrived(self) -> bool:
        """Return whether every delivery that was sent was taken."""
        return all(delivery.has_arrived for delivery in list(self.hub.webhooks.deliveries))

    def redeliver_what_was_refused(self) -> int:
        """Send again what was not taken, as somebody does on the App's page."""
        lost = [one for one in list(self.hub.webhooks.deliveries) if not one.has_arrived]
        known: set[str] = {
            one.guid for one in list(self.hub.webhooks.deliveries) if one.has_arrived
        }
        again = {one.guid: one.id for one in lost if one.guid not in known}
        for number in again.values():
            self.hub.webhooks.redeliver(number)
        return len(again)


class Wired(SlackStandIn):
    """A pretend Slack at the other end of a wire."""

    to_app: Wire | None = None

    @property
    def address(self) -> str:
        """Where it really is."""
        return super().url

    @property
    def url(self) -> str:
        """Where the product finds it."""
        return self.to_app.url if self.to_app is not None else super().url


def ask(process: Process, path: str) -> httpx.Response:
    """Ask a process for a page."""
    return httpx.get(f"{process.url}{path}", trust_env=False, timeout=20)


@contextmanager
def stage(
    database_url: str, folder: Path, *, slack_mode: Mode = "http", secret: str = SECRET, **more: str
) -> Iterator[Stage]:
    """Build the stage; nothing of the product runs yet."""
    clock = HandClock(datetime.now(UTC).replace(microsecond=0))
    world = World(clock=clock)
    repository = world.repo(REPO)
    repository.user("mona", permission="write")
    repository.user("newcomer", permission="read")
    app = world.register_app()
    (folder / "chatops.yaml").write_text(CONFIGURATION)
    slack = Wired(mode=slack_mode)
    with (
        serve_github(world, secret=secret) as hub,
        serve_slack(slack) as served,
        wire(hub.url) as to_github,
        wire(slack.address) as to_slack,
    ):
        slack.to_app = to_slack
        environment = {
            "CHATOPS_CONFIG": str(folder / "chatops.yaml"),
            "CHATOPS_DATABASE_URL": database_url,
            "CHATOPS_GITHUB_API_URL": to_github.url,
            "CHATOPS_GITHUB_WEB_URL": hub.url,
            "CHATOPS_GITHUB_WEBHOOK_SECRET": secret,
            "CHATOPS_GITHUB_WRITE_GAP_MS": "0",
            "CHATOPS_GITHUB_APP_ID": str(app.id),
            "CHATOPS_GITHUB_PRIVATE_KEY": app.private_key_pem,
            "CHATOPS_GITHUB_CLIENT_ID": app.client_id,
            "CHATOPS_GITHUB_CLIENT_SECRET": app.client_secret,
            "CHATOPS_SESSION_SECRET": "between browsers and the stage",
            "CHATOPS_SLACK_API_URL": slack.api_url,
            "CHATOPS_SLACK_SIGNING_SECRET": slack.signing_secret,
            "CHATOPS_SLACK_BOT_TOKEN": slack.bot_token,
            **({"CHATOPS_SLACK_APP_TOKEN": slack.app_token} if slack_mode == "socket" else {}),
            **more,
        }
        yield Stage(hub, served, to_github, to_slack, clock, folder, environment)
