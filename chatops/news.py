"""Which pages have news: found by looking into the log, once for everybody who has a page open."""

from collections.abc import Callable, Collection, Iterator, Mapping

import msgspec
import structlog
from sqlalchemy import Connection

from chatops.config import Community, Configuration
from chatops.engine.command import Knowledge
from chatops.engine.log import Log
from chatops.engine.projection import progress_of
from chatops.errors import Broken
from chatops.events import Event, Recorded
from chatops.showing import VIEWS
from chatops.surfaces.stream import Lately, One
from chatops.views.view import View

logger = structlog.get_logger(__name__)

MOST_READ = 500
"""Events at one look."""


class News:
    """Looks for what pages show by now and did not show before."""

    def __init__(
        self,
        log: Log,
        configuration: Configuration,
        projections: Collection[str],
        *,
        knowledge: Callable[[Connection, Community], Knowledge],
        views: Mapping[str, View] = VIEWS,
    ) -> None:
        self._log = log
        self._configuration = configuration
        self._projections = projections
        self._knowledge = knowledge
        self._views = tuple(views.values())

    def look(self, after: int | None) -> Lately:
        """Return up to where pages show what was recorded, and what has news since a position.

        What is long ago is not looked through, and neither is what cannot be read: whoever knows no more than that
        takes everything to be new.
        """
        with self._log.database.read() as db:
            shown = self._shown(db)
            since = shown if after is None else min(max(after, shown - MOST_READ), shown)
            try:
                found = self._found(since, shown, db) if since < shown else ()
            except (Broken, msgspec.MsgspecError) as problem:
                logger.warning("not looked for news", after=since, problem=str(problem))
                since, found = shown, ()
        return Lately(position=shown, since=since, found=found)

    def _found(self, after: int, upto: int, db: Connection) -> list[One]:
        known = {
            key: self._knowledge(db, community)
            for key, community in self._configuration.communities.items()
        }
        return [
            One(position=recorded.position, community=key, pages=pages)
            for recorded in self._log.read(after, upto - after, db)
            for key in self._concerned(recorded.event)
            if (pages := frozenset(self._changed(known[key], recorded)))
        ]

    def _shown(self, db: Connection) -> int:
        """Return what all read models have seen; one that has stopped holds up nobody."""
        progress = progress_of(db, self._projections, self._log.head(db))
        return min((one.position for one in progress if one.error is None), default=0)

    def _concerned(self, event: Event) -> Iterator[str]:
        """Yield the communities an event is about: all of them, where it does not say."""
        meant, repo = getattr(event, "community", ""), getattr(event, "repo", "")
        for key, community in self._configuration.communities.items():
            if key == meant or (not meant and (not repo or repo in community.repositories)):
                yield key

    def _changed(self, knowledge: Knowledge, recorded: Recorded) -> Iterator[str]:
        for view in self._views:
            if view.news is None:
                yield view.address
            else:
                yield from view.news(knowledge, recorded)
