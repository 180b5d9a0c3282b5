"""Which repositories can only be seen by some?"""

from collections.abc import Sequence
from typing import ClassVar

from sqlalchemy import BigInteger, Boolean, Column, Connection, String, Table, and_, or_, select

from chatops.engine.clock import microseconds
from chatops.engine.projection import Projection
from chatops.engine.upsert import upsert
from chatops.events import Event, Recorded
from chatops.events.repositories import RepositorySeen
from chatops.names import Repo


class Visibility(Projection):
    """One row per repository: what was said of it last; of two things said of one moment, that it is private."""

    name: ClassVar[str] = "visibility"
    reads: ClassVar[tuple[type[Event], ...]] = (RepositorySeen,)

    repositories: Table

    def declare(self) -> None:
        self.repositories = self.table(
            "repositories",
            Column("repo", String, primary_key=True),
            Column("seen_at", BigInteger, nullable=False),
            Column("private", Boolean, nullable=False),
        )

    def apply(self, facts: Sequence[Recorded], db: Connection) -> None:
        last: dict[str, tuple[int, bool]] = {}
        for fact in facts:
            event = fact.event
            assert isinstance(event, RepositorySeen)
            repo, said = event.repo.lower(), (microseconds(event.seen_at), event.private)
            last[repo] = max(said, last.get(repo, said))
        rows = [
            {"repo": repo, "seen_at": seen_at, "private": private}
            for repo, (seen_at, private) in last.items()
        ]
        upsert(
            db,
            self.repositories,
            rows,
            newer=lambda new, old: or_(
                new.seen_at > old.seen_at,
                and_(new.seen_at == old.seen_at, new.private.is_(True)),
            ),
        )


LIVE = Visibility()


def private_repositories(db: Connection, repos: Sequence[Repo]) -> frozenset[Repo]:
    """Return those of some repositories of which GitHub said last that they are private."""
    seen = LIVE.repositories.c
    names = {repo.lower(): repo for repo in repos}
    query = select(seen.repo).where(seen.repo.in_(names), seen.private.is_(True))
    return frozenset(names[name] for name in db.scalars(query))
