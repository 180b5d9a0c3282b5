"""Which checks are required, today and before, and since when each list was in force?"""

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, ClassVar

import msgspec
from msgspec import Struct
from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Index,
    LargeBinary,
    Row,
    Select,
    String,
    Table,
    func,
    select,
)

from chatops.engine.clock import from_microseconds, microseconds
from chatops.engine.projection import Projection
from chatops.engine.upsert import upsert
from chatops.events import Event, Recorded
from chatops.events.gate import RequiredChecksChanged, RequiredReported
from chatops.names import Repo, RunId

MOST_IN_FORCE = 200
LISTS_KEPT = 256


class Required(Projection):
    """One row per version of a repository's list of required checks; the newest is today's.

    What only a dashboard's file told comes before every version that was read where it is kept; of several such lists
    the one with the newer runs is the newer.
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
            Column("first_run", BigInteger, nullable=False, server_default="0"),
            Index(f"{self.prefix}required_versions_of_repo", "repo", "seen_at"),
        )

    def apply(self, facts: Sequence[Recorded], db: Connection) -> None:
        rows = [_row(fact) for fact in {fact.key: fact for fact in facts}.values()]
        upsert(db, self.versions, rows)


LIVE = Required()


def required_now(db: Connection, repo: Repo) -> RequiredChecksChanged | None:
    """Return the newest list of required checks of a repository."""
    newest = required_versions(db, repo, 1)
    return newest[0].rules if newest else None


class Version(Struct, frozen=True, kw_only=True):
    """A list of required checks, and when it was first seen; nothing where only a dashboard's file told of it.

    `first_run` is then the oldest run of that file.
    """

    seen_at: datetime | None
    rules: RequiredChecksChanged
    first_run: RunId = RunId(0)


def required_versions(db: Connection, repo: Repo, limit: int) -> list[Version]:
    """Return the newest lists of required checks of a repository, newest first."""
    return [_version(row) for row in db.execute(_newest_first(repo).limit(limit))]


def required_from(db: Connection, repo: Repo, since: datetime | None) -> list[Version]:
    """Return the lists that were in force from a moment on, newest first; every one if it is not known since when."""
    versions = LIVE.versions.c
    first = 0
    if since is not None:
        before = select(func.max(versions.seen_at)).where(
            versions.repo == repo, versions.seen_at <= microseconds(since)
        )
        first = db.scalar(before) or 0
    query = _newest_first(repo).where(versions.seen_at >= first).limit(MOST_IN_FORCE)
    return [_version(row) for row in db.execute(query)]


def required_when(db: Connection, repo: Repo, moment: datetime | None) -> list[Version]:
    """Return the list that was in force at a moment, however many there were since.

    Before the first one that was read, it is those of dashboards' files, newest first, or else that first one.
    """
    versions = LIVE.versions.c
    before = select(func.max(versions.seen_at)).where(
        versions.repo == repo, versions.seen_at <= (microseconds(moment) if moment else 0)
    )
    seen_at = db.scalar(before)
    if seen_at is None:
        seen_at = db.scalar(select(func.min(versions.seen_at)).where(versions.repo == repo))
    query = _newest_first(repo).where(versions.seen_at == seen_at).limit(MOST_IN_FORCE)
    return [_version(row) for row in db.execute(query)]


def _newest_first(repo: Repo) -> Select[Any]:
    versions = LIVE.versions.c
    return (
        select(versions.seen_at, versions.first_run, versions.rules)
        .where(versions.repo == repo)
        .order_by(versions.seen_at.desc(), versions.first_run.desc(), versions.key)
    )


def _version(row: Row[Any]) -> Version:
    return Version(
        seen_at=from_microseconds(row.seen_at) if row.seen_at else None,
        rules=_rules(bytes(row.rules)),
        first_run=RunId(row.first_run),
    )


@lru_cache(maxsize=LISTS_KEPT)
def _rules(encoded: bytes) -> RequiredChecksChanged:
    """Return a list; the newest few are asked for again and again, and are then the same object."""
    return msgspec.json.decode(encoded, type=RequiredChecksChanged)


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
            seen_at, first_run = 0, event.first_run
        case event:
            assert isinstance(event, RequiredChecksChanged)
            rules, seen_at, first_run = event, fact.occurred_us, RunId(0)
    return {
        "key": fact.key,
        "repo": rules.repo,
        "seen_at": seen_at,
        "rules": msgspec.json.encode(rules),
        "first_run": first_run,
    }
