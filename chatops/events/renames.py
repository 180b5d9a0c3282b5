"""Which jobs go on under another name: said by people, never guessed."""

from datetime import datetime
from typing import ClassVar

from chatops.events import Event, in_code
from chatops.names import CommandId, Repo


class _SaidOfTwoNames(Event, frozen=True, kw_only=True):
    """What somebody says of two names of a repository's jobs."""

    command: CommandId
    repo: Repo
    old: str
    new: str
    by: str
    at: datetime

    def stream(self) -> str:
        return self.command

    def happened_at(self) -> datetime | None:
        return self.at


class JobRenamed(_SaidOfTwoNames, frozen=True, kw_only=True):
    """Somebody said that a job of a repository goes on under a new name."""

    kind: ClassVar[str] = "job.renamed"

    def key(self) -> str:
        return f"{self.command}/renamed"

    def would(self) -> str:
        return f"Would show the nights of {in_code((self.old,))} as those of {in_code((self.new,))}, too."


class JobRenameWithdrawn(_SaidOfTwoNames, frozen=True, kw_only=True):
    """Somebody took back that a job goes on under a new name."""

    kind: ClassVar[str] = "job.rename_withdrawn"

    def key(self) -> str:
        return f"{self.command}/rename_withdrawn"

    def would(self) -> str:
        return f"Would tell {in_code((self.old,))} and {in_code((self.new,))} apart again."
