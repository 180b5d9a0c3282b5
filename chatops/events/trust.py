"""Whose tests were let in, for which commit, and by whom."""

from datetime import datetime
from typing import ClassVar

from chatops.events import Event
from chatops.names import CommandId, Login, PullNumber, Repo, Sha


class _TrustChanged(Event, frozen=True, kw_only=True):
    """What both have in common: the commit that was looked at, and who said so."""

    command: CommandId
    repo: Repo
    number: PullNumber
    sha: Sha
    by: Login
    decided_at: datetime

    def key(self) -> str:
        return f"{self.command}/trust/{self.sha}"

    def stream(self) -> str:
        return f"pull/{self.repo}/{self.number}"

    def happened_at(self) -> datetime | None:
        return self.decided_at


class TrustGiven(_TrustChanged, frozen=True, kw_only=True):
    """Somebody who may let the tests of a pull request run, on this commit and no later one."""

    kind: ClassVar[str] = "trust.given"

    def would(self) -> str:
        return f"Would let the tests of #{self.number} run, for the commit `{self.sha[:9]}`."


class TrustWithdrawn(_TrustChanged, frozen=True, kw_only=True):
    """Somebody who may took back that the tests may run on this commit."""

    kind: ClassVar[str] = "trust.withdrawn"

    def would(self) -> str:
        return (
            f"Would let the tests of #{self.number} run no longer, for the commit `{self.sha[:9]}`."
        )
