"""Which checks are required, today and before?"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import ClassVar

import msgspec
from msgspec import Struct
from sqlalchemy import BigInteger, Column, Connection, Index, LargeBinary, String, Table, select

from chatops.engine.projection import Projection
from chatops.engine.upsert import upsert
from chatops.events import Event, Recorded
from chatops.events.gate import RequiredChecksChanged, RequiredReported
from chatops.names import Repo

MICROSECONDS = 1_000_000


class Required(Projection):
    """One row per version of a repository's list of required checks; the newest is today's.

    What only a dashboard's file told comes before every version that was read where it is kept.
    """

    name: ClassVar[str] = "required"
    reads: ClassVar[tuple[type[Event], ...]] = (RequiredChecksChanged, RequiredReported)

    versions: Table

    def declare(self) -> None:
        self.versions = self.table(
            "required_versions",
            Column("key", String, primary_key=True),
            Column("repo", String, nullable=False),
            Column("seen_at", BigInteger, nullable=False),
            Column("rules", LargeBinary, nullable=False),
            Index(f"{self.prefix}required_versions_of_repo", "repo", "seen_at"),
        )

    def apply(self, facts: Sequence[Recorded], db: Connection) -> None:
        rows = [_row(fact) for fact in {fact.key: fact for fact in facts}.values()]
        upsert(db, self.versions, rows)


LIVE = Required()


def required_now(db: Connection, repo: Repo) -> RequiredChecksChanged | None:
    """Return the newest list of required checks of a repository."""
    versions = LIVE.versions.c
    rules = db.scalar(
        select(versions.rules)
        .where(versions.repo == repo)
        .order_by(versions.seen_at.desc(), versions.key)
        .limit(1)
    )
    return None if rules is None else msgspec.json.decode(rules, type=RequiredChecksChanged)


class Version(Struct, frozen=True, kw_only=True):
    """A list of required checks, and when it was first seen; nothing where only a dashboard's file told of it."""

    seen_at: datetime | None
    rules: RequiredChecksChanged


def required_versions(db: Connection, repo: Repo, limit: int) -> list[Version]:
    """Return the newest lists of required checks of a repository, newest first."""
    versions = LIVE.versions.c
    query = (
        select(versions.seen_at, versions.rules)
        .where(versions.repo == repo)
        .order_by(versions.seen_at.desc(), versions.key)
        .limit(limit)
    )
    return [
        Version(
            seen_at=datetime.fromtimestamp(row.seen_at / MICROSECONDS, UTC)
            if row.seen_at
            else None,
            rules=msgspec.json.decode(row.rules, type=RequiredChecksChanged),
        )
        for row in db.execute(query)
    ]


def _row(fact: Recorded) -> dict[str, object]:
    match fact.event:
        case RequiredReported() as event:
            rules = RequiredChecksChanged(
                repo=event.repo,
                branch="",
                origin="dashboard file",
                fingerprint=event.fingerprint,
                # Such a file names jobs alone; a required name begins with its workflow.
                names=tuple(f"dashboard / {name}" for name in event.names),
            )
            seen_at = 0
        case event:
            assert isinstance(event, RequiredChecksChanged)
            rules, seen_at = event, fact.occurred_us
    return {
        "key": fact.key,
        "repo": rules.repo,
        "seen_at": seen_at,
        "rules": msgspec.json.encode(rules),
    }
