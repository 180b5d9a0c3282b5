"""Finds out which files a commit holds, by the hash of its tree.

On:        `tree.wanted`
Calls:     a commit; reading may be repeated
Reports:   `tree.seen`, with no tree where GitHub does not show the commit
"""

from collections.abc import Sequence
from typing import ClassVar

from chatops.engine.effect import Effect
from chatops.errors import Refused
from chatops.events import Event
from chatops.events.trees import TreeSeen, TreeWanted
from chatops.ports import Ports


class LearnTree(Effect[TreeWanted]):
    """Read the tree of a commit."""

    name: ClassVar[str] = "learn_tree"
    on: ClassVar[type[Event]] = TreeWanted

    async def perform(self, event: TreeWanted, ports: Ports) -> Sequence[Event]:
        commit = await ports.github.commit(event.repo, event.sha)
        return [TreeSeen(repo=event.repo, sha=event.sha, tree=commit.tree)]

    def refused(self, event: TreeWanted, refusal: Refused) -> Sequence[Event]:
        """Return that nobody can tell: then nothing counts for what it was not said of."""
        del refusal
        return [TreeSeen(repo=event.repo, sha=event.sha, tree="")]

    def describe(self, event: TreeWanted) -> str:
        """Say what would be done."""
        return f"Would read which files the commit `{event.sha[:9]}` holds."
