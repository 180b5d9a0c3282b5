"""Who was told what, and what was held back? Which nights are settled?"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, ClassVar

from msgspec import Struct
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Index,
    Integer,
    String,
    Table,
    and_,
    or_,
    select,
)

from chatops.engine.clock import from_microseconds, microseconds
from chatops.engine.projection import Projection
from chatops.engine.upsert import upsert
from chatops.events import Event, Recorded
from chatops.events.notices import NightSettled, NoticeWanted, NoticeWithheld
from chatops.names import PullNumber, Repo, RunId, Sha

FEW = 3
"""So many of the jobs that were held back are kept for a list; the event has them all."""


class Notices(Projection):
    """What each subscriber was told of jobs and of pull requests, what was held back, and which nights are settled."""

    name: ClassVar[str] = "notices"
    reads: ClassVar[tuple[type[Event], ...]] = (NightSettled, NoticeWanted, NoticeWithheld)

    jobs: Table
    pulls: Table
    withheld: Table
    settled: Table

    def declare(self) -> None:
        self.jobs = self.table(
            "notices_of_jobs",
            Column("community", String, primary_key=True),
            Column("subscriber", String, primary_key=True),
            Column("repo", String, primary_key=True),
            Column("job", String, primary_key=True),
            Column("run_id", BigInteger, nullable=False),
            Column("attempt", Integer, nullable=False),
            Column("fails", Boolean, nullable=False),
        )
        self.pulls = self.table(
            "notices_of_pulls",
            Column("notice", String, primary_key=True),
            Column("community", String, nullable=False),
            Column("subscriber", String, nullable=False),
            Column("repo", String, nullable=False),
            Column("number", Integer, nullable=False),
            Column("sha", String, nullable=False),
            Column("verdict", String, nullable=False),
            Column("said_at", BigInteger, nullable=False),
            Index(f"{self.prefix}notices_of_one_pull", "repo", "number", "sha"),
        )
        self.withheld = self.table(
            "notices_withheld",
            Column("key", String, primary_key=True),
            Column("community", String, nullable=False),
            Column("subscriber", String, nullable=False),
            Column("withheld_at", BigInteger, nullable=False),
            Column("jobs", String, nullable=False),
            Column("jobs_count", Integer, nullable=False),
            Column("reason", String, nullable=False),
            Index(
                f"{self.prefix}notices_withheld_newest", "community", "subscriber", "withheld_at"
            ),
        )
        self.settled = self.table(
            "nights_settled",
            Column("run_id", BigInteger, primary_key=True, autoincrement=False),
            Column("attempt", Integer, primary_key=True, autoincrement=False),
        )

    def apply(self, facts: Sequence[Recorded], db: Connection) -> None:
        told: dict[tuple[str, ...], dict[str, Any]] = {}
        events = [(fact.key, fact.event) for fact in facts]
        for _, event in events:
            for row in _told(event):
                place = (row["community"], row["subscriber"], row["repo"], row["job"])
                if place not in told or _weight(row) > _weight(told[place]):
                    told[place] = row
        upsert(
            db,
            self.jobs,
            list(told.values()),
            newer=lambda new, old: or_(
                new.run_id > old.run_id,
                and_(new.run_id == old.run_id, new.attempt > old.attempt),
            ),
        )
        verdicts: dict[str, dict[str, Any]] = {}
        for _, event in events:
            if isinstance(event, NoticeWanted | NoticeWithheld) and event.number:
                row = _verdict(event)
                known = verdicts.setdefault(event.notice, row)
                if row["said_at"] < known["said_at"]:
                    verdicts[event.notice] = row
        # What was wanted and then held back is one verdict.
        upsert(
            db,
            self.pulls,
            list(verdicts.values()),
            newer=lambda new, old: new.said_at < old.said_at,
        )
        upsert(
            db,
            self.withheld,
            [_held(key, event) for key, event in events if isinstance(event, NoticeWithheld)],
        )
        upsert(
            db,
            self.settled,
            [
                {"run_id": event.run_id, "attempt": event.attempt}
                for _, event in events
                if isinstance(event, NightSettled)
            ],
        )


LIVE = Notices()


class Withheld(Struct, frozen=True, kw_only=True):
    """That a subscriber was not told of something; `jobs` are the first few of `count`."""

    at: datetime
    jobs: tuple[str, ...]
    count: int
    text: str


def told_failing(db: Connection, community: str, subscriber: str, repo: Repo) -> set[str]:
    """Return the full names of the jobs of which a subscriber was told last that they fail."""
    jobs = LIVE.jobs.c
    query = select(jobs.job).where(
        jobs.community == community,
        jobs.subscriber == subscriber,
        jobs.repo == repo,
        jobs.fails,
    )
    return set(db.scalars(query))


def verdicts_told(
    db: Connection, repo: Repo, number: PullNumber, sha: Sha
) -> dict[tuple[str, str], list[str]]:
    """Return the verdicts on a commit of a pull request, the oldest first, by community and subscriber."""
    pulls = LIVE.pulls.c
    query = (
        select(pulls.community, pulls.subscriber, pulls.verdict)
        .where(pulls.repo == repo, pulls.number == number, pulls.sha == sha)
        .order_by(pulls.said_at, pulls.notice)
    )
    found: dict[tuple[str, str], list[str]] = {}
    for row in db.execute(query):
        found.setdefault((row.community, row.subscriber), []).append(row.verdict)
    return found


def newest_withheld(db: Connection, community: str, subscriber: str, limit: int) -> list[Withheld]:
    """Return what a subscriber was not told of, the newest first."""
    withheld = LIVE.withheld.c
    query = (
        select(LIVE.withheld)
        .where(withheld.community == community, withheld.subscriber == subscriber)
        .order_by(withheld.withheld_at.desc(), withheld.key)
        .limit(limit)
    )
    return [
        Withheld(
            at=from_microseconds(row.withheld_at),
            jobs=tuple(row.jobs.split("\n")) if row.jobs else (),
            count=row.jobs_count,
            text=row.reason,
        )
        for row in db.execute(query)
    ]


def settled_attempts(db: Connection, run_ids: Iterable[RunId]) -> set[tuple[RunId, int]]:
    """Return which attempts of some runs are settled."""
    settled = LIVE.settled.c
    query = select(settled.run_id, settled.attempt).where(settled.run_id.in_(sorted(run_ids)))
    return {(row.run_id, row.attempt) for row in db.execute(query)}


def _weight(row: dict[str, Any]) -> tuple[int, int]:
    return row["run_id"], row["attempt"]


def _told(event: Event) -> Iterable[dict[str, Any]]:
    if not isinstance(event, NoticeWanted) or not event.run_id:
        return []
    return [
        {
            "community": event.community,
            "subscriber": event.subscriber,
            "repo": event.repo,
            "job": job,
            "run_id": event.run_id,
            "attempt": event.attempt,
            "fails": fails,
        }
        for jobs, fails in ((event.failing, True), (event.fixed, False))
        for job in jobs
    ]


def _verdict(event: NoticeWanted | NoticeWithheld) -> dict[str, Any]:
    at = event.wanted_at if isinstance(event, NoticeWanted) else event.withheld_at
    return {
        "notice": event.notice,
        "community": event.community,
        "subscriber": event.subscriber,
        "repo": event.repo,
        "number": event.number,
        "sha": event.sha,
        "verdict": event.verdict,
        "said_at": microseconds(at),
    }


def _held(key: str, event: NoticeWithheld) -> dict[str, Any]:
    return {
        "key": key,
        "community": event.community,
        "subscriber": event.subscriber,
        "withheld_at": microseconds(event.withheld_at),
        "jobs": "\n".join(" ".join(job.split()) for job in event.jobs[:FEW]),
        "jobs_count": len(event.jobs),
        "reason": event.text,
    }
