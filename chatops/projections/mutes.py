"""Which jobs are muted, until when, by whom and why?"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, ClassVar

from msgspec import Struct
from sqlalchemy import BigInteger, Column, Connection, String, Table, and_, or_, select

from chatops.engine.clock import from_microseconds, microseconds
from chatops.engine.projection import Projection
from chatops.engine.upsert import upsert
from chatops.events import Event, Recorded
from chatops.events.mutes import JobsMuted, JobsOutlivedMute, JobsUnmuted
from chatops.names import CommandId

NEVER = 0


class Mutes(Projection):
    """One row per job that was ever muted: the newest word about it. A mute ends by itself, so nothing is deleted."""

    name: ClassVar[str] = "mutes"
    reads: ClassVar[tuple[type[Event], ...]] = (JobsMuted, JobsUnmuted, JobsOutlivedMute)

    mutes: Table

    def declare(self) -> None:
        self.mutes = self.table(
            "mutes",
            Column("community", String, primary_key=True),
            Column("job", String, primary_key=True),
            Column("said_at", BigInteger, nullable=False),
            Column("command", String, nullable=False),
            Column("until", BigInteger, nullable=False),
            Column("said_by", String, nullable=False),
            Column("reason", String, nullable=False),
        )

    def apply(self, facts: Sequence[Recorded], db: Connection) -> None:
        rows: dict[tuple[str, str], dict[str, Any]] = {}
        for fact in facts:
            for row in _rows(fact.event):
                place = (row["community"], row["job"])
                if place not in rows or _weight(row) > _weight(rows[place]):
                    rows[place] = row
        upsert(
            db,
            self.mutes,
            list(rows.values()),
            newer=lambda new, old: or_(
                new.said_at > old.said_at,
                and_(new.said_at == old.said_at, new.command > old.command),
            ),
        )


LIVE = Mutes()


class Mute(Struct, frozen=True, kw_only=True):
    """That a job is muted."""

    command: CommandId
    since: datetime
    until: datetime
    by: str
    reason: str


def muted_jobs(db: Connection, community: str, now: datetime) -> dict[str, Mute]:
    """Return what is muted at a moment, by the jobs' full names."""
    mutes = LIVE.mutes.c
    query = (
        select(LIVE.mutes)
        .where(mutes.community == community, mutes.until > microseconds(now))
        .order_by(mutes.job)
    )
    return {
        row.job: Mute(
            command=row.command,
            since=from_microseconds(row.said_at),
            until=from_microseconds(row.until),
            by=row.said_by,
            reason=row.reason,
        )
        for row in db.execute(query)
    }


def _weight(row: dict[str, Any]) -> tuple[int, str]:
    return row["said_at"], row["command"]


def _rows(event: Event) -> list[dict[str, Any]]:
    match event:
        case JobsMuted():
            until, reason = microseconds(event.until), event.reason
        case JobsUnmuted():
            until, reason = NEVER, ""
        case JobsOutlivedMute():
            return [
                {
                    "community": event.community,
                    "job": job,
                    "said_at": microseconds(event.at),
                    "command": event.key(),
                    "until": NEVER,
                    "said_by": "",
                    "reason": "",
                }
                for job in event.jobs
            ]
        case _:
            return []
    return [
        {
            "community": event.community,
            "job": job,
            "said_at": microseconds(event.at),
            "command": event.command,
            "until": until,
            "said_by": event.by,
            "reason": reason,
        }
        for job in event.jobs
    ]
