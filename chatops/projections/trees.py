"""Which commits hold the same files?"""

from collections.abc import Collection, Sequence
from typing import ClassVar

from sqlalchemy import Column, Connection, String, Table, select

from chatops.engine.projection import Projection
from chatops.engine.upsert import upsert
from chatops.events import Event, Recorded
from chatops.events.trees import TreeSeen
from chatops.names import Repo, Sha


class Trees(Projection):
    """One row per commit that somebody asked about. A commit never holds other files than it did."""

    name: ClassVar[str] = "trees"
    reads: ClassVar[tuple[type[Event], ...]] = (TreeSeen,)

    trees: Table

    def declare(self) -> None:
        self.trees = self.table(
            "commit_trees",
            Column("repo", String, primary_key=True),
            Column("sha", String, primary_key=True),
            Column("tree", String, nullable=False),
        )

    def apply(self, facts: Sequence[Recorded], db: Connection) -> None:
        rows: dict[str, dict[str, object]] = {}
        for fact in facts:
            event = fact.event
            assert isinstance(event, TreeSeen)
            rows[fact.key] = {"repo": event.repo, "sha": event.sha, "tree": event.tree}
        upsert(db, self.trees, list(rows.values()))


LIVE = Trees()


def trees_of(db: Connection, repo: Repo, commits: Collection[Sha]) -> dict[Sha, str]:
    """Return the trees of a few commits as far as anybody has asked; empty where GitHub did not show them."""
    trees = LIVE.trees.c
    query = select(trees.sha, trees.tree).where(
        trees.repo == repo, trees.sha.in_(sorted(set(commits)))
    )
    return {Sha(sha): tree for sha, tree in db.execute(query)}


def with_files_of(db: Connection, repo: Repo, sha: Sha, commits: Collection[Sha]) -> frozenset[Sha]:
    """Return those of a few commits that are known to hold the very files that this one holds."""
    known = trees_of(db, repo, [sha, *commits])
    tree = known.get(sha)
    return frozenset(one for one in commits if one == sha or (tree and known.get(one) == tree))
