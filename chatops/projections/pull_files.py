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

PULLS_PER_QUESTION = 500


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


def files_of_pulls(
    db: Connection, repo: Repo, numbers: Sequence[PullNumber]
) -> dict[tuple[PullNumber, Sha, str], tuple[str, ...]]:
    """Return the files of several pull requests as far as anybody has asked, by number, commit and base."""
    files = LIVE.files.c
    found: dict[tuple[PullNumber, Sha, str], tuple[str, ...]] = {}
    for start in range(0, len(numbers), PULLS_PER_QUESTION):
        query = select(LIVE.files).where(
            files.repo == repo, files.number.in_(numbers[start : start + PULLS_PER_QUESTION])
        )
        for row in db.execute(query):
            key = (PullNumber(row.number), Sha(row.sha), str(row.base))
            found[key] = tuple(msgspec.json.decode(row.files))
    return found


def pulls_with_files(
    db: Connection, repos: Sequence[Repo], numbers: Sequence[PullNumber]
) -> set[tuple[Repo, PullNumber, Sha, str]]:
    """Return for which commits of several pull requests, on which bases, somebody has asked for the files."""
    files = LIVE.files.c
    found: set[tuple[Repo, PullNumber, Sha, str]] = set()
    for start in range(0, len(numbers), PULLS_PER_QUESTION):
        query = select(files.repo, files.number, files.sha, files.base).where(
            files.repo.in_(repos), files.number.in_(numbers[start : start + PULLS_PER_QUESTION])
        )
        found.update(
            (Repo(repo), PullNumber(number), Sha(sha), base)
            for repo, number, sha, base in db.execute(query)
        )
    return found


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
