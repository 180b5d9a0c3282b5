"""What people said, what they asked the bot for, and how that ended."""

from datetime import datetime
from typing import ClassVar

from chatops.events import Event, in_code
from chatops.names import CommandId, Login, PullNumber, Repo


class CommentSeen(Event, frozen=True, kw_only=True):
    """Somebody wrote, edited or deleted a comment, a review or a review comment. Heard from GitHub.

    The text itself stays in the delivery; only what was asked of the bot is remembered.
    """

    kind: ClassVar[str] = "comment.seen"

    repo: Repo
    number: PullNumber
    comment_id: int
    place: str
    action: str
    author: Login
    state: str = ""
    updated_at: datetime | None = None

    def key(self) -> str:
        seconds = int(self.updated_at.timestamp()) if self.updated_at else 0
        return f"comment/{self.place}/{self.comment_id}/{self.action}/{seconds}"

    def stream(self) -> str:
        return f"pull/{self.repo}/{self.number}"

    def happened_at(self) -> datetime | None:
        return self.updated_at


class CommandReceived(Event, frozen=True, kw_only=True):
    """Somebody asked the bot for something; it is recorded before it is judged.

    `command` is the id of the whole story. `words` are what followed the verb, `said` the same as it was written.
    Where it was said: a comment of a pull request or, with `on_issue`, an issue (`repo`, `number`, `comment_id`), or a
    Slack channel (`channel`, `thread`, `response_url`).
    `by` is a GitHub login, with the number of its `account` where somebody signed in with it, or the id of a member of
    the Slack workspace `team`, whom people see there as `by_name`.
    `implied`: nobody said it in words, what a review found, or a label, stands for it.
    """

    kind: ClassVar[str] = "command.received"

    command: CommandId
    community: str
    surface: str
    verb: str
    words: tuple[str, ...] = ()
    said: str = ""
    by: str
    repo: Repo = Repo("")
    number: PullNumber = PullNumber(0)
    on_issue: bool = False
    comment_id: int = 0
    channel: str = ""
    thread: str = ""
    response_url: str = ""
    association: str = ""
    url: str = ""
    team: str = ""
    by_name: str = ""
    account: int = 0
    implied: bool = False
    said_at: datetime | None = None

    def key(self) -> str:
        return self.command

    def stream(self) -> str:
        return self.command

    def happened_at(self) -> datetime | None:
        return self.said_at


class CommandAccepted(Event, frozen=True, kw_only=True):
    """The bus accepted a request; the effects it asked for follow in the same append.

    `login` is whom it was decided for on GitHub, where that was asked.
    """

    kind: ClassVar[str] = "command.accepted"

    command: CommandId
    role: str = ""
    note: str = ""
    login: Login = Login("")

    def key(self) -> str:
        return f"{self.command}/decided"

    def stream(self) -> str:
        return self.command


class CommandRefused(Event, frozen=True, kw_only=True):
    """The bus refused a request. `text` is what the person reads, `reason` a short word for counting."""

    kind: ClassVar[str] = "command.refused"

    command: CommandId
    reason: str
    text: str

    def key(self) -> str:
        return f"{self.command}/decided"

    def stream(self) -> str:
        return self.command


class CommandExplained(Event, frozen=True, kw_only=True):
    """The bus told what a request would lead to, and nothing of it was done.

    `sentences` say what would be done, or why it would be refused, then with the `reason` of the refusal.
    """

    kind: ClassVar[str] = "command.explained"

    command: CommandId
    sentences: tuple[str, ...] = ()
    reason: str = ""

    def key(self) -> str:
        return f"{self.command}/decided"

    def stream(self) -> str:
        return self.command


class CommandTakenBack(Event, frozen=True, kw_only=True):
    """A command undoes another one, which is `undone`; a command is undone once. `said` is what had been said."""

    kind: ClassVar[str] = "command.taken_back"

    command: CommandId
    undone: CommandId
    said: str

    def key(self) -> str:
        return f"{self.undone}/taken-back"

    def would(self) -> str:
        return f"Would take back {in_code([self.said])}." if self.said else "Would take it back."

    def stream(self) -> str:
        return self.command


