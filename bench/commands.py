"""How soon somebody who comments `/retest` has GitHub running their jobs again, and the mark that says it was heard.

A pull request for each comment, with one failed job. The time runs from the comment at the stand-in until the
stand-in accepts the call: a webhook, a decision with fresh knowledge of the pull request, and the call lie between.
The pause between two writes that GitHub asks for is left out; it would be measured instead.
"""

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from http import HTTPStatus

from bench.deliveries import REPO, SECRET, WORKFLOW
from bench.load import percentile
from bench.product import caught_up, product
from bench.rows import Row, at_most, beside_limit
from bench.scene import SQLITE, Scene
from chatops.standins.github import (
    GitHubStandIn,
    HandClock,
    PlannedJob,
    World,
    serve_in_thread,
)

COMMENTS = 40
PERSON, BOT = "mona", "chatops"
ENDS_SECONDS = 3_600
LOOK_SECONDS = 0.0005
PATIENCE = 20.0
TO_CALL, TO_MARK = at_most(1_000, "ms"), at_most(500, "ms")
"""Nobody wonders within a second whether they were heard."""


def commands(scene: Scene) -> Iterator[Row]:
    """Yield the rows of the time from a comment to the call that it asks for."""
    address = scene.database(SQLITE, "commands")
    assert address is not None
    clock = HandClock(datetime.now(UTC).replace(microsecond=0))
    world = World(clock=clock)
    repository = world.repo(REPO)
    for login in (PERSON, BOT):
        repository.user(login, permission="write")
    pulls = [repository.pull(author=PERSON) for _ in range(COMMENTS)]
    for pull in pulls:
        failing = PlannedJob("build", outcomes=("failure", "success"))
        repository.run(workflow=WORKFLOW, pull=pull, event="pull_request", jobs=[failing])
    clock.advance(ENDS_SECONDS)
    world.tick()
    to_mark: list[float] = []
    to_call: list[float] = []
    with serve_in_thread(world, secret=SECRET) as hub:
        settings = {
            "CHATOPS_GITHUB_API_URL": hub.url,
            "CHATOPS_GITHUB_TOKEN": world.token(BOT),
            "CHATOPS_GITHUB_WRITE_GAP_MS": "0",
        }
        with product(scene.folder, address, settings) as served:
            hub.webhooks.url = f"http://127.0.0.1:{served.port}/github/webhooks"
            for pull in pulls:
                before = len(hub.requests)
                began = time.perf_counter()
                repository.comment(pull.number, author=PERSON, body="/retest")
                _wait(lambda: _accepted(hub, before, "/reactions"))  # noqa: B023 - waited for at once
                to_mark.append((time.perf_counter() - began) * 1_000)
                _wait(lambda: _accepted(hub, before, "/rerun"))  # noqa: B023
                to_call.append((time.perf_counter() - began) * 1_000)
            caught_up(served.port)
    for what, took, limit in (
        ("the mark that it was heard", to_mark, TO_MARK),
        ("the call that GitHub accepts", to_call, TO_CALL),
    ):
        said = (
            f"comment `/retest` to {what}, p99 of {COMMENTS} (p50 {percentile(took, 0.5):.0f} ms)"
        )
        yield beside_limit(said, percentile(took, 0.99), limit)


def _accepted(hub: GitHubStandIn, after: int, ending: str) -> bool:
    return any(
        call.method == "POST"
        and call.path.endswith(ending)
        and call.status < HTTPStatus.BAD_REQUEST
        for call in hub.requests[after:]
    )


def _wait(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "the call never came"
        time.sleep(LOOK_SECONDS)
