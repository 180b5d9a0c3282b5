"""What was asked to stop, and what came of it."""

from typing import ClassVar

from chatops.events import Event
from chatops.names import CommandId, Repo, RunId


class CancelRequested(Event, frozen=True, kw_only=True):
    """A command wants a run to stop, in the attempt it was in when this was decided."""

    kind: ClassVar[str] = "cancel.requested"

    command: CommandId
    repo: Repo
    run_id: RunId
    attempt: int
    workflow: str

    def key(self) -> str:
        return f"{self.command}/cancel/{self.run_id}"

    def stream(self) -> str:
        return self.command


class CancelAccepted(Event, frozen=True, kw_only=True):
    """GitHub stops a run. `found` marks one that had ended, or gone on to another attempt, before we asked."""

    kind: ClassVar[str] = "cancel.accepted"

    command: CommandId
    repo: Repo
    run_id: RunId
    workflow: str
    found: bool = False

    def key(self) -> str:
        return f"{self.command}/cancel/{self.run_id}/outcome"

    def stream(self) -> str:
        return self.command


class CancelRefused(Event, frozen=True, kw_only=True):
    """GitHub would not stop a run; `text` says why, for the person who asked."""

    kind: ClassVar[str] = "cancel.refused"

    command: CommandId
    repo: Repo
    run_id: RunId
    workflow: str
    text: str

    def key(self) -> str:
        return f"{self.command}/cancel/{self.run_id}/outcome"

    def stream(self) -> str:
        return self.command
