"""What the pretend GitHub sends, and how it behaves when the receiver does not."""

import asyncio
import hashlib
import hmac
import json
import socket
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from chatops.standins.github import GitHubStandIn, HandClock, Mischief, Repository, World
from tests.standins import rocket
from tests.standins.published import webhook_judge

pytestmark = pytest.mark.anyio

SECRET = "it is pretended"


@dataclass(slots=True, kw_only=True)
class Received:
    """One delivery as it arrived."""

    event: str
    guid: str
    headers: dict[str, str]
    raw: bytes

    @property
    def body(self) -> dict[str, Any]:
        content: dict[str, Any] = json.loads(self.raw)
        return content


@dataclass(slots=True)
class Receiver:
    """Somebody's webhook endpoint, which can be told to fail."""

    received: list[Received] = field(default_factory=list)
    answer: int = 202
    url: str = ""

    async def take(self, request: Request) -> Response:
        headers = {name.lower(): value for name, value in request.headers.items()}
        raw = await request.body()
        event, guid = headers["x-github-event"], headers["x-github-delivery"]
        self.received.append(Received(event=event, guid=guid, headers=headers, raw=raw))
        return Response(status_code=self.answer)


class Listening(uvicorn.Server):
    """A server that says when it listens, and leaves signals to pytest."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready.set()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@asynccontextmanager
async def receiver() -> AsyncIterator[Receiver]:
    """Listen for webhooks."""
    taker = Receiver()
    app = Starlette(routes=[Route("/hooks", taker.take, methods=["POST"])])
    server = Listening(uvicorn.Config(app, port=0, log_config=None, lifespan="off"))
    serving = asyncio.create_task(server.serve())
    await server.ready.wait()
    port = server.servers[0].sockets[0].getsockname()[1]
    taker.url = f"http://127.0.0.1:{port}/hooks"
    try:
        yield taker
    finally:
        server.should_exit = True
        await serving


@asynccontextmanager
async def hooked() -> AsyncIterator[tuple[GitHubStandIn, Receiver, Repository, HandClock]]:
    """Serve the repository, with a receiver for its webhooks."""
    world, repository, clock = rocket.rocket()
    async with (
        receiver() as taker,
        GitHubStandIn(world, webhook_url=taker.url, secret=SECRET) as hub,
    ):
        yield hub, taker, repository, clock


def live_a_little(world: World, repository: Repository, clock: HandClock) -> None:
    """Let one of everything happen."""
    world.register_app()
    rocket.open_pull(repository)
    rocket.open_pull(repository, fork=False, number=8)
    rocket.let_pass(world, clock)
    rocket.let_pass(world, clock)
    comment = repository.comment(7, author="mona", body="/retest")
    repository.edit_comment(comment, body="/retest all", actor="mona")
    repository.push_to_pull(7)
    repository.add_label(7, "wip", actor="tritri")
    repository.remove_label(7, "wip", actor="tritri")
    repository.push(files={"README.md": "# Rocket\n"})
    repository.issue(number=9, author="hubot", labels=["wip"])
    repository.comment(9, author="mona", body="/assign")
    repository.milestone("Lift-off")
    repository.teams.add("pilots")
    for number in (8, 9):
        change_everything(repository, number)
    for who in ("mona", "pilots"):
        repository.request_review(8, who, actor="tritri")
        repository.withdraw_review(8, who, actor="tritri")
    repository.status(repository.branches["main"], "dco", "success", description="Signed off")
    repository.status(repository.pulls[7].head_sha, "license", "failure", actor="mona")
    review = repository.review(7, author="mona", state="approved", body="/lgtm")
    repository.dismiss(7, review, actor="tritri")
    repository.close_pull(7, actor="mona", merge=True)
    repository.show(private=True, actor="mona")
    repository.show(private=False, actor="mona")


def change_everything(repository: Repository, number: int) -> None:
    """Change all that issues and pull requests have in common."""
    repository.assign(number, "mona", actor="tritri")
    repository.unassign(number, "mona", actor="tritri")
    repository.retitle(number, "Land softly", actor="mona")
    repository.rewrite(number, "Please.", actor="mona")
    repository.set_milestone(number, 1, actor="tritri")
    repository.set_milestone(number, None, actor="tritri")
    repository.add_label(number, "rocketry", actor="tritri")
    repository.remove_label(number, "rocketry", actor="tritri")
    repository.close(number, actor="mona", reason="not_planned")
    repository.reopen(number, actor="mona")


@pytest.mark.node
async def test_every_payload_fits_what_github_published() -> None:
    async with hooked() as (hub, taker, repository, clock):
        live_a_little(hub.world, repository, clock)
        hub.webhooks.ping()
        await hub.webhooks.drained()

    judged: Counter[str] = Counter()
    for delivery in taker.received:
        action = delivery.body.get("action")
        name = "-".join(filter(None, (delivery.event, action))).replace("_", "-")
        problems = [
            f"{list(error.instance_path)}: {error.message[:300]}"
            for error in webhook_judge(name).iter_errors(delivery.body)
        ]
        assert problems == [], name
        judged[name] += 1
    assert judged.keys() == {
        "check-run-completed",
        "check-run-created",
        "check-suite-completed",
        "installation-created",
        "issue-comment-created",
        "issue-comment-edited",
        "issues-assigned",
        "issues-closed",
        "issues-demilestoned",
        "issues-edited",
        "issues-labeled",
        "issues-milestoned",
        "issues-opened",
        "issues-reopened",
        "issues-unassigned",
        "issues-unlabeled",
        "label-created",
        "ping",
        "pull-request-assigned",
        "pull-request-closed",
        "pull-request-demilestoned",
        "pull-request-edited",
        "pull-request-labeled",
        "pull-request-milestoned",
        "pull-request-opened",
        "pull-request-reopened",
        "pull-request-review-request-removed",
        "pull-request-review-requested",
        "pull-request-synchronize",
        "pull-request-unassigned",
        "pull-request-unlabeled",
        "pull-request-review-dismissed",
        "pull-request-review-submitted",
        "push",
        "repository-privatized",
        "repository-publicized",
        "status",
        "workflow-job-completed",
        "workflow-job-in-progress",
        "workflow-job-queued",
        "workflow-run-completed",
        "workflow-run-in-progress",
        "workflow-run-requested",
    }


@pytest.mark.node
async def test_a_payload_that_lacks_something_is_noticed() -> None:
    async with hooked() as (hub, taker, repository, _):
        rocket.open_pull(repository)
        await hub.webhooks.drained()
    run = next(one.body for one in taker.received if one.event == "workflow_run")

    del run["workflow_run"]["run_attempt"]

    assert not webhook_judge("workflow-run-requested").is_valid(run)


async def test_a_delivery_is_signed_and_says_where_it_comes_from() -> None:
    async with hooked() as (hub, taker, repository, _):
        hub.world.register_app(app_id=99)
        repository.pull(number=1)
        await hub.webhooks.drained()

    opened = next(one for one in taker.received if one.event == "pull_request")
    digest = hmac.new(SECRET.encode(), opened.raw, hashlib.sha256).hexdigest()
    assert opened.headers["x-hub-signature-256"] == f"sha256={digest}"
    assert opened.headers["x-github-hook-installation-target-id"] == "99"
    assert opened.headers["x-github-hook-installation-target-type"] == "integration"
    assert opened.headers["x-github-hook-id"].isdecimal()
    assert opened.headers["user-agent"].startswith("GitHub-Hookshot/")


async def test_what_failed_is_not_sent_again_unless_asked() -> None:
    async with hooked() as (hub, taker, repository, _):
        taker.answer = 503
        repository.push()
        await hub.webhooks.drained()
        failed = hub.webhooks.deliveries[-1]

        assert (failed.status_code, failed.has_arrived) == (503, False)
        assert len(taker.received) == 1

        taker.answer = 202
        assert hub.webhooks.redeliver(failed.id)
        await hub.webhooks.drained()

    again = hub.webhooks.deliveries[-1]
    assert (again.guid, again.redelivery, again.has_arrived) == (failed.guid, True, True)
    assert again.id != failed.id
    assert [one.guid for one in taker.received] == [failed.guid] * 2
    assert taker.received[0].raw == taker.received[1].raw


async def test_an_app_finds_its_failed_deliveries_and_asks_for_them() -> None:
    async with hooked() as (hub, taker, repository, _):
        app = hub.world.register_app()
        taker.answer = 500
        for _ in range(5):
            repository.push()
        await hub.webhooks.drained()
        taker.answer = 202
        headers = {"Authorization": f"Bearer {rocket.app_jwt(app, hub.world)}"}
        async with httpx.AsyncClient(base_url=hub.url, headers=headers) as client:
            first = await client.get("/app/hook/deliveries", params={"per_page": 4})
            rest = await client.get(first.links["next"]["url"])
            failed = [one for one in first.json() + rest.json() if one["status"] != "OK"]
            for one in failed:
                path = f"/app/hook/deliveries/{one['id']}/attempts"
                assert (await client.post(path)).status_code == 202
        await hub.webhooks.drained()

    assert "next" not in rest.links
    assert len(failed) == 6
    assert {one["guid"] for one in failed} == {one.guid for one in taker.received}
    assert len(taker.received) == 12


async def test_held_back_deliveries_arrive_shuffled_and_twice_with_their_guid() -> None:
    async with hooked() as (hub, taker, repository, clock):
        hub.webhooks.pause()
        hub.webhooks.misbehave(Mischief(shuffle_seed=3, duplicate_every=1))
        rocket.open_pull(repository)
        rocket.let_pass(hub.world, clock)
        await hub.webhooks.drained()
        assert taker.received == []

        hub.webhooks.resume()
        await hub.webhooks.drained()

    sent = [one.guid for one in hub.webhooks.deliveries]
    arrived = [one.guid for one in taker.received]
    assert Counter(arrived) == dict.fromkeys(sent, 2)
    assert list(dict.fromkeys(arrived)) != sent


async def test_deliveries_that_got_lost_can_be_asked_for() -> None:
    async with hooked() as (hub, taker, repository, _):
        hub.webhooks.pause()
        repository.push()
        repository.push()
        lost = hub.webhooks.drop_waiting()
        hub.webhooks.resume()
        await hub.webhooks.drained()
        assert (lost, taker.received) == (2, [])

        for delivery in list(hub.webhooks.deliveries):
            assert not delivery.has_arrived
            assert hub.webhooks.redeliver(delivery.id)
        await hub.webhooks.drained()

    assert [one.event for one in taker.received] == ["push", "push"]


async def test_deliveries_to_nobody_are_written_down_as_failed() -> None:
    async with hooked() as (hub, _, repository, _):
        hub.webhooks.url = "http://127.0.0.1:9/"
        repository.push()
        await hub.webhooks.drained()

    lost = hub.webhooks.deliveries[-1]
    assert (lost.status, lost.status_code) == ("failed to connect to host", 0)


async def test_a_fork_leaves_the_list_of_pulls_of_its_runs_empty() -> None:
    async with hooked() as (hub, taker, repository, _):
        rocket.open_pull(repository, fork=True, number=7)
        rocket.open_pull(repository, fork=False, number=8)
        await hub.webhooks.drained()

    runs = [one.body["workflow_run"] for one in taker.received if one.event == "workflow_run"]
    pulls = {
        run["head_repository"]["fork"]: [pull["number"] for pull in run["pull_requests"]]
        for run in runs
    }
    assert pulls == {True: [], False: [8]}


async def test_the_receiver_and_its_secret_can_be_named_later() -> None:
    world, repository, _ = rocket.rocket()
    async with receiver() as taker, GitHubStandIn(world) as hub:
        repository.push()
        hub.webhooks.url, hub.webhooks.secret = taker.url, "another"
        repository.push()
        await hub.webhooks.drained()

    (push,) = taker.received
    digest = hmac.new(b"another", push.raw, hashlib.sha256).hexdigest()
    assert push.headers["x-hub-signature-256"] == f"sha256={digest}"


async def test_only_chosen_events_are_sent() -> None:
    async with hooked() as (hub, taker, repository, clock):
        hub.webhooks.events = frozenset({"workflow_job"})
        rocket.open_pull(repository)
        rocket.let_pass(hub.world, clock)
        await hub.webhooks.drained()

    assert {one.event for one in taker.received} == {"workflow_job"}
