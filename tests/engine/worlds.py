"""A log in which commands are asked for, decided and answered, with neighbours that keep what they were told."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta

from sqlalchemy import Connection

import chatops.commands
import chatops.effects
from chatops.config import Community, Configuration
from chatops.engine.answer import Answer, as_text
from chatops.engine.authority import Standing
from chatops.engine.bus import Bus
from chatops.engine.catalogue import catalogue
from chatops.engine.command import Command, Knowledge, Story
from chatops.engine.effect import Effect, describer
from chatops.engine.log import Appended, Batch, Log
from chatops.engine.projection import Projector
from chatops.engine.reply import Replier, Surface
from chatops.engine.work import Item
from chatops.errors import ChatopsError
from chatops.events import Event, Fact, Recorded
from chatops.events.conversation import CommandReceived
from chatops.names import CommandId, Login
from chatops.ports import IssueState, Permission
from tests.engine.logs import PROJECTIONS, opened
from tests.scene import COMMUNITY, NOW, PULL, received

COMMANDS: Mapping[str, type[Command]] = {
    command.name: command for command in catalogue(chatops.commands, Command)
}
CONFIGURATION = Configuration(communities={"acme": COMMUNITY})
A_WHILE = timedelta(minutes=2)


@dataclass
class Wall:
    """A place where replies hang: one can be found again, changed, and refused."""

    notes: dict[str, str] = field(default_factory=dict)
    writes: int = 0
    problem: ChatopsError | None = None

    def render(self, answer: Answer, received: CommandReceived) -> str:
        return as_text(answer)

    async def find(self, received: CommandReceived, *, again: bool) -> str | None:
        return received.command if received.command in self.notes else None

    async def post(self, received: CommandReceived, rendered: str) -> str:
        await self.edit(received, received.command, rendered)
        return received.command

    async def edit(self, received: CommandReceived, message: str, rendered: str) -> None:
        if self.problem is not None:
            raise self.problem
        self.writes += 1
        self.notes[message] = rendered

    @property
    def note(self) -> str:
        """Return the one reply."""
        [text] = self.notes.values()
        return text


class Town:
    """Commands in a log, the bus that decides them, and the replier that answers."""

    def __init__(self, log: Log) -> None:
        self.log = log
        self.wall = Wall()
        self.problem: Exception | None = None
        self.issue = IssueState(
            number=PULL, is_pull=True, author=Login("hubot"), title="Add fins", state="open"
        )
        self.configuration = CONFIGURATION
        self._projector = Projector(log, [kind() for kind in PROJECTIONS])

    @property
    def surfaces(self) -> Mapping[str, Surface]:
        return {"github": self.wall}

    @property
    def bus(self) -> Bus:
        """Return a bus that is told who everybody is: a maintainer, or what stands in the way of knowing."""

        async def look(received: CommandReceived) -> Standing:
            if self.problem is not None:
                raise self.problem
            return Standing(login=Login(received.by), permission=Permission.WRITE)

        async def refresh(received: CommandReceived) -> int:
            if self.problem is not None:
                raise self.problem
            return self.log.head()

        async def issue(received: CommandReceived) -> IssueState:
            if self.problem is not None:
                raise self.problem
            return self.issue

        async def caught_up(position: int) -> None:
            self._projector.catch_up()

        return Bus(
            self.log,
            COMMANDS,
            self.configuration,
            append=self.append,
            look=look,
            refresh=refresh,
            issue=issue,
            knowledge=self.knowledge,
            caught_up=caught_up,
            bring_up=caught_up,
            describe=describer(effect() for effect in catalogue(chatops.effects, Effect)),
            take_turn=_at_once,
        )

    @property
    def replier(self) -> Replier:
        return Replier(
            self.log,
            COMMANDS,
            self.configuration,
            self.surfaces,
            append=self.append,
            knowledge=self.knowledge,
        )

    def catch_up(self) -> None:
        """Bring the read models up to date."""
        self._projector.catch_up()

    async def append(self, batch: Batch) -> Appended:
        [appended] = self.log.append([batch])
        return appended

    def knowledge(self, db: Connection, community: Community) -> Knowledge:
        return Knowledge(
            db=db,
            community=community,
            now=NOW,
            commands=COMMANDS,
            story=lambda command: Story(tuple(one.event for one in self.log.story(command, db))),
        )

    def ask(self, verb: str, *words: str, **changes: object) -> Item:
        """Ask for something; return the work of deciding it."""
        number = self.log.head()
        command = CommandId(f"command/github/comment/{number}/0/0")
        asked = received(command=command, verb=verb, words=words, **changes)
        self.add([asked], command)
        return Item("decide", str(self.log.head()), self.log.head(), 0)

    def add(self, events: Sequence[Event], command: str) -> None:
        """Record events of a command's story."""
        facts = [Fact(event=one, source="chatops", correlation_id=command) for one in events]
        self.log.append([Batch(facts=facts)])

    def story(self) -> list[Recorded]:
        """Return everything there is."""
        return list(self.log.all())

    def kinds(self) -> list[str]:
        """Return the kinds of everything there is, in order."""
        return [recorded.event.kind for recorded in self.story()]


def _at_once(fact: Recorded) -> int:
    del fact
    return 0


@contextmanager
def town(database_url: str) -> Iterator[Town]:
    """Found a town."""
    with opened(database_url) as log:
        yield Town(log)