class CommandUndone(Event, frozen=True, kw_only=True):
    """Somebody took this command back, with the command `undone_by`: the same, told in the story of the one undone."""

    kind: ClassVar[str] = "command.undone"

    command: CommandId
    undone_by: CommandId
    by: str

    def key(self) -> str:
        return f"{self.command}/undone"

    def stream(self) -> str:
        return self.command


class ReactionAdded(Event, frozen=True, kw_only=True):
    """The bot put a reaction on the comment of a command."""

    kind: ClassVar[str] = "reaction.added"

    command: CommandId
    reaction: str

    def key(self) -> str:
        return f"{self.command}/reaction/{self.reaction}"

    def stream(self) -> str:
        return self.command


class ReactionRequested(Event, frozen=True, kw_only=True):
    """A command's comment shall carry a reaction."""

    kind: ClassVar[str] = "reaction.requested"

    command: CommandId
    repo: Repo
    comment_id: int
    reaction: str

    def key(self) -> str:
        return f"{self.command}/reaction/{self.reaction}/requested"

    def stream(self) -> str:
        return self.command


class ReplyPosted(Event, frozen=True, kw_only=True):
    """The bot answered a command with its one message, which it edits from now on.

    `message` names it on its surface: a comment's id, a Slack time stamp, empty where the surface gives no name.
    """

    kind: ClassVar[str] = "reply.posted"

    command: CommandId
    message: str = ""

    def key(self) -> str:
        return f"{self.command}/reply"

    def stream(self) -> str:
        return self.command


class AnswerGiven(Event, frozen=True, kw_only=True):
    """What is answered to a command where the place is ours: on the dashboard, nobody else keeps the message for us.

    `answer` is what its page shows from now on, as `chatops.views.told` writes it; `number` counts the answers to it.
    """

    kind: ClassVar[str] = "answer.given"

    command: CommandId
    number: int
    answer: str

    def key(self) -> str:
        return f"{self.command}/answer/{self.number}"

    def stream(self) -> str:
        return self.command


class CommandOverdue(Event, frozen=True, kw_only=True):
    """Somebody has waited so many minutes for a word about their request; `steps` of it were not done by then."""

    kind: ClassVar[str] = "command.overdue"

    command: CommandId
    minutes: int
    steps: tuple[str, ...] = ()

    def key(self) -> str:
        return f"{self.command}/overdue"

    def stream(self) -> str:
        return self.command


class TracePosted(Event, frozen=True, kw_only=True):
    """The bot left a trace on the pull request of a command that was given elsewhere: a comment, edited from now on."""

    kind: ClassVar[str] = "trace.posted"

    command: CommandId
    message: str

    def key(self) -> str:
        return f"{self.command}/trace"

    def stream(self) -> str:
        return self.command


class EffectFailed(Event, frozen=True, kw_only=True):
    """An effect gave up; `request` is the id of the event that asked for it."""

    kind: ClassVar[str] = "effect.failed"

    effect: str
    request: str
    stream_of: str
    text: str
    parked: bool = False
    tries: int = 1

    def key(self) -> str:
        return f"outcome/{self.request}/{'parked' if self.parked else 'failed'}/{self.tries}"

    def stream(self) -> str:
        return self.stream_of


class EffectDelayed(Event, frozen=True, kw_only=True):
    """An effect or a decision has to wait, because the outside is away or limits us."""

    kind: ClassVar[str] = "effect.delayed"

    effect: str
    request: str
    stream_of: str
    text: str
    seconds: int
    tries: int

    def key(self) -> str:
        return f"outcome/{self.request}/delayed/{self.tries}"

    def stream(self) -> str:
        return self.stream_of
