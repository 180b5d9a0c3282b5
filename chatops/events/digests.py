"""The digests that channels get: what each says, where it went, and why there was none."""

from datetime import datetime
from typing import ClassVar

import msgspec

from chatops.events import Event
from chatops.names import PullNumber, Repo, RunId, Sha


class DigestOwner(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who looks after a job; `member` is who they are in Slack, where they have shown that."""

    name: str
    member: str = ""


class DigestMerge(msgspec.Struct, frozen=True, kw_only=True):
    """A pull request that was merged between the last night in which a job passed and the first in which it failed."""

    number: PullNumber
    title: str
    url: str


class DigestJob(msgspec.Struct, frozen=True, kw_only=True):
    """A job of the nights, in a list of a digest.

    It has failed for `nights` in a row since the night `since`, last at a step. `good` and `bad` are the commits of the
    last night in which it passed and the first in which it failed, `changes` where what lies between them is shown.
    `merged` are the newest of the pull requests that were merged between the two, out of `merges` in all. `said` is
    what else there is to say of it.
    """

    name: str
    workflow: str
    repo: Repo = Repo("")
    is_required: bool = False
    nights: int = 0
    since: str = ""
    step: str = ""
    groups: tuple[str, ...] = ()
    owners: tuple[DigestOwner, ...] = ()
    good: Sha = Sha("")
    good_night: str = ""
    bad: Sha = Sha("")
    changes: str = ""
    merged: tuple[DigestMerge, ...] = ()
    merges: int = 0
    said: str = ""


class DigestList(msgspec.Struct, frozen=True, kw_only=True):
    """The first jobs of a list, and how many there are in all."""

    jobs: tuple[DigestJob, ...] = ()
    count: int = 0


class AwaitedRun(msgspec.Struct, frozen=True, kw_only=True):
    """A nightly workflow that kept the night from being complete: its run goes on, or none has begun since `due_at`."""

    workflow: str
    due_at: datetime | None = None
    run_id: RunId = RunId(0)
    url: str = ""


class DigestNight(msgspec.Struct, frozen=True, kw_only=True):
    """How many of a channel's jobs failed in a night, of those that passed or failed."""

    label: str
    failed: int
    required_failed: int
    ran: int


class DigestWeek(msgspec.Struct, frozen=True, kw_only=True):
    """One week in figures: how many nights had a result, and how many were red at first and in the end."""

    label: str
    nights: int
    red_first: int
    red: int
    flakes: int


class DigestHeld(msgspec.Struct, frozen=True, kw_only=True):
    """Alerts that the channel was not told of when they turned, and why, in a word and in the sentence of the newest.

    `subjects` are what the first of them are about.
    """

    reason: str
    text: str
    alerts: int
    subjects: tuple[str, ...] = ()


class DigestContents(msgspec.Struct, frozen=True, kw_only=True):
    """All that a digest says, as facts; how it says it is decided where it is shown.

    `about` is of which jobs, `path` what most of their full names begin with; `pages` is the address under which each
    has its page, `home` the repository that need not be said there. `night` is the newest one; of `total` jobs in it
    `ran` passed or failed. The lists have required jobs first. `quiet_days` is on how many days since the last digest
    nothing was posted, `held` which alerts were held back since then.
    """

    title: str
    about: str
    path: str = ""
    night: str = ""
    total: int = 0
    ran: int = 0
    failed: int = 0
    required_failed: int = 0
    knows_required: bool = False
    awaited: tuple[AwaitedRun, ...] = ()
    newly: DigestList = DigestList()
    fixed: DigestList = DigestList()
    still: DigestList = DigestList()
    flaky: DigestList = DigestList()
    not_run: DigestList = DigestList()
    unowned: DigestList = DigestList()
    muted: DigestList = DigestList()
    trend: tuple[DigestNight, ...] = ()
    quiet_days: int = 0
    held: tuple[DigestHeld, ...] = ()
    weeks: tuple[DigestWeek, ...] = ()
    week_flaky: DigestList = DigestList()
    url: str = ""
    pages: str = ""
    home: Repo = Repo("")
    slash_command: str = ""


class _Digest(Event, frozen=True, kw_only=True):
    """What is about one channel and one of its days; `digest` names both, and is the same however often it is made."""

    digest: str
    community: str
    channel: str
    day: str

    def stream(self) -> str:
        return f"channel/{self.community}/{self.channel}"


class DigestWanted(_Digest, frozen=True, kw_only=True):
    """A channel is to be told what has changed in the nights.

    It was made at `at` from the read models of `position`. `failing` and `waited` are what the channel knows after it:
    the full names of the jobs that fail, and what kept a night from being complete. With `calls` owners are called.
    `team` is the Slack workspace of the channel, where the bot is in several.
    """

    kind: ClassVar[str] = "digest.wanted"

    position: int
    at: datetime
    contents: DigestContents
    failing: tuple[str, ...] = ()
    waited: tuple[str, ...] = ()
    calls: bool = True
    team: str = ""

    def key(self) -> str:
        return self.digest

    def happened_at(self) -> datetime | None:
        return self.at


class DigestWithheld(_Digest, frozen=True, kw_only=True):
    """A channel is told nothing that day, and `reason` says why; `text` says it in a sentence.

    `failing` and `waited` are what the channel knows, as from the digest before.
    """

    kind: ClassVar[str] = "digest.withheld"

    position: int
    at: datetime
    reason: str
    text: str
    failing: tuple[str, ...] = ()
    waited: tuple[str, ...] = ()

    def key(self) -> str:
        return self.digest

    def happened_at(self) -> datetime | None:
        return self.at


class DigestPosted(_Digest, frozen=True, kw_only=True):
    """Slack has the message; `message` names it there. `found`: it was there already."""

    kind: ClassVar[str] = "digest.posted"

    message: str
    found: bool = False

    def key(self) -> str:
        return f"{self.digest}/posted"


class DigestRefused(_Digest, frozen=True, kw_only=True):
    """Slack did not take the message, and `reason` is what it said; `text` says it in a sentence."""

    kind: ClassVar[str] = "digest.refused"

    reason: str
    text: str

    def key(self) -> str:
        return f"{self.digest}/refused"


class DigestDetailsWanted(_Digest, frozen=True, kw_only=True):
    """The details of a digest are to be put into the thread under its message."""

    kind: ClassVar[str] = "digest.details_wanted"

    message: str
    position: int
    at: datetime
    contents: DigestContents
    team: str = ""

    def key(self) -> str:
        return f"{self.digest}/details"


class DigestDetailsPosted(_Digest, frozen=True, kw_only=True):
    """The thread has the details; `message` names them in Slack. `found`: they were there already."""

    kind: ClassVar[str] = "digest.details_posted"

    message: str
    found: bool = False

    def key(self) -> str:
        return f"{self.digest}/details/posted"
