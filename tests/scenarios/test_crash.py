"""Killed at random instants under load, again and again: what was accepted is there once, and done once."""

import hashlib
import hmac
import json
import os
import random
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from pathlib import Path

import httpx
import pytest
from sqlalchemy import select

from chatops.engine.database import open_database
from chatops.engine.deliveries import DELIVERIES
from chatops.engine.log import EVENTS
from chatops.standins.github import GitHubStandIn, PlannedJob, Repository, World, serve_in_thread
from tests.scenarios.process import Process

CRASHES = int(os.environ.get("CRASHES", "8"))
PULLS = 12
SECRET = "shaken"
REPO = "acme/rocket"
CONFIGURATION = f"""\
communities:
  acme:
    title: Acme
    slash_command: /acme
    repositories: [{REPO}]
    nightly: [{{name: Nightly, file: nightly.yaml}}]
    gate: {{workflow: Gatekeeper}}
"""


class Load:
    """Sends deliveries one after the other and remembers which were accepted."""

    def __init__(self, process: Process, world: World) -> None:
        self.process = process
        self.accepted: dict[str, str] = {}
        self.comments: list[int] = []
        self._world = world
        self._ending = threading.Event()
        self._number = 0

    def run(self) -> None:
        """Send until told to end; what is not accepted is sent again, as GitHub's redelivery would."""
        with httpx.Client(trust_env=False, timeout=5) as client:
            while not self._ending.is_set():
                self._number += 1
                if self._number % 40 == 0 and len(self.comments) < PULLS:
                    self._say_retest(client, len(self.comments) + 1)
                else:
                    guid, body = f"job-{self._number}", workflow_job(self._number)
                    self._send(client, "workflow_job", guid, body)

    def end(self) -> None:
        """Stop sending."""
        self._ending.set()

    def _say_retest(self, client: httpx.Client, number: int) -> None:
        repository = self._world.repositories[REPO]
        comment = repository.comment(number, author="mona", body="/retest")
        body = issue_comment(number, comment.id)
        if self._send(client, "issue_comment", f"comment-{comment.id}", body, patient=True):
            self.comments.append(number)

    def _send(
        self, client: httpx.Client, event: str, guid: str, body: bytes, *, patient: bool = False
    ) -> bool:
        while not self._ending.is_set():
            try:
                answer = client.post(
                    f"{self.process.url}/github/webhooks",
                    content=body,
                    headers=headers(event, guid, body),
                )
            except httpx.TransportError:
                time.sleep(0.02)
            else:
                if answer.status_code == HTTPStatus.ACCEPTED:
                    self.accepted[guid] = event
                    return True
            if not patient:
                return False
        return False


def headers(event: str, guid: str, body: bytes) -> dict[str, str]:
    """Sign a delivery as GitHub does."""
    signature = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    return {
        "content-type": "application/json",
        "x-github-event": event,
        "x-github-delivery": guid,
        "x-hub-signature-256": f"sha256={signature}",
    }


def workflow_job(number: int) -> bytes:
    """Return a job that ended: every one is a new fact."""
    job = {
        "id": 10_000_000 + number,
        "run_id": 5_000 + number // 50,
        "run_attempt": 1,
        "workflow_name": "Nightly",
        "name": f"test ({number % 50})",
        "status": "completed",
        "conclusion": "success",
        "head_sha": "a" * 40,
        "head_branch": "main",
        "created_at": "2026-01-05T00:00:00Z",
        "started_at": "2026-01-05T00:00:10Z",
        "completed_at": "2026-01-05T00:10:00Z",
        "labels": ["ubuntu-24.04"],
        "steps": [],
    }
    return json.dumps(
        {
            "action": "completed",
            "workflow_job": job,
            "repository": {"full_name": REPO},
            "sender": {"login": "mona"},
        }
    ).encode()


def issue_comment(number: int, comment_id: int) -> bytes:
    """Return a member's comment on a pull request."""
    stamp = "2026-01-05T12:00:00Z"
    return json.dumps(
        {
            "action": "created",
            "issue": {
                "number": number, "title": "Add fins", "state": "open",
                "pull_request": {"url": "https://api.github.com/x"}, "user": {"login": "hubot"},
            },
            "comment": {
                "id": comment_id, "body": "/retest", "created_at": stamp, "updated_at": stamp,
                "author_association": "MEMBER", "user": {"login": "mona", "type": "User"},
            },
            "repository": {"full_name": REPO},
            "sender": {"login": "mona", "type": "User"},
        }
    ).encode()  # fmt: skip


