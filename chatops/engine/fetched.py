"""Which attempts of runs were fetched whole, so that a backfill that is started again does not ask twice."""

from collections.abc import Sequence

from sqlalchemy import BigInteger, Column, Integer, Table, select

from chatops.engine.database import METADATA, Database
from chatops.engine.upsert import upsert
from chatops.names import Repo, RunId

FETCHED = Table(
    "fetched",
    METADATA,
    Column("run_id", BigInteger, primary_key=True, autoincrement=False),
    Column("attempt", Integer, primary_key=True, autoincrement=False),
)
"""Hearing that an attempt ended is not enough: its jobs may have been lost on the way."""


class Fetched:
    """Remembers, in the database, what was fetched with all of its jobs."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def known(self, repo: Repo, run_id: RunId, attempt: int) -> bool:
        """Return whether an attempt of a run was fetched whole."""
        del repo
        fetched = FETCHED.c
        query = select(fetched.attempt).where(fetched.run_id == run_id, fetched.attempt == attempt)
        with self._database.read() as db:
            return db.execute(query).first() is not None

    def remember(self, attempts: Sequence[tuple[RunId, int]]) -> None:
        """Remember attempts that are recorded with all of their jobs."""
        rows = [{"run_id": run_id, "attempt": attempt} for run_id, attempt in attempts]
        with self._database.write(durable=False) as db:
            upsert(db, FETCHED, rows)
