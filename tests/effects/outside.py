"""The pretend GitHub for tests of single effects: real HTTP, a real gateway, a world to look at afterwards."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus

from chatops.engine.clock import SystemClock
from chatops.gateways.github import GitHubGateway
from chatops.ports import Ports
from chatops.standins.github import GitHubStandIn, HandClock, PlannedJob, Repository, World
from chatops.standins.github.actions import Run
from tests.scene import PULL, REPO


@dataclass
class Outside:
    """A repository with a pull request whose run failed, and the ports that reach it."""

    hub: GitHubStandIn
    repository: Repository
    run: Run
    clock: HandClock
    ports: Ports

    def calls(self, word: str) -> list[str]:
        """Return the paths of the changes that were made, in order."""
        return [
            call.path
            for call in self.hub.requests
            if call.method == "POST" and word in call.path and call.status < HTTPStatus.BAD_REQUEST
        ]

    def let_pass(self, seconds: float = 600) -> None:
        """Let time pass, and the pretend CI with it."""
        self.clock.advance(seconds)
        self.hub.world.tick()


@asynccontextmanager
async def outside(*jobs: PlannedJob) -> AsyncIterator[Outside]:
    """Open a pretend GitHub in which a run of a pull request has ended."""
    clock = HandClock()
    world = World(clock=clock)
    repository = world.repo(REPO)
    repository.user("mona", permission="write")
    pull = repository.pull(number=PULL, author="hubot")
    run = repository.run(workflow="CI", pull=pull, jobs=jobs or (FAILS_ONCE, PASSES))
    async with GitHubStandIn(world) as hub:
        gateway = GitHubGateway(api_url=hub.url, token=world.token("mona"), write_gap=timedelta(0))
        async with gateway:
            found = Outside(hub, repository, run, clock, Ports(clock=SystemClock(), github=gateway))
            found.let_pass()
            yield found


FAILS_ONCE = PlannedJob("test", outcomes=("failure", "success"))
PASSES = PlannedJob("build")
