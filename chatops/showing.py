"""The dashboard's pages, put together: what they are made of, and what is kept because nothing has changed."""

import re
import threading
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from functools import cached_property, partial
from types import MappingProxyType
from typing import NamedTuple, TypeVar
from urllib.parse import urlencode

from sqlalchemy import Connection

import chatops.pages
from chatops.answers.nights import NightBoard, Sources, board_later, board_sources, night_board
from chatops.answers.open_queue import Queue, open_queue
from chatops.answers.own_state import OwnState, Process, own_state
from chatops.answers.pull_results import PullResults, pull_results
from chatops.answers.run_history import RunHistory, run_history
from chatops.config import Community, Configuration
from chatops.engine.catalogue import instances
from chatops.engine.command import Knowledge
from chatops.engine.database import Database
from chatops.ports import Clock
from chatops.surfaces.pages import Page, Show, packed
from chatops.views.formats import FORMS, Door, doors
from chatops.views.page import Viewer, lively
from chatops.views.view import USUAL_NIGHTS, View

Made = TypeVar("Made")
Thing = TypeVar("Thing")
VIEWS: Mapping[str, View] = MappingProxyType(
    {view.address: view for view in instances(chatops.pages, View)}
)
"""Every page, by its address."""
BRACES = re.compile(r"\{(\w+)(?::\w+)?\}")
PAGES_KEPT = 64
BOARDS_KEPT = 4
MADE_KEPT = 8
ONCE_KEPT = 4
DOORS: Sequence[Door] = tuple(door for view in VIEWS.values() for door in doors(view))
"""Every address under a community's own; what is made of pages comes before the pages that take any name."""


class _Board(NamedTuple):
    """A board, and the day and the sources it is of."""

    day: date
    sources: Sources
    board: NightBoard


@dataclass(slots=True)
class Shelf:
    """What pages of one database are made of, kept because it is costly and changes little at a time.

    Each thing is made from the one before it, so the things of one database are of no use for another.
    """

    boards: dict[Hashable, _Board] = field(default_factory=dict)
    queues: dict[str, Queue] = field(default_factory=dict)
    results: dict[str, PullResults] = field(default_factory=dict)
    histories: dict[str, RunHistory] = field(default_factory=dict)
    made: dict[int, tuple[object, object]] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def renewed(
        self, things: dict[str, Thing], key: str, make: Callable[[Thing | None], Thing]
    ) -> Thing:
        """Return a thing as it is now, made from what it was before."""
        with self.lock:
            before = things.get(key)
        now = make(before)
        with self.lock:
            things[key] = now
        return now


