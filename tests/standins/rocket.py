"""A small repository that the tests of the pretend GitHub have in common."""

import httpx
import jwt

from chatops.standins.github import (
    ChangedFile,
    GitHubStandIn,
    HandClock,
    PlannedJob,
    Repository,
    World,
)
from chatops.standins.github.things import App

NAME = "acme/rocket"
PATH = f"/repos/{NAME}"
BUILD = PlannedJob("build", seconds=60)
FLAKY = PlannedJob("engine / test (solid)", outcomes=("failure", "success"), seconds=120)
DEPENDANT = PlannedJob(
    "engine / launch (pad-a)", needs=("engine / test (solid)",), skipped_as="engine / launch"
)
REQUIRED = ("CI / build", "CI / engine / test (solid)")


def rocket(clock: HandClock | None = None) -> tuple[World, Repository, HandClock]:
    """Build the repository with its people and workflows, and no pull request yet."""
    clock = clock or HandClock()
    world = World(clock=clock)
    repository = world.repo(NAME, description="Goes up")
    repository.user("mona", permission="write")
    repository.user("hubot", permission="read")
    repository.user("tritri", permission="triage")
    repository.workflow(
        "CI",
        triggers={"opened", "synchronize", "labeled"},
        gate_label="ok-to-test",
        jobs=[BUILD, FLAKY, DEPENDANT],
    )
    return world, repository, clock


def open_pull(repository: Repository, *, fork: bool = True, number: int = 7) -> None:
    """Open a pull request that is allowed to be tested."""
    repository.pull(
        number=number,
        author="hubot",
        title="Add fins",
        fork=fork,
        labels=["ok-to-test"],
        files=[ChangedFile(path="src/fins.py", additions=3), "README.md"],
    )


def let_pass(world: World, clock: HandClock, seconds: float = 600) -> None:
    """Let time pass and the pretend CI with it."""
    clock.advance(seconds)
    world.tick()


def client(hub: GitHubStandIn, login: str = "mona", *, at: str | None = None) -> httpx.AsyncClient:
    """Speak to the REST API as somebody."""
    headers = {"Authorization": f"Bearer {hub.world.token(login)}"}
    return httpx.AsyncClient(base_url=at or hub.url, headers=headers, trust_env=False)


def app_jwt(app: App, world: World, *, key: str | None = None, lasts: int = 540) -> str:
    """Sign what an App signs to speak for itself."""
    now = int(world.now().timestamp())
    claims = {"iat": now - 30, "exp": now + lasts, "iss": str(app.id)}
    return jwt.encode(claims, key or app.private_key_pem, algorithm="RS256")
