"""What was asked for about runs that wait for somebody's approval, and what came of it."""

from typing import ClassVar

from chatops.events import Event
from chatops.names import CommandId, Repo, RunId, Sha


class RunApprovalRequested(Event, frozen=True, kw_only=True):
    """A command lets a run begin that GitHub held back, in the attempt it was in when this was decided."""

    kind: ClassVar[str] = "run_approval.requested"

    command: CommandId
    repo: Repo
    sha: Sha
    run_id: RunId
    attempt: int
    workflow: str

    def key(self) -> str:
        return f"{self.command}/run_approval/{self.run_id}"

    def stream(self) -> str:
        return self.command


class RunApproved(Event, frozen=True, kw_only=True):
    """GitHub lets a run begin. `found` marks one that did not wait any more when we came to ask."""

    kind: ClassVar[str] = "run_approval.given"

    command: CommandId
    repo: Repo
    run_id: RunId
    workflow: str
    found: bool = False

    def key(self) -> str:
        return f"{self.command}/run_approval/{self.run_id}/outcome"

    def stream(self) -> str:
        return self.command


class RunApprovalRefused(Event, frozen=True, kw_only=True):
    """GitHub would not let a run begin; `text` says why, for the person who asked."""

    kind: ClassVar[str] = "run_approval.refused"

    command: CommandId
    repo: Repo
    run_id: RunId
    workflow: str
    text: str

    def key(self) -> str:
        return f"{self.command}/run_approval/{self.run_id}/outcome"

    def stream(self) -> str:
        return self.command
