"""Which commit statuses were asked for, and what came of it."""

from typing import ClassVar

from chatops.events import Event
from chatops.names import CommandId, Repo, Sha


class StatusRequested(Event, frozen=True, kw_only=True):
    """A command wants a commit status set. `before` is the state it had when this was decided, empty if it had none."""

    kind: ClassVar[str] = "status.requested"

    command: CommandId
    repo: Repo
    sha: Sha
    context: str
    state: str
    description: str
    url: str = ""
    before: str = ""
    before_description: str = ""
    before_url: str = ""

    def key(self) -> str:
        return f"{self.command}/status/{self.sha}/{self.context}"

    def stream(self) -> str:
        return self.command


class StatusWritten(Event, frozen=True, kw_only=True):
    """A commit status is as a command wanted it; `found` marks one that was so already."""

    kind: ClassVar[str] = "status.written"

    command: CommandId
    repo: Repo
    sha: Sha
    context: str
    state: str
    found: bool = False

    def key(self) -> str:
        return f"{self.command}/status/{self.sha}/{self.context}/outcome"

    def stream(self) -> str:
        return self.command
