"""Who can see a repository."""

from datetime import datetime
from typing import ClassVar

from chatops.events import Event
from chatops.names import Repo


class RepositorySeen(Event, frozen=True, kw_only=True):
    """A repository was private, or public, at `seen_at`. Heard from GitHub.

    That one is public is told only when it was made so: until anything is heard, it is taken for what the configuration
    says.
    """

    kind: ClassVar[str] = "repository.seen"

    repo: Repo
    private: bool
    seen_at: datetime

    def key(self) -> str:
        who = "private" if self.private else "public"
        return f"repository/{self.repo}/{who}/{int(self.seen_at.timestamp())}"

    def stream(self) -> str:
        return f"repository/{self.repo}"

    def happened_at(self) -> datetime | None:
        return self.seen_at
