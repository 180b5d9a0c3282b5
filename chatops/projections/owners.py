"""Who owns the files of a repository, today and before?"""

from collections.abc import Sequence
from typing import ClassVar

import msgspec
from sqlalchemy import BigInteger, Column, Connection, Index, LargeBinary, String, Table, select

from chatops.engine.projection import Projection
from chatops.engine.upsert import upsert
from chatops.events import Event, Recorded
from chatops.events.owners import OwnersChanged
from chatops.names import Repo


class Owners(Projection):
    """One row per version of a repository's owners; the newest is today's."""

    name: ClassVar[str] = "owners"
    reads: ClassVar[tuple[type[Event], ...]] = (OwnersChanged,)

    versions: Table

    def declare(self) -> None:
        self.versions = self.table(
            "owners_versions",
            Column("key", String, primary_key=True),
            Column("repo", String, nullable=False),
            Column("branch", String, nullable=False),
            Column("seen_at", BigInteger, nullable=False),
            Column("rules", LargeBinary, nullable=False),
            Index(f"{self.prefix}owners_versions_of_repo", "repo", "branch", "seen_at"),
        )

    def apply(self, facts: Sequence[Recorded], db: Connection) -> None:
        rows = [_row(fact) for fact in {fact.key: fact for fact in facts}.values()]
        upsert(db, self.versions, rows)


LIVE = Owners()


def owners_now(db: Connection, repo: Repo, branch: str) -> OwnersChanged | None:
    """Return the newest version of who owns the files of a branch."""
    versions = LIVE.versions.c
    rules = db.scalar(
        select(versions.rules)
        .where(versions.repo == repo, versions.branch == branch)
        .order_by(versions.seen_at.desc(), versions.key)
        .limit(1)
    )
    return None if rules is None else msgspec.json.decode(rules, type=OwnersChanged)


def _row(fact: Recorded) -> dict[str, object]:
    assert isinstance(fact.event, OwnersChanged)
    return {
        "key": fact.key,
        "repo": fact.event.repo,
        "branch": fact.event.branch,
        "seen_at": fact.occurred_us,
        "rules": msgspec.json.encode(fact.event),
    }
