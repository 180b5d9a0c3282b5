"""What was asked to be changed on a pull request, and what came of it."""

from typing import ClassVar

from chatops.events import Event
from chatops.names import CommandId, PullNumber, Repo


class LabelsRequested(Event, frozen=True, kw_only=True):
    """A command wants labels on a pull request or off it. `before` are those it had when this was decided."""

    kind: ClassVar[str] = "labels.requested"

    command: CommandId
    repo: Repo
    number: PullNumber
    add: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()
    before: tuple[str, ...] = ()

    def key(self) -> str:
        return f"{self.command}/labels"

    def stream(self) -> str:
        return self.command


class LabelsChanged(Event, frozen=True, kw_only=True):
    """The labels of a pull request are as a command wanted them; `added` and `removed` is what that changed."""

    kind: ClassVar[str] = "labels.changed"

    command: CommandId
    repo: Repo
    number: PullNumber
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()

    def key(self) -> str:
        return f"{self.command}/labels/outcome"

    def stream(self) -> str:
        return self.command
