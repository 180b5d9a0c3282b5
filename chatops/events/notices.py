"""Who is told what without asking: wanted, sent, or held back with the reason."""

from datetime import datetime
from typing import ClassVar

from chatops.events import Event
from chatops.names import PullNumber, Repo, RunId, Sha


class NightSettled(Event, frozen=True, kw_only=True):
    """An attempt of a nightly run has ended, and so has every job of it, or nobody waits for the rest any longer.

    Concluded by us, once; what comes later is in the read models, and nobody is told of it that night.
    """

    kind: ClassVar[str] = "night.settled"

    repo: Repo
    run_id: RunId
    attempt: int
    workflow: str
    ended_at: datetime | None = None
    waited: bool = False

    def key(self) -> str:
        return f"run/{self.run_id}/{self.attempt}/settled"

    def stream(self) -> str:
        return f"run/{self.run_id}"

    def happened_at(self) -> datetime | None:
        return self.ended_at


class _Notice(Event, frozen=True, kw_only=True):
    """What is about one subscriber and one edge; `notice` names both, so that it is the same however often it is seen.

    It is about an attempt of a nightly run (`run_id`, `attempt`) or about a commit of a pull request (`number`, `sha`).
    """

    notice: str
    community: str
    subscriber: str
    repo: Repo
    number: PullNumber = PullNumber(0)
    sha: Sha = Sha("")
    verdict: str = ""
    run_id: RunId = RunId(0)
    attempt: int = 0

    def stream(self) -> str:
        return f"subscriber/{self.community}/{self.subscriber}"


class NoticeWanted(_Notice, frozen=True, kw_only=True):
    """A subscriber is to be told, in one message, what has changed.

    `to` is who or where in Slack, and `team` in which of its workspaces; `topics` are the subscriptions it is because
    of, as one says them. `failing` and `fixed` are the full names of jobs: of a night those that changed, of a pull
    request those that failed. `required_failed` and `required_passed` count the required tests of the run, or those of
    a pull request that is green. `verdict` says how its checks ended, `gate` whether its gate passed, `besides` how
    many failed that are not required.
    """

    kind: ClassVar[str] = "notice.wanted"

    to: str
    team: str = ""
    topics: tuple[str, ...] = ()
    workflow: str = ""
    night: str = ""
    failing: tuple[str, ...] = ()
    fixed: tuple[str, ...] = ()
    required_failed: int = 0
    required_passed: int = 0
    gate: bool = False
    besides: int = 0
    url: str = ""
    slash_command: str = ""
    wanted_at: datetime

    def key(self) -> str:
        return self.notice

    def happened_at(self) -> datetime | None:
        return self.wanted_at


class NoticeWithheld(_Notice, frozen=True, kw_only=True):
    """A subscriber is not told, and `reason` says why: `muted`, `not_linked`, or what Slack said.

    `jobs` are those it would have been about, `text` the reason in a sentence.
    """

    kind: ClassVar[str] = "notice.withheld"

    jobs: tuple[str, ...] = ()
    reason: str
    text: str
    withheld_at: datetime

    def key(self) -> str:
        return f"{self.notice}/withheld/{self.reason}"

    def happened_at(self) -> datetime | None:
        return self.withheld_at


class NoticeSent(_Notice, frozen=True, kw_only=True):
    """Slack has the message; `message` names it there. `found`: it was there already."""

    kind: ClassVar[str] = "notice.sent"

    message: str = ""
    found: bool = False

    def key(self) -> str:
        return f"{self.notice}/sent"
