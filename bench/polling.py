"""What a night of 240 jobs costs in calls to GitHub, counted at the stand-in: by webhook, and by polling.

The night is played by hand: time at the stand-in goes on by two minutes, its CI does what is due, and the product
hears of it, or looks. Calls before the night begins are not counted. Nor are answers that nothing has changed, which
GitHub does not count either.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bench.deliveries import REPO, SECRET, WORKFLOW
from bench.product import caught_up, opened, product, settings_of
from bench.rows import Row, at_most, beside_limit
from bench.scene import SQLITE, Scene
from chatops.app import Service
from chatops.config import read_configuration
from chatops.events.runs import JobCompleted
from chatops.running.fetching import watch_all
from chatops.settings import read_settings
from chatops.standins.github import (
    GitHubStandIn,
    HandClock,
    PlannedJob,
    World,
    serve_in_thread,
)

JOBS = 240
STEP = timedelta(minutes=2)
LOOKS_BEFORE, LOOKS = 5, 75
"""Looks before the night begins, which make known what was there; and from then on, the last ones after its end."""
LOOK_SECONDS = 0.1
"""How long two minutes last here."""
ARRIVE_SECONDS = 60
UNCHANGED = 304
BY_WEBHOOK, BY_POLLING = at_most(0, "calls"), at_most(6, "calls")


def polling(scene: Scene) -> Iterator[Row]:
    """Yield the rows of the calls that a night costs."""
    what = f"GitHub calls, a night of {JOBS} jobs, webhooks arriving"
    yield beside_limit(what, _by_webhook(scene), BY_WEBHOOK)
    answers = asyncio.run(_by_polling(scene))
    unchanged = answers.pop(UNCHANGED, 0)
    what = f"GitHub calls, a night of {JOBS} jobs, polling (and {unchanged} × 304)"
    yield beside_limit(what, answers.total(), BY_POLLING)


class _Answers:
    """Counts the statuses that the stand-in sends."""

    def __init__(self, app: ASGIApp, counted: Counter[int]) -> None:
        self._app = app
        self._counted = counted

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def count(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._counted[message["status"]] += 1
            await send(message)

        await self._app(scope, receive, count)


def _by_webhook(scene: Scene) -> int:
    stage, address = _Stage(), scene.database(SQLITE, "webhooks")
    assert address is not None
    with (
        serve_in_thread(stage.world, secret=SECRET) as hub,
        product(scene.folder, address, stage.settings(hub)) as served,
    ):
        hub.webhooks.url = f"http://127.0.0.1:{served.port}/github/webhooks"
        before = len(hub.requests)
        stage.begin_night()
        while not stage.is_over:
            stage.go_on()
        deadline = time.monotonic() + ARRIVE_SECONDS
        while not all(delivery.has_arrived for delivery in list(hub.webhooks.deliveries)):
            assert time.monotonic() < deadline, "some deliveries did not arrive"
            time.sleep(LOOK_SECONDS)
        caught_up(served.port)
        calls = len(hub.requests) - before
    _check(scene, address)
    return calls


async def _by_polling(scene: Scene) -> Counter[int]:
    stage, address = _Stage(), scene.database(SQLITE, "polling")
    assert address is not None
    answers = Counter[int]()
    hub = GitHubStandIn(stage.world)
    hub.app = _Answers(hub.app, answers)
    async with hub:
        settings = read_settings(settings_of(scene.folder, address, **stage.settings(hub)))
        service = Service(settings, read_configuration(settings.config))
        await service.start(run_crew=False)
        try:
            rounds = LOOKS_BEFORE + LOOKS
            every = timedelta(seconds=LOOK_SECONDS)
            watching = asyncio.create_task(watch_all(service, every=every, rounds=rounds))
            await asyncio.sleep(LOOKS_BEFORE * LOOK_SECONDS)
            answers.clear()
            stage.begin_night()
            while not watching.done():
                await asyncio.sleep(LOOK_SECONDS)
                stage.go_on()
            await watching
        finally:
            await service.stop()
    assert stage.is_over, "the night was longer than the looks at it"
    _check(scene, address)
    return answers


class _Stage:
    """A repository at the stand-in with one nightly workflow, and its time."""

    def __init__(self) -> None:
        self._clock = HandClock(datetime.now(UTC).replace(microsecond=0))
        self.world = World(clock=self._clock)
        self._repository = self.world.repo(REPO)
        self._repository.workflow(
            WORKFLOW,
            path=".github/workflows/nightly.yaml",
            event="schedule",
            jobs=[
                PlannedJob(f"run-tests / test ({number:03d})", seconds=600.0 + 25 * number)
                for number in range(JOBS)
            ],
        )

    @property
    def is_over(self) -> bool:
        """Whether every run has ended."""
        return not self.world.ci.active

    def settings(self, hub: GitHubStandIn) -> Mapping[str, str]:
        """Return what the product needs to call the stand-in."""
        token = self.world.token("watcher")
        return {"CHATOPS_GITHUB_API_URL": hub.url, "CHATOPS_GITHUB_TOKEN": token}

    def begin_night(self) -> None:
        """Start the workflow, as its schedule does."""
        self._repository.start_nightly(WORKFLOW)

    def go_on(self) -> None:
        """Let two minutes go by."""
        self._clock.advance(STEP.total_seconds())
        self.world.tick()


def _check(scene: Scene, address: str) -> None:
    """Every job of the night must be in the log, or the calls were not worth counting."""
    service = opened(scene.folder, address)
    ended = [one for one in service.log.all() if isinstance(one.event, JobCompleted)]
    service.database.close()
    assert len(ended) == JOBS, f"{len(ended)} of {JOBS} jobs are known"
