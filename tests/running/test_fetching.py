"""`chatops backfill` and `chatops watch`, with nothing but a token."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from chatops.app import Service
from chatops.config import read_configuration
from chatops.engine.fetched import Fetched
from chatops.errors import Refused
from chatops.events.notices import NightSettled
from chatops.events.runs import JobCompleted
from chatops.names import Repo, RunId
from chatops.running.fetching import backfill_all, watch_all
from chatops.settings import read_settings
from chatops.standins.github import GitHubStandIn, HandClock, PlannedJob, World, serve_in_thread
from chatops.standins.github.actions import Run
from tests.gateways.places import MEMBER
from tests.needs import REPOSITORY
from tests.scenarios.process import free_port

CONFIGURATION = """\
communities:
  acme:
    title: Acme
    repositories: [acme/rocket, acme/elsewhere]
    nightly:
    - {name: Nightly, file: nightly.yaml}
    - {name: Far away, file: far.yaml, repository: acme/elsewhere}
    gate: {workflow: Gatekeeper, checks: {source: gatekeeper-file, path: gate.yaml}}
"""
FLAKY = PlannedJob("test (solid)", outcomes=("failure", "success"))
PATIENCE = 30.0


def nights(*, count: int = 3, clock: HandClock | None = None) -> tuple[World, list[Run]]:
    """Make a world with some nights in two repositories, one of them run again."""
    world = World(
        clock=clock or HandClock(datetime.now(UTC).replace(microsecond=0) - timedelta(days=count))
    )
    runs = []
    for name, workflow in (("acme/rocket", "Nightly"), ("acme/elsewhere", "Far away")):
        repository = world.repo(name)
        repository.user(MEMBER, permission="write")
        file = "nightly.yaml" if workflow == "Nightly" else "far.yaml"
        repository.workflow(workflow, path=f".github/workflows/{file}")
    world.repo("acme/rocket").write_file("gate.yaml", "required_tests:\n- Nightly / build\n")
    for _ in range(count):
        for name, workflow in (("acme/rocket", "Nightly"), ("acme/elsewhere", "Far away")):
            jobs = [PlannedJob("build"), FLAKY]
            runs.append(world.repo(name).run(workflow=workflow, event="schedule", jobs=jobs))
        _let_pass(world, 86_400)
    world.ci.rerun_failed(runs[-2], actor=MEMBER)
    _let_pass(world, 600)
    return world, runs


def _let_pass(world: World, seconds: float) -> None:
    assert isinstance(world.clock, HandClock)
    world.clock.advance(seconds)
    world.tick()


def environment(url: str, world: World, folder: Path, database_url: str = "") -> dict[str, str]:
    """Return all that has to be set."""
    (folder / "chatops.yaml").write_text(CONFIGURATION)
    return {
        "CHATOPS_CONFIG": str(folder / "chatops.yaml"),
        "CHATOPS_DATABASE_URL": database_url or f"sqlite:///{folder / 'chatops.db'}",
        "CHATOPS_GITHUB_API_URL": url,
        "CHATOPS_GITHUB_TOKEN": world.token(MEMBER),
    }


def service(url: str, world: World, folder: Path, database_url: str) -> Service:
    """Return the product, as it would start with this."""
    settings = read_settings(environment(url, world, folder, database_url))
    return Service(settings, read_configuration(settings.config))


def in_silence(_text: str) -> None:
    """Say nothing."""


def fetched_jobs(hub: GitHubStandIn) -> list[str]:
    """Return the lists of jobs that were asked for."""
    return [call.path for call in hub.requests if call.path.endswith("/jobs")]


@pytest.mark.anyio
async def test_backfill_fetches_each_repository_once_and_a_second_time_nothing(
    database_url: str, tmp_path: Path
) -> None:
    world, runs = nights()
    said: list[str] = []
    async with GitHubStandIn(world) as hub:
        first = await backfill_all(
            service(hub.url, world, tmp_path, database_url),
            since=timedelta(days=30), runs=None, pulls=True, say=said.append,
        )  # fmt: skip
        asked = fetched_jobs(hub)
        second = await backfill_all(
            service(hub.url, world, tmp_path, database_url),
            since=timedelta(days=30), runs=None, pulls=True, say=in_silence,
        )  # fmt: skip

        assert (first["runs"], first["attempts"], first["jobs"], first["refused"]) == (6, 7, 14, 0)
        assert (second["runs"], second["skipped"], second["recorded"]) == (0, 6, 0)
        assert len(asked) == 6
        assert fetched_jobs(hub) == asked
        assert any(text.startswith("acme/elsewhere: Far away #3: 2 jobs.") for text in said)

    again = service(hub.url, world, tmp_path, database_url)
    # The policies run along, and settle what nights they have time for.
    recorded = [fact for fact in again.log.all() if not isinstance(fact.event, NightSettled)]
    known = Fetched(again.database)
    assert all(known.known(Repo(run.repository), RunId(run.id), 1) for run in runs)
    # Seven ends of attempts, fourteen of jobs, and the list of required checks.
    assert len(recorded) == 7 + 14 + 1
    again.database.close()


@pytest.mark.anyio
async def test_a_backfill_that_was_stopped_goes_on_where_it_was(
    database_url: str, tmp_path: Path
) -> None:
    world, _ = nights()
    async with GitHubStandIn(world) as hub:
        hub.fail("delay", path="/jobs$", times=100, seconds=0.05)
        stopped = asyncio.create_task(
            backfill_all(
                service(hub.url, world, tmp_path, database_url),
                since=timedelta(days=30), runs=None, pulls=True, say=in_silence,
            )
        )  # fmt: skip
        done = await _until_fetched(hub, 3)
        stopped.cancel()
        with suppress(asyncio.CancelledError):
            await stopped
        hub.gate.faults.clear()

        summary = await backfill_all(
            service(hub.url, world, tmp_path, database_url),
            since=timedelta(days=30), runs=None, pulls=True, say=in_silence,
        )  # fmt: skip

        assert summary["runs"] + summary["skipped"] == 6
        assert summary["skipped"] >= done - 1
        assert len(fetched_jobs(hub)) <= 6 + 1


async def _until_fetched(hub: GitHubStandIn, count: int) -> int:
    async with asyncio.timeout(PATIENCE):
        while len(fetched_jobs(hub)) < count:  # noqa: ASYNC110 - another program decides when
            await asyncio.sleep(0.005)
    return count


@pytest.mark.anyio
async def test_watch_looks_at_every_repository_and_after_a_restart_fetches_nothing_known(
    database_url: str, tmp_path: Path
) -> None:
    world, _ = nights()
    async with GitHubStandIn(world) as hub:
        for _ in range(2):
            watching = service(hub.url, world, tmp_path, database_url)
            await watching.start(run_crew=False)
            try:
                await watch_all(watching, every=timedelta(milliseconds=10), rounds=3)
            finally:
                await watching.stop()

        assert len(fetched_jobs(hub)) == 6
        lists = [call for call in hub.requests if call.path.endswith("/runs")]
        # Two lists for each of two repositories, with a price once for each process.
        assert len([call for call in lists if call.status == 200]) == 2 * 2 * 2
        assert len(lists) == 2 * 2 * 2 * 3


@pytest.mark.anyio
@pytest.mark.parametrize("live", [None, timedelta(milliseconds=1)])
async def test_jobs_of_a_run_under_way_are_fetched_where_that_is_wanted(
    tmp_path: Path, live: timedelta | None
) -> None:
    world, _ = nights(count=1)
    jobs = [PlannedJob("build"), PlannedJob("slow", seconds=86_400)]
    running = world.repo("acme/rocket").run(workflow="Nightly", event="schedule", jobs=jobs)
    _let_pass(world, 600)
    async with GitHubStandIn(world) as hub:
        made = service(hub.url, world, tmp_path, "")
        await made.start(run_crew=False)
        try:
            await watch_all(made, every=timedelta(milliseconds=10), rounds=4, live=live)
            ended = {
                one.event.name
                for one in made.log.all()
                if isinstance(one.event, JobCompleted) and one.event.run_id == running.id
            }
        finally:
            await made.stop()

    assert ended == ({"build"} if live else set())


@pytest.mark.anyio
async def test_backfill_goes_back_as_far_as_it_is_told_to(tmp_path: Path) -> None:
    world, _ = nights(count=5)
    counts = []
    async with GitHubStandIn(world) as hub:
        for number, (days, runs) in enumerate([(2.5, None), (30, 1), (30, None)]):
            made = service(hub.url, world, tmp_path, f"sqlite:///{tmp_path / f'{number}.db'}")
            summary = await backfill_all(
                made, since=timedelta(days=days), runs=runs, pulls=False, say=in_silence
            )
            counts.append(summary["runs"])

    assert counts == [2 * 2, 2 * 1, 2 * 5]


@pytest.mark.anyio
async def test_what_no_call_can_mend_ends_a_backfill_in_words(tmp_path: Path) -> None:
    world, _ = nights(count=1)
    async with GitHubStandIn(world) as hub:
        made = service(hub.url, world, tmp_path, f"sqlite:///{tmp_path / 'x.db'}")
        world.tokens.clear()

        with pytest.raises(Refused) as refused:
            await backfill_all(
                made, since=timedelta(days=30), runs=None, pulls=False, say=in_silence
            )

        assert refused.value.reason == "credentials"


# The real thing


@contextmanager
def watching(
    url: str, world: World, folder: Path, *options: str
) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """Run `chatops watch`; yield its address."""
    port = free_port()
    kept = {key: value for key, value in os.environ.items() if not key.startswith("CHATOPS_")}
    log = (folder / "watch.log").open("wb")
    process = subprocess.Popen(
        [sys.executable, "-m", "chatops", "watch", "--seconds", "1", *options],
        env={**kept, **environment(url, world, folder), "CHATOPS_PORT": str(port)},
        cwd=REPOSITORY,
        stdout=log,
        stderr=log,
    )
    try:
        yield f"http://127.0.0.1:{port}", process
    finally:
        process.kill()
        process.wait()
        log.close()


def get(url: str, path: str, *, until: str = "") -> httpx.Response:
    """Ask until there is an answer, and until it says something."""
    deadline = time.monotonic() + PATIENCE
    while True:
        with suppress(httpx.TransportError):
            found = httpx.get(f"{url}{path}", trust_env=False, follow_redirects=True)
            if until in found.text:
                return found
        assert time.monotonic() < deadline, f"{path} never said {until!r}"
        time.sleep(0.05)


def test_watch_with_just_a_token_serves_the_nightly_page_and_keeps_it_current(
    tmp_path: Path,
) -> None:
    world, _ = nights()
    with serve_in_thread(world) as hub, watching(hub.url, world, tmp_path) as (url, process):
        page = get(url, "/nightly", until="test (solid)")
        assert page.status_code == 200
        assert "build" in page.text
        assert get(url, "/readyz").status_code == 200

        jobs = [PlannedJob("a new test")]
        world.repo("acme/rocket").run(workflow="Nightly", event="schedule", jobs=jobs)
        _let_pass(world, 600)
        assert "a new test" in get(url, "/nightly", until="a new test").text

        hook = httpx.post(f"{url}/github/webhooks", json={"zen": "Hello"}, trust_env=False)
        assert hook.status_code == 401

        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=PATIENCE) == 0
        log = (tmp_path / "watch.log").read_text()
        assert world.token(MEMBER) not in log
        assert "Traceback" not in log


def test_watch_may_end_by_itself_after_some_rounds(tmp_path: Path) -> None:
    world, _ = nights(count=1)
    with (
        serve_in_thread(world) as hub,
        watching(hub.url, world, tmp_path, "--rounds", "2") as (_, process),
    ):
        assert process.wait(timeout=PATIENCE) == 0
        assert len(fetched_jobs(hub)) == 2


def test_backfill_on_the_command_line_tells_what_it_did(tmp_path: Path) -> None:
    world, _ = nights()
    kept = {key: value for key, value in os.environ.items() if not key.startswith("CHATOPS_")}
    with serve_in_thread(world) as hub:
        told = subprocess.run(
            [sys.executable, "-m", "chatops", "backfill", "--json", "--days", "30"],
            env={**kept, **environment(hub.url, world, tmp_path)},
            cwd=REPOSITORY,
            capture_output=True,
            check=True,
            timeout=PATIENCE,
        )

    assert json.loads(told.stdout)["runs"] == 6
