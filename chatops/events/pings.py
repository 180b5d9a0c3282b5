"""Who was called, on purpose."""

from typing import ClassVar

from chatops.events import Event
from chatops.names import CommandId


class GroupsCalled(Event, frozen=True, kw_only=True):
    """A command calls the people of some groups, in its reply. `place` is an issue, a pull request or a channel."""

    kind: ClassVar[str] = "groups.called"

    command: CommandId
    place: str
    groups: tuple[str, ...]
    about: str = ""
    reason: str = ""

    def key(self) -> str:
        return f"{self.command}/called"

    def stream(self) -> str:
        return self.command
