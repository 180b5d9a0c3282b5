"""What a command is: a request's arguments, who may ask, what it decides, and how its story is told."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar, Self, TypeVar

from sqlalchemy import Connection

from chatops.config import Community
from chatops.engine.answer import Answer
from chatops.engine.authority import Grant, Role, Standing
from chatops.errors import Refused
from chatops.events import Event
from chatops.events.conversation import CommandReceived

Kind = TypeVar("Kind", bound=Event)


@dataclass(frozen=True, slots=True, kw_only=True)
class Knowledge:
    """What a command, a policy or a reply may look at: one snapshot of the read models, and the configuration."""

    db: Connection
    community: Community
    now: datetime
    base_url: str = ""
    github_url: str = "https://github.com"
    commands: Mapping[str, type["Command"]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request on its way to a decision."""

    received: CommandReceived
    standing: Standing
    grant: Grant


@dataclass(frozen=True, slots=True)
class Story:
    """The events of one command, in order: what was asked, decided, done, and how it ended."""

    events: tuple[Event, ...]

    def all(self, kind: type[Kind]) -> list[Kind]:
        """Return the events of a kind."""
        return [event for event in self.events if isinstance(event, kind)]

    def first(self, kind: type[Kind]) -> Kind | None:
        """Return the first event of a kind."""
        return next((event for event in self.events if isinstance(event, kind)), None)


class Command(ABC):
    """Something people can ask for: a frozen dataclass of its arguments.

    `name` is the verb, `usage` what follows it, `help` one sentence, `role` who may, `looks_at_head` whether the newest
    state of the pull request and its CI is fetched before deciding. `looks_at_pull` is the same without the CI,
    `looks_at_owners` also with its files and with who owns them. `irreversible` says why it cannot be undone.
    """

    name: ClassVar[str]
    usage: ClassVar[str] = ""
    help: ClassVar[str]
    role: ClassVar[Role]
    example: ClassVar[str]
    looks_at_head: ClassVar[bool] = False
    looks_at_pull: ClassVar[bool] = False
    looks_at_owners: ClassVar[bool] = False
    irreversible: ClassVar[str] = ""

    @classmethod
    def verbs(cls, community: Community) -> Mapping[str, tuple[str, ...]]:
        """Return the words it is called by here, each with the words it puts before those that are said."""
        del community
        return {cls.name: ()}

    @classmethod
    @abstractmethod
    def parse(cls, words: Sequence[str]) -> Self:
        """Return the command these words ask for, or refuse them."""

    @abstractmethod
    def decide(self, asked: Asked, knowledge: Knowledge) -> Sequence[Event]:
        """Return what shall happen, or refuse. No calls."""

    @classmethod
    def looks(cls) -> bool:
        """Return whether something is fetched before it is decided."""
        return cls.looks_at_head or cls.looks_at_pull or cls.looks_at_owners

    @classmethod
    def taken_back(cls, story: Story, asked: Asked, knowledge: Knowledge) -> Sequence[Event]:
        """Return the events that undo it as things are now, or refuse with what has changed since."""
        del story, asked, knowledge
        raise Refused(cls.irreversible or "This cannot be taken back.", reason="irreversible")

    @classmethod
    @abstractmethod
    def tell(cls, story: Story, knowledge: Knowledge) -> Answer:
        """Return the one message about an accepted command, as of now."""
