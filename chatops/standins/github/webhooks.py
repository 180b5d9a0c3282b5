"""Signed webhooks: what changed in the pretend GitHub, sent to whoever should know.

As with GitHub nothing is sent a second time unless someone asks for it, order is not promised,
and the ledger of deliveries tells what was sent and what came back.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import hmac
import random
import time
import uuid
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import httpx
import msgspec

from chatops.standins.github.actions import Json, stamp
from chatops.standins.github.shapes import Shapes
from chatops.standins.github.things import Issue
from chatops.standins.github.world import Happening, Repository, World

HOOK_ID = 310_310
LONGEST_WAIT = 10.0
LEDGER_SIZE = 50_000


@dataclass(slots=True, kw_only=True)
class Delivery:
    """One request to the receiver, sent or waiting to be."""

    id: int
    guid: str
    event: str
    action: str | None
    body: bytes
    repository_id: int | None
    installation_id: int | None
    redelivery: bool = False
    delivered_at: datetime | None = None
    status: str = "pending"
    status_code: int = 0
    duration: float = 0.0

    @property
    def has_arrived(self) -> bool:
        """Whether the receiver answered with a 2xx."""
        return self.status == "OK"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mischief:
    """What the network does to deliveries: reorder, repeat, hold up."""

    shuffle_seed: int | None = None
    duplicate_every: int = 0
    delay: float = 0.0


def payload(shapes: Shapes, happening: Happening) -> Json:
    """Draw the JSON body of a webhook, as the world is at this moment."""
    repository = happening.repository
    body: Json = {"action": happening.action} if happening.action else {}
    if repository is not None:
        if happening.run is not None:
            body |= _of_run(shapes, happening)
        if happening.pull is not None:
            body |= _of_pull(shapes, happening)
        if happening.issue is not None:
            body |= _of_issue(shapes, repository, happening, happening.issue)
        body |= _details(shapes, repository, happening)
        if happening.label is not None:
            body["label"] = shapes.label(repository, happening.label)
        if happening.push is not None:
            body |= shapes.push(repository, happening.push, happening.sender)
        if happening.status is not None:
            body |= shapes.status_event(repository, happening.sha, happening.status)
        body["repository"] = shapes.repository(repository)
        body["organization"] = _organization(shapes, repository.owner)
    body["sender"] = shapes.user(happening.sender)
    app = shapes.world.app
    if app is not None and happening.event == "installation":
        body["installation"] = shapes.installation(app)
        body["repositories"] = [
            {"id": r.id, "name": r.name, "full_name": r.full_name, "private": r.private}
            | {"node_id": shapes.small_repository(r)["node_id"]}
            for r in shapes.world.repositories.values()
        ]
    elif app is not None:
        body["installation"] = {"id": app.installation_id, "node_id": f"MDI{app.installation_id}"}
    return body


def _of_run(shapes: Shapes, happening: Happening) -> Json:
    run, job, repository = happening.run, happening.job, happening.repository
    if run is None or repository is None:
        return {}
    if happening.event == "check_run" and job is not None:
        suite = shapes.check_suite(repository, run)
        check_run = shapes.check_run(repository, run, job)
        return {"check_run": {**check_run, "check_suite": suite}}
    if happening.event == "check_suite":
        return {"check_suite": shapes.check_suite(repository, run)}
    if job is not None:
        return {"workflow_job": shapes.job(repository, run, job)}
    return {
        "workflow_run": shapes.run(repository, run),
        "workflow": shapes.workflow(repository, run.workflow),
    }


def _of_pull(shapes: Shapes, happening: Happening) -> Json:
    pull, repository = happening.pull, happening.repository
    if pull is None or repository is None:
        return {}
    if happening.comment is not None:
        return _of_issue(shapes, repository, happening, pull)
    if happening.review is not None:
        return {
            "review": shapes.review(repository, pull, happening.review),
            "pull_request": shapes.reviewed_pull(repository, pull),
        }
    body = {"number": pull.number, "pull_request": shapes.full_pull(repository, pull)}
    if happening.action == "synchronize":
        body |= {"before": happening.before, "after": pull.head_sha}
    return body


def _of_issue(shapes: Shapes, repository: Repository, happening: Happening, about: Issue) -> Json:
    body: Json = {"issue": shapes.issue(repository, about)}
    if happening.comment is not None:
        body["comment"] = shapes.comment(repository, happening.comment)
        if happening.before is not None:
            body["changes"] = {"body": {"from": happening.before}}
    return body


def _details(shapes: Shapes, repository: Repository, happening: Happening) -> Json:
    """Draw whom or what a change was about."""
    body: Json = {}
    if happening.assignee is not None:
        body["assignee"] = shapes.user(happening.assignee)
    if happening.reviewer is not None:
        body["requested_reviewer"] = shapes.user(happening.reviewer)
    if happening.team is not None:
        body["requested_team"] = shapes.team(repository, happening.team)
    if happening.milestone is not None:
        body["milestone"] = shapes.milestone(repository, happening.milestone)
    if happening.changes is not None:
        body["changes"] = happening.changes
    return body


def _organization(shapes: Shapes, login: str) -> Json:
    url = f"{shapes.base}/orgs/{login}"
    user = shapes.user(login)
    return {
        "login": login,
        "id": user["id"],
        "node_id": user["node_id"],
        "url": url,
        "repos_url": f"{url}/repos",
        "events_url": f"{url}/events",
        "hooks_url": f"{url}/hooks",
        "issues_url": f"{url}/issues",
        "members_url": f"{url}/members{{/member}}",
        "public_members_url": f"{url}/public_members{{/member}}",
        "avatar_url": user["avatar_url"],
        "description": None,
    }


class Webhooks:
    """Listens to a world, and sends what it hears to one address, signed."""

    def __init__(
        self,
        world: World,
        shapes: Shapes,
        *,
        url: str | None,
        secret: str,
        before_telling: Callable[[], None] = lambda: None,
    ) -> None:
        self.url = url
        self.secret = secret
        self.events: frozenset[str] | None = None
        self.deliveries: deque[Delivery] = deque(maxlen=LEDGER_SIZE)
        self._world = world
        self._shapes = shapes
        self._before_telling = before_telling
        self._mischief = Mischief()
        self._waiting: deque[Delivery] = deque()
        self._sending = 0
        self._is_paused = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._wake = asyncio.Event()
        self._idle = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._random = random.Random(0)

    def hear(self, happening: Happening) -> None:
        """Write down what happened, to be sent; called at the moment it happens."""
        if self.url is None or (self.events is not None and happening.event not in self.events):
            return
        self._queue(
            event=happening.event,
            action=happening.action,
            body=msgspec.json.encode(payload(self._shapes, happening)),
            repository_id=happening.repository.id if happening.repository else None,
        )

    def ping(self) -> None:
        """Say hello, as GitHub does when a hook is created."""
        body: Json = {
            "zen": "Speak like a human.",
            "hook_id": HOOK_ID,
            "hook": {
                "type": "App",
                "id": HOOK_ID,
                "name": "web",
                "active": True,
                "events": sorted(self.events or {"*"}),
                "config": {"content_type": "json", "insecure_ssl": "0", "url": self.url},
                "created_at": stamp(self._world.now()),
                "updated_at": stamp(self._world.now()),
            },
        }
        if self._world.app is not None:
            body["hook"]["app_id"] = self._world.app.id
        self._queue(event="ping", action=None, body=msgspec.json.encode(body), repository_id=None)

    def redeliver(self, delivery_id: int) -> bool:
        """Send an old delivery once more: same GUID and body, another id."""
        return self._repeat(delivery_id, keep_guid=True)

    def send_anew(self, delivery_id: int) -> bool:
        """Send what an old delivery said under another GUID, as a second hook on a repository does."""
        return self._repeat(delivery_id, keep_guid=False)

    def _repeat(self, delivery_id: int, *, keep_guid: bool) -> bool:
        old = next((d for d in self.deliveries if d.id == delivery_id), None)
        if old is None:
            return False
        self._queue(
            event=old.event,
            action=old.action,
            body=old.body,
            repository_id=old.repository_id,
            guid=old.guid if keep_guid else None,
        )
        return True

    def misbehave(self, mischief: Mischief) -> None:
        """Reorder, repeat or hold up deliveries from now on."""
        self._mischief = mischief
        self._random.seed(mischief.shuffle_seed)

    def pause(self) -> None:
        """Hold everything back."""
        self._is_paused = True

    def resume(self) -> None:
        """Let go what was held back."""
        self._is_paused = False
        self._notify()

    def drop_waiting(self) -> int:
        """Lose what was held back, as when the receiver's network was down."""
        lost = len(self._waiting)
        while self._waiting:
            delivery = self._waiting.popleft()
            delivery.delivered_at = self._world.now()
            delivery.status = "failed to connect to host"
        return lost

    async def drained(self) -> None:
        """Wait until everything that is not held back was sent."""
        while self._sending or (self._waiting and not self._is_paused):
            self._idle.clear()
            await self._idle.wait()

    async def start(self) -> None:
        """Begin to send."""
        self._loop = asyncio.get_running_loop()
        self._world.listeners.append(self.hear)
        self._task = asyncio.create_task(self._send_all())

    async def stop(self) -> None:
        """Stop listening and sending."""
        self._world.listeners.remove(self.hear)
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    def signature(self, body: bytes) -> str:
        """Sign a body with the shared secret."""
        digest = hmac.new(self.secret.encode(), body, hashlib.sha256).hexdigest()
        return f"sha256={digest}"

    def _queue(
        self,
        *,
        event: str,
        action: str | None,
        body: bytes,
        repository_id: int | None,
        guid: str | None = None,
    ) -> None:
        app = self._world.app
        delivery = Delivery(
            id=self._world.numbers["delivery"].take(),
            guid=guid or str(uuid.uuid4()),
            event=event,
            action=action,
            body=body,
            repository_id=repository_id,
            installation_id=app.installation_id if app else None,
            redelivery=guid is not None,
        )
        self.deliveries.append(delivery)
        self._waiting.append(delivery)
        self._notify()

    def _notify(self) -> None:
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._wake.set)

    async def _send_all(self) -> None:
        async with httpx.AsyncClient(timeout=LONGEST_WAIT, trust_env=False) as client:
            while True:
                await self._wake.wait()
                self._wake.clear()
                while self._waiting and not self._is_paused:
                    self._sending += 1
                    try:
                        await self._send_next(client)
                    finally:
                        self._sending -= 1
                self._idle.set()

    async def _send_next(self, client: httpx.AsyncClient) -> None:
        mischief = self._mischief
        if mischief.shuffle_seed is not None:
            self._waiting.rotate(self._random.randrange(len(self._waiting)))
        delivery = self._waiting.popleft()
        if mischief.delay:
            await asyncio.sleep(mischief.delay)
        await self._send(client, delivery)
        if mischief.duplicate_every and delivery.id % mischief.duplicate_every == 0:
            await self._send(client, delivery)

    async def _send(self, client: httpx.AsyncClient, delivery: Delivery) -> None:
        self._before_telling()
        began = time.perf_counter()
        try:
            response = await client.post(
                self.url or "", content=delivery.body, headers=self._headers(delivery)
            )
        except httpx.TimeoutException:
            delivery.status, delivery.status_code = "timed out", 0
        except (httpx.TransportError, httpx.UnsupportedProtocol):
            delivery.status, delivery.status_code = "failed to connect to host", 0
        else:
            delivery.status_code = response.status_code
            arrived = response.is_success
            delivery.status = "OK" if arrived else f"Invalid HTTP Response: {response.status_code}"
        delivery.duration = round(time.perf_counter() - began, 3)
        delivery.delivered_at = self._world.now()

    def _headers(self, delivery: Delivery) -> dict[str, str]:
        app = self._world.app
        return {
            "Accept": "*/*",
            "Content-Type": "application/json",
            "User-Agent": "GitHub-Hookshot/5d1e0f3",
            "X-GitHub-Delivery": delivery.guid,
            "X-GitHub-Event": delivery.event,
            "X-GitHub-Hook-ID": str(HOOK_ID),
            "X-GitHub-Hook-Installation-Target-ID": str(app.id if app else HOOK_ID),
            "X-GitHub-Hook-Installation-Target-Type": "integration" if app else "repository",
            "X-Hub-Signature-256": self.signature(delivery.body),
        }
