"""A small world of facts for tests of what decides: events in, read models and knowledge out."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

import chatops.events
import chatops.projections
from chatops.config import Community, Configuration, Gate, NightlyWorkflow, Operators
from chatops.engine.catalogue import catalogue
from chatops.engine.codec import Codec
from chatops.engine.command import Knowledge, Story
from chatops.engine.database import METADATA, Database, open_database
from chatops.engine.log import Batch, Log
from chatops.engine.policy import Policy
from chatops.engine.policy import Scene as PolicyScene
from chatops.engine.projection import Projection, Projector
from chatops.engine.round import Outlook, Round
from chatops.engine.work import Open
from chatops.events import Event, Fact, Recorded
from chatops.events.conversation import CommandReceived
from chatops.events.pulls import PullChanged
from chatops.events.runs import JobCompleted, RunCompleted, RunStarted
from chatops.names import CommandId, JobId, Login, PullNumber, Repo, RunId, Sha
from chatops.ports import Clock, IssueState

NOW = datetime(2026, 1, 15, 12, 0, tzinfo=UTC)
REPO = Repo("acme/rocket")
HEAD = Sha("c0ffee0000" * 4)
PULL = PullNumber(7)
COMMAND = CommandId("command/github/comment/1/0/0")
COMMUNITY = Community(
    key="acme",
    title="Acme",
    slash_command="/acme",
    repositories=(REPO,),
    nightly=(NightlyWorkflow(name="Nightly", file="nightly.yaml"),),
    gate=Gate(workflow="Gatekeeper"),
)


class StandingClock:
    """A clock that stands still."""

    def now(self) -> datetime:
        return NOW

    def monotonic(self) -> float:
        return 0.0


class TickingClock:
    """A clock that is a second later each time it is asked."""

    def __init__(self) -> None:
        self._seconds = count()

    def now(self) -> datetime:
        return NOW + timedelta(seconds=next(self._seconds))

    def monotonic(self) -> float:
        return float(next(self._seconds))


class Scene:
    """A log and its read models, in a file of the test's own."""

    def __init__(self, log: Log, projector: Projector) -> None:
        self.log = log
        self._projector = projector

    def add(self, events: Iterable[Event], *, correlation_id: str = "delivery/1") -> list[Recorded]:
        """Record events, bring the read models up to date, return what was recorded."""
        facts = [
            Fact(event=event, source="github", correlation_id=correlation_id) for event in events
        ]
        return self.record(facts)

    def record(self, facts: Sequence[Fact]) -> list[Recorded]:
        """Record facts as they are, bring the read models up to date, return what was recorded."""
        before = self.log.head()
        self.log.append([Batch(facts=facts)])
        self._projector.catch_up()
        return self.log.read(before)

    @contextmanager
    def knowledge(self, community: Community = COMMUNITY) -> Iterator[Knowledge]:
        """Look at the read models."""
        with self.log.database.read() as db:
            yield Knowledge(
                db=db, community=community, now=NOW, base_url="https://ci.example", log=self.log
            )

    def find(
        self,
        made: Round,
        community: Community = COMMUNITY,
        *,
        backlog: Sequence[Open] = (),
        has_slack: bool = True,
    ) -> list[Fact]:
        """Make a round; return what it finds."""
        with self.knowledge(community) as knowledge:
            outlook = Outlook(
                db=knowledge.db,
                now=knowledge.now,
                communities=[knowledge],
                operators=Operators(),
                story=lambda command: self.log.story(command, knowledge.db),
                backlog=lambda: backlog,
                has_slack=has_slack,
            )
            return list(made.find(outlook))


@cache
def empty() -> bytes:
    """Return a database with every table and no row, as a file: to make one takes longer than most tests."""
    with TemporaryDirectory() as folder:
        file = Path(folder, "empty.db")
        database = open_database(f"sqlite:///{file}")
        with database.write(durable=True) as db:
            METADATA.create_all(db)
            for projection in catalogue(chatops.projections, Projection):
                projection().metadata.create_all(db)
        database.close()
        return file.read_bytes()


def fresh_database(file: Path) -> Database:
    """Open a database with every table in it; one that is there already keeps its rows."""
    if not file.exists():
        file.write_bytes(empty())
    return open_database(f"sqlite:///{file}")


