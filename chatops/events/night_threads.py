"""The one message that each night has in a channel, what it says by now, and what is said below it."""

from datetime import datetime
from typing import ClassVar

from chatops.events import Event
from chatops.names import RunId


class _OfNight(Event, frozen=True, kw_only=True):
    """What is about one night in one channel; `message` names both. `night` is how a sentence calls it."""

    message: str
    community: str
    channel: str
    night: str = ""

    def stream(self) -> str:
        return f"channel/{self.community}/{self.channel}"


class NightMessageWanted(_OfNight, frozen=True, kw_only=True):
    """A channel is to have a message for a night, which says that it is running.

    Here and below, `team` is the Slack workspace of the channel, where the bot is in several.
    """

    kind: ClassVar[str] = "night_message.wanted"

    workflow: str = ""
    url: str = ""
    wanted_at: datetime
    team: str = ""

    def key(self) -> str:
        return self.message

    def happened_at(self) -> datetime | None:
        return self.wanted_at


class NightMessageSent(_OfNight, frozen=True, kw_only=True):
    """Slack has the message; `name` is what it is called there. `found`: it was there already."""

    kind: ClassVar[str] = "night_message.sent"

    name: str
    found: bool = False

    def key(self) -> str:
        return f"{self.message}/sent"


class NightMessageOutdated(_OfNight, frozen=True, kw_only=True):
    """The message says no longer how the night is: part of it is settled.

    `because` names what made it so. The rest are counts of the channel's tests: `waiting` have no result yet,
    `required_failed` are among `failed`; and the names of the first of those that newly fail, or were fixed, with how
    many more there are of each. `path` is what most full names begin with.
    """

    kind: ClassVar[str] = "night_message.outdated"

    name: str
    because: str
    tests: int
    ran: int
    failed: int
    required_failed: int
    waiting: int
    newly_failing: tuple[str, ...] = ()
    fixed: tuple[str, ...] = ()
    more_newly_failing: int = 0
    more_fixed: int = 0
    path: str = ""
    is_over: bool = True
    url: str = ""
    team: str = ""

    def key(self) -> str:
        return f"{self.message}/outdated/{self.because}"


class NightNewsWanted(_OfNight, frozen=True, kw_only=True):
    """What an attempt of a run has changed is to be said below the message.

    `is_shown`: in the channel, too, for the night has turned red or green; `is_red` says which, and `withheld` why it
    is not shown although it has. `path` is what most full names begin with.
    """

    kind: ClassVar[str] = "night_news.wanted"

    thread: str
    run_id: RunId
    attempt: int
    workflow: str
    failing: tuple[str, ...] = ()
    fixed: tuple[str, ...] = ()
    is_shown: bool = False
    is_red: bool = False
    withheld: str = ""
    path: str = ""
    url: str = ""
    wanted_at: datetime
    team: str = ""

    def key(self) -> str:
        return f"{self.message}/news/{self.run_id}/{self.attempt}"

    def happened_at(self) -> datetime | None:
        return self.wanted_at


class NightNewsSent(_OfNight, frozen=True, kw_only=True):
    """Slack has what was to be said below the message. `found`: it was there already."""

    kind: ClassVar[str] = "night_news.sent"

    run_id: RunId
    attempt: int
    name: str
    found: bool = False

    def key(self) -> str:
        return f"{self.message}/news/{self.run_id}/{self.attempt}/sent"
