"""Pages as they were at a moment, and what is different between two: the same pages, made of what was known then."""

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from datetime import timedelta

from msgspec.structs import replace
from sqlalchemy import Connection

from chatops.answers.own_state import Process
from chatops.config import Community
from chatops.engine.command import Knowledge, Story
from chatops.engine.moments import Moment
from chatops.errors import Refused
from chatops.events import Event
from chatops.looking_back import Past, Pasts, Underway
from chatops.ports import Clock
from chatops.sight import Shelf, Sight
from chatops.surfaces.pages import Page
from chatops.views.compared import compared
from chatops.views.moment import NOW, Asked, Bar, Place, json_of, read_moment, with_bar, written
from chatops.views.page import LIVE, Viewer
from chatops.wanted import Wanted

MOMENTS_KEPT = 6
SETTLED = timedelta(minutes=1)
"""After which nothing that is still being written can belong to a moment."""
FOR_AN_HOUR = "public, max-age=3600"


class PastPages:
    """Every page at every moment of the past."""

    def __init__(
        self,
        pasts: Pasts,
        clock: Clock,
        *,
        knowledge: Callable[[Connection, Community], Knowledge],
    ) -> None:
        self._pasts = pasts
        self._clock = clock
        self._knowledge = knowledge
        self._shelves: dict[tuple[Moment, int], Shelf] = {}
        self._lock = threading.Lock()

    def page(
        self, wanted: Wanted, live: Callable[[], AbstractContextManager[Sight]]
    ) -> Page | None:
        """Return a page as it was at a moment, or of now with the ways back; or what is different between two."""
        asked, moments = wanted.asked, self._pasts.moments
        try:
            newest = moments.newest()
            moment = None if asked.at in {"", NOW} else self._moment(asked.at, asked)
            other = self._moment(asked.compare, asked) if asked.compare else None
        except Refused as problem:
            return wanted.refused(problem)
        with ExitStack() as stack:
            looks = [stack.enter_context(self._pasts.look(one)) for one in (moment, other) if one]
            for look in looks:
                if isinstance(look, Underway):
                    return wanted.waits(look)
            found = [look for look in looks if isinstance(look, Past)]
            sight = stack.enter_context(
                self._sight(wanted.community, moment, found[0]) if moment else live()
            )
            body = wanted.body(sight)
            if body is None:
                return wanted.unknown(moment)
            change = None
            if other is not None:
                before = stack.enter_context(self._sight(wanted.community, other, found[-1]))
                change = compared(wanted.facts(before), wanted.facts(sight))
            here = moment or replace(newest, at=self._clock.now())
            bar = Bar(
                asked=asked,
                place=self._place(here, wanted.community),
                compared=change,
                other=self._place(other, wanted.community) if other is not None else None,
            )
        if wanted.form == "json":
            body = json_of(body, bar)
        elif wanted.is_a_page:
            body = with_bar(body, bar).replace(LIVE, "")
        is_settled = moment is not None and self._clock.now() - moment.at > SETTLED
        is_for_good = is_settled and not asked.by_event and other is None
        return wanted.page(body, keeping=FOR_AN_HOUR if is_for_good else "")

    def _moment(self, word: str, asked: Asked) -> Moment:
        """Return the moment that an address names."""
        moments = self._pasts.moments
        meant = read_moment(word, self._clock.now())
        if isinstance(meant, int):
            return moments.at_position(meant, by_event=asked.by_event)
        return moments.at_time(meant, written(meant), by_event=asked.by_event)

    @contextmanager
    def _sight(self, community: Community, moment: Moment, past: Past) -> Iterator[Sight]:
        """Open the read models of a moment; what no event tells is not known of it."""

        def knowledge(db: Connection, community: Community) -> Knowledge:
            return replace(
                self._knowledge(db, community),
                now=moment.at,
                log=past.log,
                story=lambda command: Story(tuple(one.event for one in past.log.story(command))),
            )

        with past.database.read() as db:
            yield Sight(
                db,
                community,
                moment.at,
                viewer=Viewer.LOOKING_BACK,
                shelf=self._shelf(moment, past.looked),
                knowledge=knowledge,
                process=Process,
            )

    def _shelf(self, moment: Moment, looked: int) -> Shelf:
        """Return what is kept of a moment; what was looked at first goes first."""
        key = (moment, looked)
        with self._lock:
            if key not in self._shelves and len(self._shelves) >= MOMENTS_KEPT:
                self._shelves.pop(next(iter(self._shelves)))
            return self._shelves.setdefault(key, Shelf())

    def _place(self, moment: Moment, community: Community) -> Place:
        """Return where a moment is in the log; single steps are to the events of the page's community."""

        def belongs(event: Event) -> bool:
            return (
                getattr(event, "repo", None) in community.repositories
                or getattr(event, "community", None) == community.key
            )

        ways = self._pasts.moments.ways(moment, belongs)
        return Place(
            position=moment.position,
            at=moment.at,
            before=ways.before,
            after=ways.after,
            first=ways.first_at or moment.at,
            now=ways.now,
        )