@contextmanager
def scene(
    folder: Path, events: Sequence[Event] = (), *, clock: Clock | None = None
) -> Iterator[Scene]:
    """Open a small world with some facts in it."""
    database = fresh_database(folder / "scene.db")
    projections = [projection() for projection in catalogue(chatops.projections, Projection)]
    log = Log(database, Codec(catalogue(chatops.events, Event)), clock or StandingClock())
    made = Scene(log, Projector(log, projections))
    made.add(events)
    try:
        yield made
    finally:
        database.close()


def story(*events: Event) -> Story:
    """Return the story of a command."""
    return Story(events)


def received(**changes: object) -> CommandReceived:
    """Return a member's `/retest` on the pull request."""
    asked = {
        "command": COMMAND, "community": "acme", "surface": "github", "verb": "retest", "by": "mona",
        "repo": REPO, "number": PULL, "comment_id": 1, "association": "MEMBER", "said_at": NOW,
    }  # fmt: skip
    return CommandReceived(**{**asked, **changes})  # type: ignore[arg-type]  # of whatever kind each field is


def pull(**changes: object) -> PullChanged:
    """Return an open pull request by a newcomer."""
    described = {
        "repo": REPO, "number": PULL, "sha": HEAD, "base": "main", "author": Login("hubot"),
        "title": "Add fins", "state": "open", "labels": ("ok-to-test",), "updated_at": NOW,
        "fingerprint": "f",
    }  # fmt: skip
    return PullChanged(**{**described, **changes})  # type: ignore[arg-type]  # as above


def issue(**changes: object) -> IssueState:
    """Return what GitHub says of the pull request, or with `is_pull=False` of an issue by the same newcomer."""
    described = {
        "number": PULL, "is_pull": True, "author": Login("hubot"), "title": "Add fins", "state": "open",
    }  # fmt: skip
    return IssueState(**{**described, **changes})  # type: ignore[arg-type]  # as above


def ended(
    run_id: int, workflow: str = "CI", conclusion: str = "failure", **changes: object
) -> RunCompleted:
    """Return a run of the head commit that has ended."""
    described = {
        "repo": REPO, "run_id": RunId(run_id), "attempt": 1, "workflow": workflow,
        "path": f".github/workflows/{workflow.lower()}.yaml", "sha": HEAD, "conclusion": conclusion,
        "created_at": NOW - timedelta(hours=2), "completed_at": NOW - timedelta(hours=1),
    }  # fmt: skip
    return RunCompleted(**{**described, **changes})  # type: ignore[arg-type]  # as above


def under_way(run_id: int, workflow: str = "CI", **changes: object) -> RunStarted:
    """Return a run of the head commit that has not ended."""
    described = {
        "repo": REPO, "run_id": RunId(run_id), "attempt": 1, "workflow": workflow,
        "path": f".github/workflows/{workflow.lower()}.yaml", "sha": HEAD,
        "created_at": NOW - timedelta(hours=2),
    }  # fmt: skip
    return RunStarted(**{**described, **changes})  # type: ignore[arg-type]  # as above


def job(
    job_id: int, run_id: int, name: str = "test", conclusion: str = "failure", **changes: object
) -> JobCompleted:
    """Return a job that has ended."""
    described = {
        "repo": REPO, "run_id": RunId(run_id), "attempt": 1, "job_id": JobId(job_id), "name": name,
        "sha": HEAD, "conclusion": conclusion, "created_at": NOW - timedelta(hours=2),
        "started_at": NOW - timedelta(hours=2), "completed_at": NOW - timedelta(hours=1),
    }  # fmt: skip
    return JobCompleted(**{**described, **changes})  # type: ignore[arg-type]  # as above


def decided(
    world: Scene, policy: Policy, fact: Recorded, community: Community = COMMUNITY
) -> list[Event]:
    """Let a policy look at a fact; return what it asks for."""
    configuration = Configuration(communities={"acme": community})
    with world.knowledge(community) as knowledge:
        looked = PolicyScene(world.log, knowledge.db, configuration, lambda _db, _key: knowledge)
        concerned = policy.concerned([fact], looked)
        return [wanted.event for one in concerned for wanted in policy.decide(one, looked)]
