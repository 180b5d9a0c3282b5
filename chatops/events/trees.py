"""Which files a commit holds, in the one hash by which git knows all of them."""

from typing import ClassVar

from chatops.events import Event
from chatops.names import PullNumber, Repo, Sha


class TreeWanted(Event, frozen=True, kw_only=True):
    """Whether a push left all files as they were hangs on this commit of a pull request: its tree has to be known."""

    kind: ClassVar[str] = "tree.wanted"

    repo: Repo
    number: PullNumber
    sha: Sha

    def key(self) -> str:
        return f"tree/{self.repo}/{self.sha}/wanted"

    def stream(self) -> str:
        return f"pull/{self.repo}/{self.number}"


class TreeSeen(Event, frozen=True, kw_only=True):
    """A commit holds these files: two with the same `tree` hold the same. Heard from GitHub when somebody asked.

    Of a commit that GitHub does not show, `tree` is empty; such a one is like no other.
    """

    kind: ClassVar[str] = "tree.seen"

    repo: Repo
    sha: Sha
    tree: str

    def key(self) -> str:
        return f"tree/{self.repo}/{self.sha}"

    def stream(self) -> str:
        return f"commit/{self.sha}"
