"""What the tests of fetching share: a community, somebody who takes what is appended, and who knows what."""

import asyncio
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import TypeVar

from chatops.config import Community, Gate, GatekeeperFile, NightlyWorkflow
from chatops.engine.log import Appended, Batch
from chatops.events import Event
from chatops.events.runs import JobCompleted, RunCompleted
from chatops.gateways.github import GitHubGateway
from chatops.intake.backfill import Summary, backfill, watch
from chatops.names import Repo, RunId
from tests.gateways.places import NIGHTLY, REPO, Place

Kind = TypeVar("Kind", bound=Event)
EVERY = timedelta(minutes=2)
FILE = GatekeeperFile(path="ci/gates/gate.yaml")
COMMUNITY = Community(
    key="acme",
    title="Acme",
    repositories=(REPO,),
    nightly=(NightlyWorkflow(name="Nightly", file="nightly.yaml"),),
    gate=Gate(workflow="Gatekeeper", checks=FILE),
)


class NobodyKnows:
    """Knows nothing."""

    def known(self, repo: Repo, run_id: RunId, attempt: int) -> bool:
        return False


class Notebook:
    """A log in memory: takes each key once, and knows which attempts it has whole."""

    def __init__(self) -> None:
        self.events: dict[str, Event] = {}
        self.batches: list[Batch] = []

    async def append(self, batch: Batch) -> Appended:
        """Take what is new."""
        self.batches.append(batch)
        fresh = {fact.event.key(): fact.event for fact in batch.facts}
        new = [key for key in fresh if key not in self.events]
        self.events |= {key: fresh[key] for key in new}
        start = len(self.events) - len(new)
        return Appended(tuple(range(start + 1, start + len(new) + 1)), len(batch.facts) - len(new))

    def known(self, repo: Repo, run_id: RunId, attempt: int) -> bool:
        """Return whether an attempt was recorded with its end."""
        return f"run/{run_id}/{attempt}/completed" in self.events

    def of(self, kind: type[Kind]) -> list[Kind]:
        """Return the events of a kind, in the order in which they came."""
        return [event for event in self.events.values() if isinstance(event, kind)]

    def jobs(self) -> list[JobCompleted]:
        """Return the jobs that have ended."""
        return self.of(JobCompleted)

    def ended(self) -> list[tuple[int, int]]:
        """Return the attempts that have ended, as run and attempt."""
        return sorted((event.run_id, event.attempt) for event in self.of(RunCompleted))


class Stopped(Exception):
    """Somebody pulled the plug."""


class Sleeper:
    """Sleeps without losing time, and remembers for how long; may be told what happens meanwhile."""

    def __init__(self, *, at_most: int = 50) -> None:
        self.slept: list[float] = []
        self.said: list[str] = []
        self._at_most = at_most

    async def sleep(self, seconds: float) -> None:
        """Sleep."""
        self.slept.append(seconds)
        if len(self.slept) >= self._at_most:
            raise Stopped
        await asyncio.sleep(0)

    def progress(self, text: str, _summary: Summary) -> None:
        """Hear how far it is."""
        self.said.append(text)


async def fill(
    place: Place,
    log: Notebook,
    *,
    gateway: GitHubGateway | None = None,
    sleeper: Sleeper | None = None,
    **limits: object,
) -> Summary:
    """Fill in the past of the nightly workflow."""
    sleeper = sleeper or Sleeper()
    wanted = {"workflows": [NIGHTLY], "known": log, "progress": sleeper.progress, **limits}
    return await backfill(
        gateway or place.gateway, log.append, repo=REPO, sleep=sleeper.sleep, **wanted,  # type: ignore[arg-type]  # each of its own kind
    )  # fmt: skip


async def look(
    place: Place,
    log: Notebook,
    *,
    rounds: int,
    happens: Mapping[int, Callable[[], object]] | None = None,
    every: timedelta = EVERY,
    sleeper: Sleeper | None = None,
    **wanted: object,
) -> Summary:
    """Watch for some rounds; between them the time passes at GitHub as well, and what happens happens after a round."""
    sleeper = sleeper or Sleeper(at_most=1_000)
    done = 0

    async def sleep(seconds: float) -> None:
        nonlocal done
        await sleeper.sleep(seconds)
        done += seconds == every.total_seconds()
        (happens or {}).get(done, _nothing)()
        place.let_pass(seconds)

    chosen = {"workflows": [NIGHTLY], "known": log, "pulls": False, **wanted}
    return await watch(
        place.gateway, log.append, repo=REPO, every=every, rounds=rounds, sleep=sleep,
        progress=sleeper.progress, **chosen,  # type: ignore[arg-type]  # each of its own kind
    )  # fmt: skip


def _nothing() -> None:
    """Let nothing happen."""
