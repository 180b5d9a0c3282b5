"""For which commits of a pull request were the tests let in, and by whom?"""

from collections.abc import Sequence
from typing import Any, ClassVar

from msgspec import Struct
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Integer,
    String,
    Table,
    and_,
    or_,
    select,
)

from chatops.engine.clock import microseconds
from chatops.engine.projection import Projection
from chatops.engine.upsert import upsert
from chatops.events import Event, Recorded
from chatops.events.trust import TrustGiven, TrustWithdrawn
from chatops.names import CommandId, Login, PullNumber, Repo, Sha


class Trust(Projection):
    """One row per commit somebody decided about: what was decided last, by time, then by command."""

    name: ClassVar[str] = "trust"
    reads: ClassVar[tuple[type[Event], ...]] = (TrustGiven, TrustWithdrawn)

    trust: Table

    def declare(self) -> None:
        self.trust = self.table(
            "trust",
            Column("repo", String, primary_key=True),
            Column("number", Integer, primary_key=True, autoincrement=False),
            Column("sha", String, primary_key=True),
            Column("decided_at", BigInteger, nullable=False),
            Column("command", String, nullable=False),
            Column("said_by", String, nullable=False),
            Column("is_given", Boolean, nullable=False),
        )

    def apply(self, facts: Sequence[Recorded], db: Connection) -> None:
        newest: dict[tuple[Repo, PullNumber, Sha], dict[str, Any]] = {}
        for fact in facts:
            event = fact.event
            assert isinstance(event, TrustGiven | TrustWithdrawn)
            row = _row(event)
            key = (event.repo, event.number, event.sha)
            if key not in newest or _order(row) > _order(newest[key]):
                newest[key] = row
        upsert(
            db,
            self.trust,
            list(newest.values()),
            newer=lambda new, old: or_(
                new.decided_at > old.decided_at,
                and_(new.decided_at == old.decided_at, new.command > old.command),
            ),
        )


LIVE = Trust()


class Decision(Struct, frozen=True, kw_only=True):
    """What was decided last about the tests of a commit."""

    sha: Sha
    by: Login
    command: CommandId
    is_given: bool


def trust_of(db: Connection, repo: Repo, number: PullNumber) -> list[Decision]:
    """Return what was decided about the commits of a pull request, the newest decision first."""
    trust = LIVE.trust.c
    query = (
        select(trust.sha, trust.said_by, trust.command, trust.is_given)
        .where(trust.repo == repo, trust.number == number)
        .order_by(trust.decided_at.desc(), trust.command.desc())
    )
    return [
        Decision(sha=row.sha, by=row.said_by, command=row.command, is_given=row.is_given)
        for row in db.execute(query)
    ]


def is_let_in(db: Connection, repo: Repo, number: PullNumber, sha: Sha) -> bool:
    """Return whether the tests were let in for this very commit."""
    trust = LIVE.trust.c
    query = select(trust.is_given).where(
        trust.repo == repo, trust.number == number, trust.sha == sha
    )
    return bool(db.scalar(query))


def _order(row: dict[str, Any]) -> tuple[int, str]:
    return row["decided_at"], row["command"]


def _row(event: TrustGiven | TrustWithdrawn) -> dict[str, Any]:
    return {
        "repo": event.repo,
        "number": event.number,
        "sha": event.sha,
        "decided_at": microseconds(event.decided_at),
        "command": event.command,
        "said_by": event.by,
        "is_given": isinstance(event, TrustGiven),
    }
