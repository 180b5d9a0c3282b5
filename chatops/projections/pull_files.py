"""Which files does a pull request change?"""

from collections.abc import Sequence
from typing import ClassVar

import msgspec
from sqlalchemy import Column, Connection, Integer, String, Table, select

from chatops.engine.projection import Projection
from chatops.engine.upsert import upsert
from chatops.events import Event, Recorded
from chatops.events.pulls import PullFilesSeen
from chatops.names import PullNumber, Repo, Sha


class PullFiles(Projection):
    """One row per head commit and base branch that somebody asked about."""

    name: ClassVar[str] = "pull_files"
    reads: ClassVar[tuple[type[Event], ...]] = (PullFilesSeen,)

    files: Table

    def declare(self) -> None:
        self.files = self.table(
            "pull_files",
            Column("repo", String, primary_key=True),
            Column("number", Integer, primary_key=True, autoincrement=False),
            Column("sha", String, primary_key=True),
            Column("base", String, primary_key=True),
            Column("files", String, nullable=False),
        )

    def apply(self, facts: Sequence[Recorded], db: Connection) -> None:
        rows: dict[str, dict[str, object]] = {}
        for fact in facts:
            event = fact.event
            assert isinstance(event, PullFilesSeen)
            rows[fact.key] = {
                "repo": event.repo,
                "number": event.number,
                "sha": event.sha,
                "base": event.base,
                "files": msgspec.json.encode(event.files).decode(),
            }
        upsert(db, self.files, list(rows.values()))


LIVE = PullFiles()


def files_of_pull(
    db: Connection, repo: Repo, number: PullNumber, sha: Sha, base: str
) -> tuple[str, ...] | None:
    """Return the files a pull request changes at a commit, nothing if nobody has asked GitHub."""
    files = LIVE.files.c
    found = db.scalar(
        select(files.files).where(
            files.repo == repo, files.number == number, files.sha == sha, files.base == base
        )
    )
    return None if found is None else tuple(msgspec.json.decode(found))