class Sight:
    """What one page is made of: a snapshot of the read models, and what is made of it once it is asked for."""

    def __init__(
        self,
        db: Connection,
        community: Community,
        now: datetime,
        *,
        viewer: Viewer,
        shelf: Shelf,
        knowledge: Callable[[Connection, Community], Knowledge],
        process: Callable[[], Process],
    ) -> None:
        self.viewer = viewer
        self._db = db
        self._community = community
        self._now = now
        self._shelf = shelf
        self._knowledge = knowledge
        self._process = process
        self._once: dict[Hashable, object] = {}

    @cached_property
    def knowledge(self) -> Knowledge:
        """The read models, and the configuration of the page's community."""
        return self._knowledge(self._db, self._community)

    def board(self, nights: int = USUAL_NIGHTS) -> NightBoard:
        """Return so many nights: the same board for every filter of it, while nothing on it has changed.

        A new minute changes only the ages on it; a new day, which nights are still to come. What is heard of pull
        requests changes nothing.
        """
        db, shelf, now = self._db, self._shelf, self._now
        of, runs = self._community.repositories, self._community.nightly
        place = (self._community.key, nights)
        sources = board_sources(db, of, runs, nights=nights)
        day = now.astimezone(UTC).date()
        with shelf.lock:
            known = shelf.boards.get(place)
        if known is not None and (known.day, known.sources) == (day, sources):
            return board_later(db, known.board, of, runs, now=now)
        board = night_board(db, of, runs, nights=nights, now=now, sources=sources)
        with shelf.lock:
            if len(shelf.boards) >= BOARDS_KEPT:
                shelf.boards.clear()
            shelf.boards[place] = _Board(day, sources, board)
        return board

    def queue(self) -> Queue:
        """Return the open pull requests: only what has news is looked at again."""
        make = partial(open_queue, self.knowledge)
        return self._shelf.renewed(self._shelf.queues, self._community.key, make)

    def results(self) -> PullResults:
        """Return the results of pull requests: only runs with news are read again."""
        make = partial(pull_results, self.knowledge)
        return self._shelf.renewed(self._shelf.results, self._community.key, make)

    def history(self) -> RunHistory:
        """Return the runs of the last weeks."""
        make = partial(run_history, self.knowledge)
        return self._shelf.renewed(self._shelf.histories, self._community.key, make)

    def own_state(self) -> OwnState:
        """Return how this process and its database are."""
        return own_state(self.knowledge, self._process())

    def once(self, key: Hashable, make: Callable[[], Made]) -> Made:
        """Return what was made under a key in this very look, or make it."""
        if key not in self._once:
            if len(self._once) >= ONCE_KEPT:
                self._once.clear()
            self._once[key] = make()
        return self._once[key]  # type: ignore[return-value]  # Nothing else is made under this key.

    def kept(self, of: object, make: Callable[[], Made]) -> Made:
        """Return what was made of the very same object before, or make it."""
        shelf = self._shelf
        with shelf.lock:
            known = shelf.made.get(id(of))
        if known is not None and known[0] is of:
            return known[1]  # type: ignore[return-value]  # Nothing else is made of this object.
        made = make()
        with shelf.lock:
            if len(shelf.made) >= MADE_KEPT:
                shelf.made.clear()
            shelf.made[id(of)] = (of, made)
        return made


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
    ) -> None:
        self._database = database
        self._configuration = configuration
        self._clock = clock
        self._knowledge = knowledge
        self._can_sign_in = can_sign_in
        self._process = process
        self._shelf = Shelf()
        self._pages: dict[Hashable, Page] = {}
        self._lock = threading.Lock()

    @contextmanager
    def look(self, community: Community) -> Iterator[Sight]:
        """Look at one snapshot for longer, as anybody sees it."""
        with self._database.read() as db:
            yield self._sight(db, community, self._clock.now(), Viewer.ANYBODY)

    def shows(self) -> Mapping[str, Show]:
        """Return what answers at each address."""
        return {door.address: self.show(door) for door in DOORS}

    def warm(self, is_over: Callable[[], bool] = lambda: False) -> None:
        """Make what is costly before somebody asks for it; between two things it looks whether it should end."""
        for community in self._configuration.communities.values():
            for make in (Sight.board, Sight.queue, Sight.results, Sight.history):
                if is_over():
                    return
                with self._database.read() as db:
                    make(self._sight(db, community, self._clock.now(), Viewer.ANYBODY))

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
        """Return a page in a format, nothing if there is none; one with a stamp is kept while it is the same."""
        community = self._community(key)
        make = door.makes.get(form)
        if community is None or make is None:
            return None
        view, is_signed_in = door.view, is_signed_in and not door.is_framed
        now, viewer = self._clock.now(), self._viewer(form, is_signed_in=is_signed_in)
        with self._database.read() as db:
            seen = self._sight(db, community, now, viewer)
            moved_to = view.moved(seen, query) if view.moved is not None else None
            if moved_to is not None:
                return _moved(moved_to, form, query, view)
            place: Hashable = None
            if view.stamp is not None:
                asked = (door.address, community.key, form, viewer, tuple(sorted(query.items())))
                place = (*asked, compress, view.stamp(seen, query))
                with self._lock:
                    kept = self._pages.get(place)
                if kept is not None:
                    return kept
            body = make(seen, query)
        if body is None:
            return None
        if form == "html" and not door.is_framed:
            asked_for = BRACES.sub(lambda found: query[found[1]], view.address)
            body = lively(body, community=community.key, address=view.address, place=asked_for)
        page = packed(
            body.encode(), FORMS[form].media_type, compress=compress, keeping=FORMS[form].keeping
        )
        if door.is_framed:
            page = replace(page, frames=community.embedded_in)
        if place is not None:
            with self._lock:
                if len(self._pages) >= PAGES_KEPT:
                    self._pages.clear()
                self._pages[place] = page
        return page

    def _sight(self, db: Connection, community: Community, now: datetime, viewer: Viewer) -> Sight:
        return Sight(
            db,
            community,
            now,
            viewer=viewer,
            shelf=self._shelf,
            knowledge=self._knowledge,
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
