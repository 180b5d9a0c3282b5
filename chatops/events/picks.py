"""Which merged changes were to go to other branches, and what came of it."""

from typing import ClassVar

from chatops.events import Event, in_code
from chatops.names import CommandId, PullNumber, Repo


class PickPromised(Event, frozen=True, kw_only=True):
    """A command wants what a pull request changes on other branches, once it is merged."""

    kind: ClassVar[str] = "pick.promised"

    command: CommandId
    repo: Repo
    number: PullNumber
    branches: tuple[str, ...]
    by: str

    def key(self) -> str:
        return f"{self.command}/pick/promised"

    def would(self) -> str:
        where = in_code(self.branches)
        return f"Would open pull requests with what #{self.number} changes on {where}, once it is merged."

    def stream(self) -> str:
        return self.command


class PickRequested(Event, frozen=True, kw_only=True):
    """A command wants what a pull request changed on another branch, too, as a pull request of its own."""

    kind: ClassVar[str] = "pick.requested"

    command: CommandId
    repo: Repo
    number: PullNumber
    branch: str
    title: str
    by: str

    def key(self) -> str:
        return f"{self.command}/pick/{self.branch}"

    def stream(self) -> str:
        return self.command


class PickOpened(Event, frozen=True, kw_only=True):
    """A pull request brings the change to the other branch. `found` marks one that was there already."""

    kind: ClassVar[str] = "pick.opened"

    command: CommandId
    repo: Repo
    number: PullNumber
    branch: str
    opened: PullNumber
    found: bool = False

    def key(self) -> str:
        return f"{self.command}/pick/{self.branch}/outcome"

    def stream(self) -> str:
        return self.command


class PickRefused(Event, frozen=True, kw_only=True):
    """The change could not be brought to the other branch; `text` says why, for the person who asked."""

    kind: ClassVar[str] = "pick.refused"

    command: CommandId
    repo: Repo
    number: PullNumber
    branch: str
    text: str

    def key(self) -> str:
        return f"{self.command}/pick/{self.branch}/outcome"

    def stream(self) -> str:
        return self.command
