"""The dashboard's pages, put together; and kept while nothing has changed on them."""

import re
import threading
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from types import MappingProxyType
from urllib.parse import urlencode

import msgspec
from msgspec.structs import replace
from sqlalchemy import Connection

import chatops.pages
from chatops.answers.own_state import Process
from chatops.config import Community, Configuration
from chatops.engine.catalogue import instances
from chatops.engine.command import Knowledge
from chatops.engine.database import Database
from chatops.errors import Refused
from chatops.looking_back import Pasts
from chatops.ports import Clock
from chatops.showing_past import PastPages
from chatops.sight import Shelf, Sight
from chatops.surfaces.pages import Described, Page, Show
from chatops.views.described import described, render_api
from chatops.views.formats import Door, doors
from chatops.views.moment import NOW, what_is_asked, with_way_back, without_way_back
from chatops.views.page import Viewer, lively
from chatops.views.view import View
from chatops.wanted import Wanted

VIEWS: Mapping[str, View] = MappingProxyType(
    {view.address: view for view in instances(chatops.pages, View)}
)
"""Every page, by its address."""
BRACES = re.compile(r"\{(\w+)(?::\w+)?\}")
PAGES_KEPT = 64
DOORS: Sequence[Door] = tuple(door for view in VIEWS.values() for door in doors(view))
"""Every address under a community's own; what is made of pages comes before the pages that take any name."""


def _moved(to: str, form: str, query: Mapping[str, str], view: View) -> Page:
    """Return that a page is elsewhere, in the same format and with the same question."""
    asked = {key: value for key, value in query.items() if f"{{{key}}}" not in view.address}
    ending = "" if form == "html" else f".{form}"
    tail = f"?{urlencode(asked)}" if asked else ""
    return Page(body=b"", media_type="", etag="", moved_to=f"{to}{ending}{tail}")


class Pages:
    """Every page of every community: a read-only snapshot, rendered."""

    def __init__(
        self,
        database: Database,
        configuration: Configuration,
        clock: Clock,
        *,
        knowledge: Callable[[Connection, Community], Knowledge],
        can_sign_in: bool,
        process: Callable[[], Process] = Process,
        pasts: Pasts | None = None,
    ) -> None:
        self._database = database
        self._configuration = configuration
        self._clock = clock
        self._knowledge = knowledge
        self._can_sign_in = can_sign_in
        self._process = process
        self._past = PastPages(pasts, clock, knowledge=knowledge) if pasts is not None else None
        self._shelf = Shelf()
        self._pages: dict[Hashable, Page] = {}
        self._lock = threading.Lock()

    @contextmanager
    def look(self, community: Community) -> Iterator[Sight]:
        """Look at one snapshot for longer, as anybody sees it."""
        with self._looked(community, Viewer.ANYBODY) as seen:
            yield seen

    def shows(self) -> Mapping[str, Show]:
        """Return what answers at each address."""
        return {door.address: self.show(door) for door in DOORS}

    def programs(self) -> Described:
        """Return what programs can read, and how it is described."""
        return Described(
            shows={door.address: self.show(door) for door in DOORS if "json" in door.makes},
            openapi=msgspec.json.encode(described(VIEWS.values())),
            page=render_api(VIEWS.values()).encode(),
        )

    def warm(self, is_over: Callable[[], bool] = lambda: False) -> None:
        """Make what is costly before somebody asks for it; between two things it looks whether it should end."""
        for community in self._configuration.communities.values():
            for make in (Sight.board, Sight.queue, Sight.results, Sight.history):
                if is_over():
                    return
                with self.look(community) as seen:
                    make(seen)

    def show(self, door: Door) -> Show:
        """Return what answers at an address."""
        return partial(self._shown, door)

    def _shown(
        self,
        door: Door,
        key: str | None,
        form: str,
        query: Mapping[str, str],
        *,
        compress: bool,
        is_signed_in: bool = False,
    ) -> Page | None:
        """Return a page in a format, of now or of a moment; nothing if there is none."""
        community = self._community(key)
        if community is None or form not in door.makes:
            return None
        names = {name: query[name] for name in BRACES.findall(door.view.address) if name in query}
        asked = what_is_asked(query, names)
        wanted = Wanted(door, community, form, asked, {**asked.rest, **names}, compress)
        viewer = self._viewer(form, is_signed_in=is_signed_in and not door.is_framed)
        if not asked.is_about_the_past and asked.at != NOW:
            return self._now(wanted, viewer, query)
        if self._past is None:
            return wanted.refused(Refused("No past is kept here."))
        return self._past.page(wanted, partial(self._looked, community, viewer))

    def _now(self, wanted: Wanted, viewer: Viewer, query: Mapping[str, str]) -> Page | None:
        """Return a page as it is; one with a stamp is kept while it is the same."""
        view, place = wanted.door.view, None
        with self._looked(wanted.community, viewer) as seen:
            moved_to = view.moved(seen, query) if view.moved is not None else None
            if moved_to is not None:
                return _moved(moved_to, wanted.form, query, view)
            if view.stamp is not None:
                place = (wanted.place, viewer, view.stamp(seen, wanted.query))
                with self._lock:
                    kept = self._pages.get(place)
                if kept is not None:
                    return kept
            body = wanted.body(seen)
            if body is None:
                return wanted.missing(seen)
        page = wanted.page(self._with_ways(wanted, body, query) if wanted.is_a_page else body)
        if place is not None:
            with self._lock:
                if len(self._pages) >= PAGES_KEPT:
                    self._pages.clear()
                self._pages[place] = page
        return page

    def _with_ways(self, wanted: Wanted, body: str, query: Mapping[str, str]) -> str:
        """Return a page with the ways to its past, if one is kept, and with what it listens for while it is open."""
        has_past = self._past is not None
        body = with_way_back(body, wanted.asked) if has_past else without_way_back(body)
        address = wanted.door.view.address
        place = BRACES.sub(lambda found: query[found[1]], address)
        return lively(body, community=wanted.community.key, address=address, place=place)

    @contextmanager
    def _looked(self, community: Community, viewer: Viewer) -> Iterator[Sight]:
        """Look at one snapshot of now."""
        now = self._clock.now()
        with self._database.read() as db:
            yield self.sight(db, community, now, viewer=viewer)

    def sight(
        self,
        db: Connection,
        community: Community,
        now: datetime,
        *,
        viewer: Viewer = Viewer.ANYBODY,
    ) -> Sight:
        """Return what pages are made of that show a snapshot, as it is at a moment."""
        return Sight(
            db,
            community,
            now,
            viewer=viewer,
            shelf=self._shelf,
            knowledge=lambda db, community: replace(self._knowledge(db, community), now=now),
            process=self._process,
        )

    def _viewer(self, form: str, *, is_signed_in: bool) -> Viewer:
        """Return all that a page is told of who looks at it; what programs read is the same for everybody."""
        if form != "html" or not self._can_sign_in:
            return Viewer.ANYBODY
        return Viewer.SIGNED_IN if is_signed_in else Viewer.STRANGER

    def _community(self, key: str | None) -> Community | None:
        if key is None:
            return self._configuration.default_community
        return self._configuration.communities.get(key)
