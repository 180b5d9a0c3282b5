"""Which jobs are known to fail, so that nobody has to be told of them for a while."""

from datetime import datetime
from typing import ClassVar

from chatops.events import Event, in_code
from chatops.names import CommandId, Repo, RunId


class JobsMuted(Event, frozen=True, kw_only=True):
    """Somebody muted jobs, by their full names, until a moment and for a reason."""

    kind: ClassVar[str] = "jobs.muted"

    command: CommandId
    community: str
    jobs: tuple[str, ...]
    by: str
    reason: str
    at: datetime
    until: datetime

    def key(self) -> str:
        return f"{self.command}/muted"

    def would(self) -> str:
        return f"Would show {in_code(self.jobs)} as muted until {self.until:%Y-%m-%d %H:%M} UTC."

    def stream(self) -> str:
        return self.command

    def happened_at(self) -> datetime | None:
        return self.at


class JobsUnmuted(Event, frozen=True, kw_only=True):
    """Somebody ended the mute of jobs before its time."""

    kind: ClassVar[str] = "jobs.unmuted"

    command: CommandId
    community: str
    jobs: tuple[str, ...]
    by: str
    at: datetime

    def key(self) -> str:
        return f"{self.command}/unmuted"

    def would(self) -> str:
        return f"Would show {in_code(self.jobs)} as muted no longer."

    def stream(self) -> str:
        return self.command

    def happened_at(self) -> datetime | None:
        return self.at


class JobsOutlivedMute(Event, frozen=True, kw_only=True):
    """Muted jobs failed otherwise than they did when they were muted, so their mutes are over.

    Concluded by us from a settled night. `signatures` says how each of them failed.
    """

    kind: ClassVar[str] = "jobs.outlived_mute"

    community: str
    repo: Repo
    run_id: RunId
    attempt: int
    jobs: tuple[str, ...]
    signatures: tuple[str, ...] = ()
    at: datetime

    def key(self) -> str:
        return f"mutes/{self.community}/outlived/{self.run_id}/{self.attempt}"

    def stream(self) -> str:
        return f"run/{self.run_id}"

    def happened_at(self) -> datetime | None:
        return self.at