def with_failures(world: World) -> Repository:
    """Build a repository whose pull requests each have one failed run."""
    repository = world.repo(REPO)
    repository.user("mona", permission="write")
    for number in range(1, PULLS + 1):
        pull = repository.pull(number=number, author="hubot", labels=["ok-to-test"])
        repository.run(
            workflow="CI",
            pull=pull,
            jobs=[
                PlannedJob("build", seconds=1, queue_seconds=0),
                PlannedJob("test", outcomes=("failure", "success"), seconds=1, queue_seconds=0),
            ],
        )
    deadline = time.monotonic() + 10
    while world.ci.active and time.monotonic() < deadline:
        world.tick()
        time.sleep(0.05)
    return repository


@contextmanager
def loaded(load: Load) -> Iterator[None]:
    """Let the load run beside us."""
    thread = threading.Thread(target=load.run)
    thread.start()
    try:
        yield
    finally:
        load.end()
        thread.join(timeout=20)


def crash_again_and_again(process: Process, load: Load) -> None:
    """Kill and start the process while deliveries arrive."""
    chance = random.Random(7)
    for _ in range(CRASHES):
        time.sleep(chance.uniform(0.05, 1.2))
        process.kill()
        process.start()


def retested(hub: GitHubStandIn) -> Counter[str]:
    """Count the reruns that GitHub accepted, by path."""
    return Counter(
        call.path
        for call in hub.requests
        if call.method == "POST" and "rerun" in call.path and call.status == HTTPStatus.CREATED
    )


def wait_until_told(hub: GitHubStandIn, load: Load, seconds: float = 60) -> None:
    """Wait until every accepted command has its reply."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        hub.world.tick()
        replies = [
            comment for comment in hub.world.repositories[REPO].comments.values() if comment.by_app
        ]
        if len(replies) >= len(load.comments) and len(retested(hub)) >= len(load.comments):
            return
        time.sleep(0.1)


@pytest.mark.timeout(300)
def test_what_was_accepted_is_there_once_and_done_once(database_url: str, tmp_path: Path) -> None:
    world = World()
    with serve_in_thread(world) as hub:
        app = world.register_app()
        with_failures(world)
        (tmp_path / "chatops.yaml").write_text(CONFIGURATION)
        process = Process(
            {
                "CHATOPS_CONFIG": str(tmp_path / "chatops.yaml"),
                "CHATOPS_DATABASE_URL": database_url,
                "CHATOPS_GITHUB_API_URL": hub.url,
                "CHATOPS_GITHUB_WEBHOOK_SECRET": SECRET,
                "CHATOPS_GITHUB_WRITE_GAP_MS": "0",
                "CHATOPS_GITHUB_APP_ID": str(app.id),
                "CHATOPS_GITHUB_PRIVATE_KEY": app.private_key_pem,
            },
            tmp_path,
        )
        load = Load(process, world)
        with process, loaded(load):
            crash_again_and_again(process, load)
            deadline = time.monotonic() + 30
            while len(load.comments) < PULLS and time.monotonic() < deadline:
                time.sleep(0.1)
            load.end()
            wait_until_told(hub, load)

        database = open_database(database_url)
        with database.read() as db:
            kept = set(db.scalars(select(DELIVERIES.c.guid)))
            keys = Counter(db.scalars(select(EVENTS.c.key)))
            positions = list(db.scalars(select(EVENTS.c.position).order_by(EVENTS.c.position)))
        database.close()

    assert len(load.comments) == PULLS, process.said()[-3000:]
    assert set(load.accepted) <= kept
    for guid, event in load.accepted.items():
        if event == "workflow_job":
            assert keys[f"job/{10_000_000 + int(guid.removeprefix('job-'))}/completed"] == 1
    assert positions == list(range(1, len(positions) + 1))
    reruns = retested(hub)
    assert set(reruns.values()) == {1}, reruns
    assert len(reruns) == PULLS
    answers = Counter(
        comment.number for comment in world.repositories[REPO].comments.values() if comment.by_app
    )
    assert set(answers.values()) == {1}, answers
