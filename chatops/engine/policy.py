"""Policies: standing rules. Whenever this is seen, ask for that. They decide from the read models and call nobody."""

import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import ClassVar

import structlog
from sqlalchemy import Connection

from chatops.config import Configuration
from chatops.engine.bus import SOURCE
from chatops.engine.checkpoints import begin_at, checkpoint, set_checkpoint
from chatops.engine.command import Knowledge, Story
from chatops.engine.log import Batch, Log
from chatops.engine.mishaps import contained
from chatops.engine.pace import Pace
from chatops.errors import Unavailable
from chatops.events import Event, Fact, Recorded
from chatops.names import CommandId

logger = structlog.get_logger(__name__)

READER = "policies"
PAGE = 2_000
NOTED_EVERY = 1_000


class Policy(ABC):
    """A rule over facts of the kinds in `reads`."""

    name: ClassVar[str]
    reads: ClassVar[tuple[type[Event], ...]]

    def concerned(self, facts: Sequence[Recorded], scene: "Scene") -> Sequence[Recorded]:
        """Return those of many facts that may ask for something: a policy that can tell cheaply says so here."""
        return facts

    @abstractmethod
    def decide(self, fact: Recorded, scene: "Scene") -> Sequence["Wanted"]:
        """Return what shall be recorded because of this fact. The same fact must give the same keys."""


class Wanted:
    """An event a policy asks for, and the command whose story it belongs to, if it is not the fact's own."""

    __slots__ = ("correlation_id", "event")

    def __init__(self, event: Event, command: CommandId | None = None) -> None:
        self.event = event
        self.correlation_id = command


class Scene:
    """What a policy may look at: read models that are at least as new as the fact, and stories."""

    def __init__(
        self,
        log: Log,
        db: Connection,
        configuration: Configuration,
        knowledge: Callable[[Connection, str], Knowledge | None],
    ) -> None:
        self._log = log
        self.db = db
        self.configuration = configuration
        self._knowledge = knowledge

    def story(self, command: CommandId) -> Story:
        """Return the events of a command so far."""
        return Story(tuple(recorded.event for recorded in self._log.story(command, self.db)))

    def keyed(self, key: str) -> Event | None:
        """Return the event that has taken a key."""
        recorded = self._log.keyed(key, self.db)
        return None if recorded is None else recorded.event

    def knowledge(self, community: str) -> Knowledge | None:
        """Return what is known for a community."""
        return self._knowledge(self.db, community)


class PolicyRunner:
    """Reads the log behind the projections and lets every policy look at each fact. Born at the log's head."""

    def __init__(
        self,
        log: Log,
        policies: Sequence[Policy],
        configuration: Configuration,
        *,
        append: Callable[[Batch], object],
        knowledge: Callable[[Connection, str], Knowledge | None],
        projected: Callable[[], int],
    ) -> None:
        self._log = log
        self._policies = policies
        self._configuration = configuration
        self._append = append
        self._knowledge = knowledge
        self._projected = projected
        self._wake = threading.Event()
        self._ending = False
        self._pause = threading.Event()
        self._passed = 0
        self._thread: threading.Thread | None = None

    def be_born(self) -> None:
        """Begin at the log's head, if nobody has begun before."""
        with self._log.database.write(durable=True) as db:
            if checkpoint(db, READER) is None:
                begin_at(db, READER, self._log.head(db))

    def start(self, every: float = 0.25) -> None:
        """Start a thread that runs the policies whenever it is woken."""
        self._thread = threading.Thread(
            target=self._run, args=(every,), name="policies", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """End the thread."""
        self._ending = True
        self._pause.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def wake(self) -> None:
        """Say that the projections moved on."""
        self._wake.set()

    def position(self, db: Connection) -> int:
        """Return up to where every fact was looked at: noted in the database, or further on in this process."""
        return max(checkpoint(db, READER) or 0, self._passed)

    def step(self) -> int:
        """Look at one page of facts; return how many positions were passed."""
        kinds = sorted({kind.kind for policy in self._policies for kind in policy.reads})
        # Asked before the snapshot is taken, so that the read models in it are at least so far.
        projected = self._projected()
        with self._log.database.read() as db:
            noted = checkpoint(db, READER)
            after = None if noted is None else max(noted, self._passed)
            upto = min(projected, self._log.head(db))
            if after is None or after >= upto:
                return 0
            upto = min(upto, after + PAGE)
            scene = Scene(self._log, db, self._configuration, self._knowledge)
            facts = self._log.read_kinds(after, upto, kinds, db)
            looked_at = [
                (recorded, policy)
                for policy in self._policies
                for recorded in policy.concerned(_read_by(policy, facts), scene)
            ]
            looked_at.sort(key=lambda pair: pair[0].position)
            wanted = [
                fact
                for recorded, policy in looked_at
                for fact in _asked_for(recorded, policy, scene)
            ]
        if wanted:
            self._append(Batch(facts=wanted))
        self._passed = upto
        # What asked for nothing may be looked at again after a restart; it is noted now and then only.
        if wanted or upto - (noted or 0) >= NOTED_EVERY:
            with self._log.database.write(durable=False) as db:
                set_checkpoint(db, READER, upto)
        return upto - after

    def _run(self, every: float) -> None:
        pace = Pace()
        while not self._ending:
            self._wake.wait(every)
            self._pause.wait(pace.rest)
            self._wake.clear()
            pace.begin()
            try:
                with contained() as mishap:
                    while not self._ending and self.step() >= PAGE:
                        pass
                if mishap.problem is not None:
                    logger.error("a policy failed; it is tried again", exc_info=mishap.problem)
                    self._pause.wait(5)
            except Unavailable as problem:
                logger.warning("policies wait for the database", problem=str(problem))
                self._pause.wait(1)
            pace.end()


def _read_by(policy: Policy, facts: Sequence[Recorded]) -> list[Recorded]:
    return [fact for fact in facts if type(fact.event) in policy.reads]


def _asked_for(recorded: Recorded, policy: Policy, scene: Scene) -> list[Fact]:
    return [
        Fact(
            event=wanted.event,
            source=SOURCE,
            correlation_id=wanted.correlation_id or recorded.correlation_id,
            causation_id=recorded.id,
        )
        for wanted in policy.decide(recorded, scene)
    ]
