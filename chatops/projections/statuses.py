"""Which commit statuses, and which checks of other apps, does a commit have?"""

from collections.abc import Sequence
from typing import Any, ClassVar

from msgspec import Struct
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Row,
    SmallInteger,
    String,
    Table,
    and_,
    or_,
    select,
)

from chatops.engine.projection import Projection
from chatops.engine.upsert import upsert
from chatops.events import Event, Recorded
from chatops.events.checks import CheckSeen, StatusSet
from chatops.names import Repo, Sha

ACTIONS = "github-actions"
RANK = {"queued": 0, "in_progress": 1, "completed": 2}

Identity = tuple[Repo, Sha, str, bool]
Weight = tuple[int, int, str]


class Statuses(Projection):
    """One row per context of a commit: the newest status, or the newest check run of an app that is not GitHub Actions.

    What GitHub Actions reports as check runs is known better as jobs.
    """

    name: ClassVar[str] = "statuses"
    reads: ClassVar[tuple[type[Event], ...]] = (StatusSet, CheckSeen)

    statuses: Table

    def declare(self) -> None:
        self.statuses = self.table(
            "statuses",
            Column("repo", String, primary_key=True),
            Column("sha", String, primary_key=True),
            Column("context", String, primary_key=True),
            Column("is_check", Boolean, primary_key=True),
            Column("number", BigInteger, nullable=False),
            Column("step", SmallInteger, nullable=False),
            Column("state", String, nullable=False),
            Column("description", String, nullable=False),
            Column("url", String, nullable=False),
        )

    def apply(self, facts: Sequence[Recorded], db: Connection) -> None:
        newest: dict[Identity, dict[str, Any]] = {}
        for fact in facts:
            event = fact.event
            assert isinstance(event, StatusSet | CheckSeen)
            if isinstance(event, CheckSeen) and event.app == ACTIONS:
                continue
            row = _row(event)
            key = (event.repo, event.sha, row["context"], row["is_check"])
            if key not in newest or _weight(row) > _weight(newest[key]):
                newest[key] = row
        upsert(
            db,
            self.statuses,
            list(newest.values()),
            newer=lambda new, old: or_(
                new.number > old.number,
                and_(new.number == old.number, new.step > old.step),
                and_(new.number == old.number, new.step == old.step, new.state > old.state),
            ),
        )


LIVE = Statuses()


class Status(Struct, frozen=True, kw_only=True):
    """A commit status (`state` is GitHub's word for it), or a check of another app (`state` is its conclusion)."""

    context: str
    state: str
    description: str = ""
    url: str = ""
    is_check: bool = False


def statuses_of(db: Connection, repo: Repo, sha: Sha) -> list[Status]:
    """Return what a commit has, by context."""
    statuses = LIVE.statuses.c
    query = (
        select(LIVE.statuses)
        .where(statuses.repo == repo, statuses.sha == sha)
        .order_by(statuses.context, statuses.is_check)
    )
    return [_status(row) for row in db.execute(query)]


def _weight(row: dict[str, Any]) -> Weight:
    return row["number"], row["step"], row["state"]


def _row(event: StatusSet | CheckSeen) -> dict[str, Any]:
    is_check = isinstance(event, CheckSeen)
    return {
        "repo": event.repo,
        "sha": event.sha,
        "context": event.name if isinstance(event, CheckSeen) else event.context,
        "is_check": is_check,
        "number": event.check_id if isinstance(event, CheckSeen) else event.status_id,
        "step": RANK.get(event.status, 0) if isinstance(event, CheckSeen) else 0,
        "state": event.conclusion or event.status if isinstance(event, CheckSeen) else event.state,
        "description": "" if isinstance(event, CheckSeen) else event.description,
        "url": event.url,
    }


def _status(row: Row[Any]) -> Status:
    return Status(
        context=row.context,
        state=row.state,
        description=row.description,
        url=row.url,
        is_check=row.is_check,
    )
