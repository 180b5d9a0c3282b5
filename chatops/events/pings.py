"""Who was called, on purpose."""

from typing import ClassVar

from chatops.events import Event, in_code
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

    def would(self) -> str:
        return f"Would call the people of {in_code(self.groups)} here."

    def stream(self) -> str:
        return self.command
