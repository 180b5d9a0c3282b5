"""What is wrong for so long that people are to be told: when it began, who is told, and what is held back from whom."""

from datetime import datetime
from typing import ClassVar

import msgspec

from chatops.events import Event, in_code
from chatops.names import CommandId, Repo, RunId


class Alert(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One thing that is wrong. `alert` names it for as long as it lasts, `what` says of which kind it is.

    `subject` is what one calls it by: a test by its full name, a workflow, a kind of runner, a repository. `jobs` are
    the tests it is about, `nights` says for how many it has lasted, `signature` how it fails, `text` more than that.
    One that is `momentary` tells of a change after which nothing stays wrong. Of a test, `repo` is its repository, and
    `path` what most full names begin with.
    """

    alert: str
    what: str
    subject: str
    required: bool = False
    nights: int = 0
    since: datetime | None = None
    night: str = ""
    signature: str = ""
    jobs: tuple[str, ...] = ()
    text: str = ""
    momentary: bool = False
    repo: Repo = Repo("")
    path: str = ""


class AlertsTurned(Event, frozen=True, kw_only=True):
    """One look at the facts found what is wrong now and was not, what fails otherwise than before, and what is over.

    Concluded by us. `look` names the look: a settled night, or a moment and what was looked at. `over` says in a word
    why each of `closed` is: `passed`, `gone`, or `ended`.
    """

    kind: ClassVar[str] = "alerts.turned"

    look: str
    community: str
    repo: Repo = Repo("")
    run_id: RunId = RunId(0)
    attempt: int = 0
    workflow: str = ""
    night: str = ""
    opened: tuple[Alert, ...] = ()
    changed: tuple[Alert, ...] = ()
    closed: tuple[Alert, ...] = ()
    over: str = ""
    at: datetime

    def key(self) -> str:
        return f"alerts/{self.community}/{self.look}"

    def stream(self) -> str:
        return f"alerts/{self.community}"

    def happened_at(self) -> datetime | None:
        return self.at


class AlertsAcknowledged(Event, frozen=True, kw_only=True):
    """Somebody has seen alerts, and says so for all to know; `subjects` are what they are called."""

    kind: ClassVar[str] = "alerts.acknowledged"

    command: CommandId
    community: str
    alerts: tuple[str, ...]
    subjects: tuple[str, ...] = ()
    by: str
    at: datetime

    def key(self) -> str:
        return f"{self.command}/acknowledged"

    def would(self) -> str:
        return f"Would note that you have seen {in_code(self.subjects)}."

    def stream(self) -> str:
        return self.command

    def happened_at(self) -> datetime | None:
        return self.at


class AlertsAssigned(Event, frozen=True, kw_only=True):
    """Somebody looks after alerts from now on; with an empty `to`, nobody does."""

    kind: ClassVar[str] = "alerts.assigned"

    command: CommandId
    community: str
    alerts: tuple[str, ...]
    subjects: tuple[str, ...] = ()
    to: str = ""
    by: str
    at: datetime

    def key(self) -> str:
        return f"{self.command}/assigned"

    def would(self) -> str:
        who = f"`{self.to}`" if self.to else "nobody"
        return f"Would note that {who} looks after {in_code(self.subjects)}."

    def stream(self) -> str:
        return self.command

    def happened_at(self) -> datetime | None:
        return self.at


class Called(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Somebody who looks after what an alert is about: their name, and who that is in Slack where that is known."""

    name: str
    slack: str = ""


class Told(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is known of an alert when a message is written: whether it is over, and who has said what of it."""

    alert: str
    is_over: bool = False
    seen_by: str = ""
    looked_after_by: str = ""
    muted_until: datetime | None = None


class AlertNews(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a message says: what has begun, fails otherwise than before, and is over, and because of what.

    `called` are the people who look after what has begun. `held` says why it comes late, where it does, and
    `come_and_gone` how many were over before anybody was told. `pages` is the address under which each test has its
    page, `home` the repository that need not be said there.
    """

    opened: tuple[Alert, ...] = ()
    changed: tuple[Alert, ...] = ()
    closed: tuple[Alert, ...] = ()
    over: str = ""
    called: tuple[Called, ...] = ()
    night: str = ""
    held: str = ""
    come_and_gone: int = 0
    url: str = ""
    pages: str = ""
    home: Repo = Repo("")
    slash_command: str = ""


class _ToChannel(Event, frozen=True, kw_only=True):
    """What is about one channel and one look; `message` names both, so that it is the same however often it is seen."""

    message: str
    community: str
    channel: str

    def stream(self) -> str:
        return f"channel/{self.community}/{self.channel}"


class AlertMessageWanted(_ToChannel, frozen=True, kw_only=True):
    """A channel is to be told, in one message, what has turned.

    `thread` is the message in whose thread it belongs; the channel sees it all the same. `team` is the Slack workspace
    of the channel, where the bot is in several.
    """

    kind: ClassVar[str] = "alert_message.wanted"

    news: AlertNews
    thread: str = ""
    wanted_at: datetime
    team: str = ""

    def key(self) -> str:
        return self.message

    def happened_at(self) -> datetime | None:
        return self.wanted_at


class AlertMessageWithheld(_ToChannel, frozen=True, kw_only=True):
    """A channel is not told, and `reason` says why: `muted`, `quiet`, or what Slack said.

    `text` is the reason in a sentence; where it is told later, `until` says when.
    """

    kind: ClassVar[str] = "alert_message.withheld"

    opened: tuple[Alert, ...] = ()
    changed: tuple[Alert, ...] = ()
    closed: tuple[Alert, ...] = ()
    reason: str
    text: str
    until: datetime | None = None
    withheld_at: datetime

    def key(self) -> str:
        return f"{self.message}/withheld/{self.reason}"

    def happened_at(self) -> datetime | None:
        return self.withheld_at


class AlertMessageSent(_ToChannel, frozen=True, kw_only=True):
    """Slack has the message; `name` is what it is called there, `alerts` what it tells began. `found`: it was there."""

    kind: ClassVar[str] = "alert_message.sent"

    alerts: tuple[str, ...] = ()
    name: str
    found: bool = False

    def key(self) -> str:
        return f"{self.message}/sent"


class AlertMessageOutdated(_ToChannel, frozen=True, kw_only=True):
    """A message that is there says no longer how it is: its alerts are over, or somebody has said something of them.

    `name` is what it is called in Slack, `because` what made it so; the rest is what it is to say.
    """

    kind: ClassVar[str] = "alert_message.outdated"

    name: str
    because: str
    news: AlertNews
    told: tuple[Told, ...] = ()
    team: str = ""

    def key(self) -> str:
        return f"{self.message}/outdated/{self.because}"
