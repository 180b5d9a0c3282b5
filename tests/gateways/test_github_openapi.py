"""What the product says to GitHub, through a proxy that knows GitHub's published description of its REST API.

Prism turns each call that GitHub would not take, and each answer that GitHub would not give, into an error and notes
it. So these tests judge the product and the pretend GitHub at once.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from starlette.types import ASGIApp, Receive, Scope, Send

from chatops.answers.awaited import Awaited
from chatops.engine.log import Appended, Batch
from chatops.intake.backfill import backfill, watch
from chatops.intake.required import required_version
from chatops.intake.sweep import sweep
from chatops.names import JobId, Login, PullNumber, Repo, RunId, Sha
from chatops.ports import Permission
from chatops.standins.github import GitHubStandIn, HandClock, PlannedJob, World
from chatops.standins.github.server import (
    BY_APP,
    IN_ORGANIZATION,
    IN_REPOSITORY,
    IN_TEAM,
    REPOSITORY,
)
from chatops.standins.slack import SlackStandIn
from tests.gateways.places import gateway_to, registered, served
from tests.gateways.wire import answer, wire
from tests.intake.hearing import COMMUNITY, NobodyKnows
from tests.scenarios.process import free_port
from tests.scenarios.world import (
    AUTHOR,
    MEMBER,
    REPO,
    REQUIRED,
    REQUIRED_IN_A_FILE,
    WEBHOOK_SECRET,
    Town,
)
from tests.scenarios.world import CONFIGURATION as CONFIGURED
from tests.standins.published import log_of, prism

pytestmark = [pytest.mark.anyio, pytest.mark.node, pytest.mark.xdist_group("prism")]

OPERATIONS = [
    *((method, REPOSITORY + path.replace(":path", "")) for method, path, _ in IN_REPOSITORY),
    *((method, path) for method, path, _ in BY_APP),
    ("GET", IN_TEAM),
    ("GET", IN_ORGANIZATION),
    ("GET", "/user"),
]
FORWARDED = {
    "accept", "authorization", "content-type", "if-none-match", "user-agent", "x-github-api-version",
}  # fmt: skip
NOT_RETURNED = {b"content-length", b"content-encoding", b"transfer-encoding", b"connection"}
WRONG = re.compile(r"error\s+(Request terminated with error: .*)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Prism:
    """The proxy, the port of whom it speaks to, and where it notes what was wrong."""

    url: str
    port: int
    folder: Path

    def seen(self) -> list[str]:
        """Return everything that was wrong so far."""
        return WRONG.findall(log_of(self.folder).read_text(encoding="utf-8"))

    def calls(self) -> int:
        """Return how many calls came through so far."""
        return log_of(self.folder).read_text(encoding="utf-8").count("Request received")


@pytest.fixture(scope="module")
def judge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prism]:
    folder, port = tmp_path_factory.mktemp("prism"), free_port()
    with prism(f"http://127.0.0.1:{port}", OPERATIONS, folder) as url:
        yield Prism(url, port, folder)


def front(judge: Prism, behind: str, client: httpx.AsyncClient) -> ASGIApp:
    """Send everything through Prism but files as they are.

    GitHub calls the type of those `raw+json`, whatever they hold, and Prism would read them as JSON.
    """

    async def forward(scope: Scope, receive: Receive, send: Send) -> None:
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message.get("body", b""), message.get("more_body", False)
        given = {name.decode(): value.decode() for name, value in scope["headers"]}
        to = behind if "raw" in given.get("accept", "") else judge.url
        query = f"?{scope['query_string'].decode()}" if scope["query_string"] else ""
        found = await client.request(
            scope["method"],
            f"{to}{scope['raw_path'].decode()}{query}",
            headers={name: value for name, value in given.items() if name in FORWARDED},
            content=body,
        )
        kept = [(name.lower(), value) for name, value in found.headers.raw]
        headers = [pair for pair in kept if pair[0] not in NOT_RETURNED]
        await send({"type": "http.response.start", "status": found.status_code, "headers": headers})
        await send({"type": "http.response.body", "body": found.content})

    return forward


@asynccontextmanager
async def judged(judge: Prism, world: World) -> AsyncIterator[GitHubStandIn]:
    """Serve a world behind Prism; whatever was wrong by the end fails the test."""
    before, calls = judge.seen(), judge.calls()
    async with (
        GitHubStandIn(world, port=judge.port, secret=WEBHOOK_SECRET) as hub,
        httpx.AsyncClient(timeout=30, trust_env=False) as client,
        served(front(judge, hub.url, client)) as address,
    ):
        hub.be_known_at(address)
        yield hub
    assert judge.calls() > calls
    assert judge.seen() == before


def world_at(clock: HandClock) -> World:
    """Make a world with people, a gate file and the App."""
    world = World(clock=clock)
    repository = world.repo(REPO)
    repository.user(MEMBER, permission="write")
    repository.user(AUTHOR, permission="read")
    repository.write_file("ci/gates/gate.yaml", REQUIRED)
    registered(world)
    return world


class Log:
    """Takes everything."""

    def __init__(self) -> None:
        self.kinds: list[str] = []

    async def append(self, batch: Batch) -> Appended:
        self.kinds += [fact.event.kind for fact in batch.facts]
        return Appended(tuple(range(len(batch.facts))), 0)


async def no_sleep(_seconds: float) -> None:
    raise AssertionError("there is nothing to wait for")


async def test_a_whole_conversation_fits_what_github_published(
    judge: Prism, tmp_path: Path
) -> None:
    clock = HandClock(datetime.now(UTC).replace(microsecond=0))
    world = world_at(clock)
    gate = REQUIRED_IN_A_FILE.replace("gate.yaml", "ci/gates/gate.yaml")
    (tmp_path / "chatops.yaml").write_text(CONFIGURED + gate)
    async with judged(judge, world) as hub, SlackStandIn() as slack, AsyncExitStack() as stack:
        here = Town(hub, slack, clock, tmp_path)
        stack.push_async_callback(here.stop)
        await here.start(f"sqlite:///{tmp_path / 'chatops.db'}")
        await here.open_failed_pull()

        comment = here.say("/retest")
        await here.settle()
        await here.let_ci_end()

        assert here.reactions(comment) == ["eyes", "rocket"]
        assert len(here.reruns) == 3
        assert "1 of 3 jobs failed again" in here.reply


@pytest.mark.parametrize("by_app", [True, False])
async def test_filling_in_the_past_and_watching_fit_what_github_published(
    judge: Prism, *, by_app: bool
) -> None:
    clock = HandClock()
    world = world_at(clock)
    repository = world.repo(REPO)
    repository.workflow("Nightly", path=".github/workflows/nightly.yaml")
    jobs = [PlannedJob(f"test ({n})", outcomes=("failure", "success")) for n in range(120)]
    nights = [repository.run(workflow="Nightly", event="schedule", jobs=jobs) for _ in range(2)]
    clock.advance(600)
    world.tick()
    world.ci.rerun_failed(nights[0], actor=MEMBER)
    clock.advance(600)
    world.tick()
    pull = repository.pull(number=7, author=AUTHOR)
    repository.run(workflow="CI", pull=pull, jobs=[PlannedJob("build")])
    log = Log()
    async with judged(judge, world) as hub, gateway_to(hub, "app" if by_app else "token") as github:
        filled = await backfill(
            github, log.append, repo=Repo(REPO), workflows=["nightly.yaml"], known=NobodyKnows(),
            pulls=True, sleep=no_sleep,
        )  # fmt: skip
        seen = await watch(
            github, log.append, repo=Repo(REPO), workflows=["nightly.yaml"], known=NobodyKnows(),
            every=timedelta(minutes=2), while_running=timedelta(minutes=4), rounds=3, sleep=_instantly,
        )  # fmt: skip

    assert (filled.runs, filled.jobs, filled.pulls, filled.refused) == (3, 361, 1, 0)
    assert seen.refused == 0
    assert {"run.completed", "job.completed", "pull.changed"} <= set(log.kinds)


async def test_every_other_call_fits_what_github_published(judge: Prism) -> None:
    clock = HandClock()
    world = world_at(clock)
    repository = world.repo(REPO)
    repository.push("release/2.x")
    repository.required_checks, repository.classic_checks = ["Gatekeeper / gatekeeper"], ["dco"]
    pull = repository.pull(number=7, author=AUTHOR)
    fails = [PlannedJob("x", outcomes=("failure",))]
    runs = [repository.run(workflow="CI", pull=pull, jobs=fails) for _ in range(3)]
    clock.advance(600)
    world.tick()
    whole, failed, single = (RunId(run.id) for run in runs)
    number, eight, repo = PullNumber(7), PullNumber(8), Repo(REPO)
    repository.issue(number=8, author=AUTHOR)
    repository.milestone("Lift-off")
    repository.teams.add("pilots")
    async with judged(judge, world) as hub, gateway_to(hub, "app") as github:
        assert await github.permission(repo, Login(AUTHOR)) is Permission.READ
        assert await github.permission(repo, Login("nobody")) is Permission.NONE
        assert await github.pull_files(repo, number) == ["README.md"]
        assert await github.required_checks(repo, "release/2.x") == ["Gatekeeper / gatekeeper", "dco"]  # fmt: skip
        version = await required_version(github, COMMUNITY, repo, None, clock.now())
        assert version is not None
        await github.rerun(repo, whole)
        await github.rerun_failed(repo, failed)
        await github.rerun_job(repo, _first_job(hub, single))
        written = await github.comment(repo, number, "Läuft")
        await github.edit_comment(repo, written, "Fertig")
        await github.react(repo, written, "eyes")
        await github.react(repo, written, "eyes")
        await github.add_labels(repo, number, ["kind/bug", "wip"])
        assert await github.has_label(repo, "kind/bug")
        assert not await github.has_label(repo, "kind/feature")
        await github.remove_label(repo, number, "kind/bug")
        assert await github.labels(repo, number) == ["wip"]
        assert await github.assign(repo, number, [MEMBER, "nobody-here"]) == (MEMBER,)
        await github.unassign(repo, number, [MEMBER])
        await github.request_reviews(repo, number, [MEMBER, "acme/pilots"])
        await github.withdraw_reviews(repo, number, [MEMBER])
        assert await github.requested_reviewers(repo, number) == ["acme/pilots"]
        [goal] = await github.open_milestones(repo)
        await github.set_milestone(repo, eight, goal.number)
        await github.set_milestone(repo, eight, None)
        await github.retitle(repo, eight, "It leaks")
        await github.set_state(repo, eight, "closed", "not_planned")
        assert (await github.issue(repo, eight)).closed_by == "chatops[bot]"
        await github.set_state(repo, eight, "open")
        sha = Sha(pull.head_sha)
        await github.set_status(
            repo,
            sha,
            context="dco",
            state="success",
            description="Signed",
            url="https://ci.example",
        )
        assert [one["context"] for one in await github.statuses(repo, sha)] == ["dco"]
        await github.cancel_run(repo, failed)
        comments = [one async for one in github.comments(repo, number, since=clock.now())]
        assert await github.is_ours(comments[0])
        log = Log()
        assert await sweep(github, log.append, [Awaited(repo=repo, run_id=whole, attempt=2)]) == 1


async def test_the_calls_of_reviewing_and_merging_fit_what_github_published(judge: Prism) -> None:
    world = world_at(HandClock())
    repository = world.repo(REPO)
    repository.push("release/2.x")
    repository.merging.teams["acme/rockets"] = {MEMBER}
    pull = repository.pull(number=7, author=AUTHOR)
    repository.merging.behind.add(7)
    number, repo = PullNumber(7), Repo(REPO)
    async with judged(judge, world) as hub, gateway_to(hub, "app") as github:
        head = await github.head(repo, number)
        assert (head.sha, head.base, head.state, head.merged) == (pull.head_sha, "main", "open", False)  # fmt: skip
        assert await github.paths(repo, "release/2.x") == ["ci/gates/gate.yaml"]
        assert await github.is_member(repo, "acme/rockets", Login(MEMBER))
        assert not await github.is_member(repo, "acme/rockets", Login(AUTHOR))
        repository.members = {MEMBER}
        repository.user("rada", permission="triage")
        said = [await github.association(repo, Login(who)) for who in (MEMBER, "rada", AUTHOR)]
        assert said == ["MEMBER", "COLLABORATOR", ""]
        held = repository.run(workflow="CI", pull=pull, jobs=[PlannedJob("build")], held=True)
        await github.approve_run(repo, RunId(held.id))
        assert (await github.run_state(repo, RunId(held.id))).status == "queued"
        await github.update_branch(repo, number, head.sha)
        await github.merge(repo, number, (await github.head(repo, number)).sha, "squash")
        assert (await github.head(repo, number)).merged
        whole = await github.commit(repo, Sha(repository.branches["main"]))
        beside = await github.create_commit(
            repo, message="x", tree=whole.tree, parents=[whole.sha], author=whole.author
        )
        for _ in range(2):
            await github.set_branch(repo, "pick/of/7", beside)
        topic = repository.commit_to("topic", {"fins": "four"})
        assert await github.branch_head(repo, "pick/of/7") == beside
        assert await github.merge_into(repo, "pick/of/7", Sha(topic.sha)) != whole.tree
        opened = await github.open_pull(repo, head="pick/of/7", base="main", title="t", body="b")
        assert await github.pull_from(repo, "pick/of/7", "main") == opened
        await github.delete_branch(repo, "pick/of/7")


async def test_what_github_would_not_take_is_noticed(judge: Prism) -> None:
    """Without this one the others could be green because nobody looks."""
    before = len(judge.seen())
    async with GitHubStandIn(world_at(HandClock()), port=judge.port) as hub:
        headers = {"Authorization": f"Bearer {hub.world.token(MEMBER)}"}
        async with httpx.AsyncClient(
            base_url=judge.url, headers=headers, trust_env=False
        ) as client:
            await client.post(f"/repos/{REPO}/issues/7/comments", json={"text": "Hello"})
            await client.get(f"/repos/{REPO}/novelties")

    assert await noticed(judge, before, 2) == ["UNPROCESSABLE_ENTITY", "NO_PATH_MATCHED_ERROR"]


async def test_what_github_would_not_say_is_noticed(judge: Prism) -> None:
    """Without this one the pretend GitHub could say what it likes."""
    before = len(judge.seen())
    async with (
        wire(answer({"id": "7"}), port=judge.port),
        httpx.AsyncClient(base_url=judge.url, trust_env=False) as client,
    ):
        said = await client.get(f"/repos/{REPO}/actions/runs/7")

    assert said.status_code == 500
    assert await noticed(judge, before, 1) == ["VIOLATIONS"]


async def noticed(judge: Prism, before: int, count: int) -> list[str]:
    """Return what the judge noticed since, as soon as it has written down so much: it answers before it writes."""
    deadline = asyncio.get_running_loop().time() + 10
    while len(found := kinds(judge.seen()[before:])) < count:
        if asyncio.get_running_loop().time() > deadline:
            break
        await asyncio.sleep(0.02)
    return found


def kinds(noticed: list[str]) -> list[str]:
    """Return what kind of thing was wrong each time."""
    return [found[1] for line in noticed if (found := re.search(r"#([A-Z_]+)", line))]


async def _instantly(_seconds: float) -> None:
    await asyncio.sleep(0)


def _first_job(hub: GitHubStandIn, run_id: RunId) -> JobId:
    return JobId(hub.world.repo(REPO).runs[run_id].latest.jobs[0].id)
