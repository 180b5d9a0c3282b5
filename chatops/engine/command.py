"""What a command is: a request's arguments, who may ask, what it decides, and how its story is told."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import ClassVar, Self, TypeVar

from msgspec import Struct, field
from sqlalchemy import Connection

from chatops.config import Community
from chatops.engine.answer import Action, Answer
from chatops.engine.authority import Grant, Role, Standing
from chatops.engine.log import Log
from chatops.errors import Refused
from chatops.events import Event
from chatops.events.conversation import CommandAccepted, CommandReceived
from chatops.names import CommandId, Login
from chatops.ports import IssueState

Kind = TypeVar("Kind", bound=Event)

UNDONE_WITHIN = timedelta(minutes=10)
"""For how long what was asked for can be taken back."""

CHANGED_NOTHING = "It changed nothing."
"""Why what only answers cannot be taken back."""


SOMEBODY = "somebody in Slack"
"""What a member of Slack is called who gave no name."""


def untold(command: CommandId) -> "Story":
    """Return an empty story, where no log can be asked."""
    del command
    return Story(())


class Knowledge(Struct, frozen=True, kw_only=True):
    """What a command, a policy or a reply may look at: one snapshot of the read models, and the configuration.

    `link_address` tells where the one who said a command proves who they are on GitHub, if that is set up.
    `log` is for questions about single events, read from the same snapshot.
    """

    db: Connection
    community: Community
    now: datetime
    base_url: str = ""
    github_url: str = "https://github.com"
    link_address: Callable[[CommandId], str] | None = None
    commands: Mapping[str, type["Command"]] = field(default_factory=dict)
    log: Log | None = None
    story: Callable[[CommandId], "Story"] = untold
    """Tells what happened so far because of a command."""

    def offers(self, *actions: Action) -> tuple[Action, ...]:
        """Return those of some actions that can be said here."""
        return tuple(action for action in actions if action.verb in self.commands)


class Asked(Struct, frozen=True, kw_only=True):
    """A request on its way to a decision."""

    received: CommandReceived
    standing: Standing
    grant: Grant

    @property
    def by(self) -> Login:
        """Who asks, by the name by which GitHub knows them; somebody in Slack has another one there."""
        return self.standing.login or Login(self.received.by)

    @property
    def issue(self) -> IssueState:
        """What GitHub says of the issue or pull request it was said on; for commands that look at it."""
        if self.standing.issue is None:
            raise Refused(
                "This is about an issue or pull request: say it there, or name its number.",
                reason="no_place",
            )
        return self.standing.issue


class Story(Struct, frozen=True):
    """The events of one command, in order: what was asked, decided, done, and how it ended."""

    events: tuple[Event, ...]

    def all(self, kind: type[Kind]) -> list[Kind]:
        """Return the events of a kind."""
        return [event for event in self.events if isinstance(event, kind)]

    def first(self, kind: type[Kind]) -> Kind | None:
        """Return the first event of a kind."""
        return next((event for event in self.events if isinstance(event, kind)), None)

    @property
    def asker(self) -> str:
        """Who asked: the GitHub login it was decided for, else what their surface calls them, but by no id."""
        accepted, received = self.first(CommandAccepted), self.first(CommandReceived)
        login = accepted.login if accepted is not None else ""
        if login or received is None:
            return login
        return received.by_name or (SOMEBODY if received.surface == "slack" else received.by)


class Command(ABC):
    """Something people can ask for: a frozen dataclass of its arguments.

    `name` is the verb, `usage` what follows it, `help` one sentence, `role` who may, `looks_at_head` whether the newest
    state of the pull request is fetched before deciding, `looks_at_all` whether with every job and the changed files,
    `looks_at_pull` whether without its CI, `looks_at_owners` whether with its files and with who owns them,
    `looks_at_statuses` whether with its commit statuses, `needs_pull` whether it makes no sense without a pull request,
    `looks_at_person` whether GitHub is asked who it is although anyone may, `on_issues` whether it can be said on an
    issue, too, `looks_at_issue` whether `Asked.issue` is there: what GitHub says of it right now,
    `looks_at_reviewers` whether with whose review it waits for.
    `for_strangers` says that it tells nothing of the community: those may say it, too, who may see nothing of it.
    `costs` says what is asked once more where a button says it, for what spends runner hours or ends something.
    `irreversible` says why it cannot be taken back and what to do instead; where it can, `taken_back` does.
    """

    name: ClassVar[str]
    usage: ClassVar[str] = ""
    help: ClassVar[str]
    role: ClassVar[Role]
    example: ClassVar[str]
    looks_at_head: ClassVar[bool] = False
    looks_at_all: ClassVar[bool] = False
    looks_at_person: ClassVar[bool] = False
    for_strangers: ClassVar[bool] = False
    needs_pull: ClassVar[bool] = False
    on_issues: ClassVar[bool] = False
    looks_at_issue: ClassVar[bool] = False
    looks_at_reviewers: ClassVar[bool] = False
    looks_at_statuses: ClassVar[bool] = False
    looks_at_pull: ClassVar[bool] = False
    looks_at_owners: ClassVar[bool] = False
    costs: ClassVar[str] = ""
    irreversible: ClassVar[str] = ""

    @classmethod
    def verbs(cls, community: Community) -> Mapping[str, tuple[str, ...]]:
        """Return the words it is called by here, each with the words it puts before those that are said."""
        del community
        return {cls.name: ()}

    @classmethod
    def target(cls, received: CommandReceived, community: Community) -> CommandReceived:
        """Return the request with the pull request it is about, where its words name one."""
        del community
        return received

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
    def names(cls, community: Community) -> Sequence[str]:
        """Return the people and teams of the configuration that decide about it, beside everybody's role."""
        del community
        return ()

    @classmethod
    def authors(cls, community: Community) -> Sequence[str]:
        """Return the people and teams of the configuration for whose pull requests it means something else."""
        del community
        return ()

    @classmethod
    def taken_back(cls, story: Story, asked: Asked, knowledge: Knowledge) -> Sequence[Event]:
        """Return what undoes an accepted one, or refuse with what has changed since.

        `story` is what happened because of it; `asked` is the request to undo it, whose command the events name.
        """
        del story, asked, knowledge
        raise Refused(cls.irreversible or "This cannot be taken back.", reason="irreversible")

    @classmethod
    @abstractmethod
    def tell(cls, story: Story, knowledge: Knowledge) -> Answer:
        """Return the one message about an accepted command, as of now."""
