"""Which pull requests were to be merged or brought up to date, and what came of it."""

from typing import ClassVar

from chatops.events import Event
from chatops.names import CommandId, PullNumber, Repo, Sha


class MergeRequested(Event, frozen=True, kw_only=True):
    """A command wants a pull request merged, at this head: `by` auto-merge or the merge queue."""

    kind: ClassVar[str] = "merge.requested"

    command: CommandId
    repo: Repo
    number: PullNumber
    sha: Sha
    by: str
    method: str = "merge"

    def key(self) -> str:
        return f"{self.command}/merge"

    def stream(self) -> str:
        return self.command


class MergeArranged(Event, frozen=True, kw_only=True):
    """A pull request is merged, or GitHub will merge it by itself: `how` is merged, auto-merge or merge-queue.

    `found` marks one of which that was so already.
    """

    kind: ClassVar[str] = "merge.arranged"

    command: CommandId
    repo: Repo
    number: PullNumber
    how: str
    found: bool = False

    def key(self) -> str:
        return f"{self.command}/merge/outcome"

    def stream(self) -> str:
        return self.command


class MergeCancelRequested(Event, frozen=True, kw_only=True):
    """A command wants a pull request no longer merged by itself."""

    kind: ClassVar[str] = "merge_cancel.requested"

    command: CommandId
    repo: Repo
    number: PullNumber

    def key(self) -> str:
        return f"{self.command}/merge/cancel"

    def stream(self) -> str:
        return self.command


class MergeCancelled(Event, frozen=True, kw_only=True):
    """GitHub merges a pull request no longer by itself. `found` marks one of which that was so already."""

    kind: ClassVar[str] = "merge_cancel.made"

    command: CommandId
    repo: Repo
    number: PullNumber
    found: bool = False

    def key(self) -> str:
        return f"{self.command}/merge/cancel/outcome"

    def stream(self) -> str:
        return self.command


class BranchUpdateRequested(Event, frozen=True, kw_only=True):
    """A command wants the base branch merged into the branch of a pull request, on top of this head."""

    kind: ClassVar[str] = "branch_update.requested"

    command: CommandId
    repo: Repo
    number: PullNumber
    sha: Sha
    base: str

    def key(self) -> str:
        return f"{self.command}/update-branch"

    def stream(self) -> str:
        return self.command


class BranchUpdated(Event, frozen=True, kw_only=True):
    """GitHub merges the base branch into the branch of a pull request. `found`: another head was there already."""

    kind: ClassVar[str] = "branch.updated"

    command: CommandId
    repo: Repo
    number: PullNumber
    base: str
    found: bool = False

    def key(self) -> str:
        return f"{self.command}/update-branch/outcome"

    def stream(self) -> str:
        return self.command
