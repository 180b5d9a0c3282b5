"""When was anything last heard of a run, of its attempts or its jobs?"""

from collections.abc import Sequence
from typing import ClassVar

from sqlalchemy import BigInteger, Column, Connection, Table, select

from chatops.engine.projection import Projection
from chatops.engine.upsert import upsert
from chatops.events import Event, Recorded
from chatops.events.runs import (
    JobCompleted,
    JobQueued,
    JobReported,
    JobStarted,
    RunCompleted,
    RunReported,
    RunRequested,
    RunStarted,
)
from chatops.names import RunId


class RunNews(Projection):
    """One row per run: when we last recorded something of it, in microseconds since 1970.

    What is made of many runs is made anew only when one of them has news.
    """

    name: ClassVar[str] = "run_news"
    reads: ClassVar[tuple[type[Event], ...]] = (
        JobCompleted, JobQueued, JobReported, JobStarted,
        RunCompleted, RunReported, RunRequested, RunStarted,
    )  # fmt: skip

    news: Table

    def declare(self) -> None:
        self.news = self.table(
            "run_news",
            Column("run_id", BigInteger, primary_key=True, autoincrement=False),
            Column("heard_at", BigInteger, nullable=False),
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
