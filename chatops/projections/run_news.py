"""When was anything last heard of a run, of its attempts or its jobs?"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import ClassVar

from msgspec import Struct
from sqlalchemy import BigInteger, Column, Connection, Index, Table, func, select

from chatops.engine.clock import microseconds
from chatops.engine.projection import Projection
from chatops.engine.upsert import upsert
from chatops.events import Event, Recorded
from chatops.events.runs import (
    JobCompleted,
    JobQueued,
    JobReported,
    JobStarted,
    RunCompleted,
    RunHeld,
    RunReported,
    RunRequested,
    RunStarted,
)
from chatops.names import RunId

MARGIN = 10_000_000
"""Ten seconds: how far what is recorded by several processes may be out of order, and more."""


class RunNews(Projection):
    """One row per run: when we last recorded something of it, in microseconds since 1970.

    What is made of many runs is made anew only when one of them has news.
    """

    name: ClassVar[str] = "run_news"
    reads: ClassVar[tuple[type[Event], ...]] = (
        JobCompleted, JobQueued, JobReported, JobStarted,
        RunCompleted, RunHeld, RunReported, RunRequested, RunStarted,
    )  # fmt: skip

    news: Table

    def declare(self) -> None:
        self.news = self.table(
            "run_news",
            Column("run_id", BigInteger, primary_key=True, autoincrement=False),
            Column("heard_at", BigInteger, nullable=False),
            Index(f"{self.prefix}run_news_newest", "heard_at"),
        )

    def apply(self, facts: Sequence[Recorded], db: Connection) -> None:
        newest: dict[int, int] = {}
        for fact in facts:
            run_id: int = fact.event.run_id  # type: ignore[attr-defined]  # every kind in `reads` has one
            if fact.recorded_us > newest.get(run_id, 0):
                newest[run_id] = fact.recorded_us
        upsert(
            db,
            self.news,
            [{"run_id": run_id, "heard_at": heard} for run_id, heard in newest.items()],
            newer=lambda new, old: new.heard_at > old.heard_at,
        )


LIVE = RunNews()


def news_of_runs(db: Connection, run_ids: Sequence[RunId]) -> tuple[tuple[RunId, int], ...]:
    """Return these runs with the moment of their newest news, which no two share: as long as it is the same, so is all
    that was heard of them.
    """
    news = LIVE.news.c
    query = select(news.run_id, news.heard_at).where(news.run_id.in_(run_ids)).order_by(news.run_id)
    return tuple((RunId(run_id), heard_at) for run_id, heard_at in db.execute(query))


class News(Struct, frozen=True, kw_only=True):
    """The runs of which there was news since somebody looked last, the oldest first, and what is seen of the newest.

    Processes write at about the same time, so that what comes a little later may have happened a little earlier:
    what is newer than `until` less a margin is looked at again, and told apart by `seen`.
    """

    runs: tuple[RunId, ...]
    until: int
    seen: Mapping[RunId, int]


def newer_news(db: Connection, before: News | None, *, since: datetime | None = None) -> News:
    """Return what is new since `before`; where nobody has looked yet, what is since a moment, or where to begin."""
    news = LIVE.news.c
    newest = db.scalar(select(func.max(news.heard_at))) or 0
    until = newest if before is None else before.until
    after = microseconds(since) if before is None and since is not None else until - MARGIN
    query = select(news.run_id, news.heard_at).where(news.heard_at > after).order_by(news.heard_at)
    heard = {RunId(run_id): heard_at for run_id, heard_at in db.execute(query)}
    known = before.seen if before is not None else heard if since is None else {}
    return News(
        runs=tuple(run_id for run_id, at in heard.items() if known.get(run_id) != at),
        until=newest,
        seen={run_id: at for run_id, at in heard.items() if at > newest - MARGIN},
    )
