"""What the bot listed, row by row, so that people can say the number of a row."""

from datetime import datetime
from typing import ClassVar

from chatops.events import Event
from chatops.names import CommandId, PullNumber, Repo


class RowsShown(Event, frozen=True, kw_only=True):
    """A reply on a pull request lists jobs, each with its number.

    `rows` are their names, the first row first; `more` counts those that had no room, and so have no number.
    """

    kind: ClassVar[str] = "rows.shown"

    command: CommandId
    repo: Repo
    number: PullNumber
    rows: tuple[str, ...]
    more: int = 0
    shown_at: datetime

    def key(self) -> str:
        return f"{self.command}/rows"

    def would(self) -> str:
        return f"Would list {len(self.rows)} jobs, each with its number."

    def stream(self) -> str:
        return self.command

    def happened_at(self) -> datetime | None:
        return self.shown_at
