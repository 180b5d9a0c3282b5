"""The dashboard's pages, put together: what they are made of, and what is kept because nothing has changed."""

import re
import threading
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from functools import cached_property, partial
from http import HTTPStatus
from types import MappingProxyType
from typing import NamedTuple, TypeVar
from urllib.parse import urlencode

import msgspec
from sqlalchemy import Connection

import chatops.pages
from chatops.answers.nights import NightBoard, Sources, board_later, board_sources, night_board
from chatops.answers.open_queue import Queue, open_queue
from chatops.answers.own_state import OwnState, Process, own_state
from chatops.answers.pull_results import PullResults, pull_results
from chatops.answers.run_history import RunHistory, run_history
from chatops.config import Community, Configuration
from chatops.engine.catalogue import instances
from chatops.engine.command import Knowledge, Story
from chatops.engine.database import Database
from chatops.engine.moments import Moment
from chatops.errors import Refused
from chatops.events import Event
from chatops.looking_back import Past, Pasts, Underway
from chatops.ports import Clock
from chatops.surfaces.pages import Described, Page, Show, packed
from chatops.views.compared import compared
from chatops.views.described import PROBLEMS, Problem, described, render_api
from chatops.views.formats import FORMS, Door, doors
from chatops.views.moment import (
    NOW,
    Asked,
    Bar,
    Place,
    in_words,
    json_of,
    read_moment,
    waiting_json,
    waiting_page,
    what_is_asked,
    with_bar,
    with_way_back,
    without_way_back,
    written,
    wrong_page,
)
from chatops.views.page import LIVE, Viewer, lively
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
NOT_PUT_TOGETHER = "This moment could not be put together. Try again in a minute."
ONCE_KEPT = 4
DOORS: Sequence[Door] = tuple(door for view in VIEWS.values() for door in doors(view))
"""Every address under a community's own; what is made of pages comes before the pages that take any name."""
MOMENTS_KEPT = 6
SETTLED = timedelta(minutes=1)
"""After which nothing that is still being written can belong to a moment."""
FOR_AN_HOUR = "public, max-age=3600"
LOOKS_AGAIN = 2
"""Seconds after which a page that is not ready looks again."""


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
        is_past = self.viewer is Viewer.LOOKING_BACK
        return own_state(self.knowledge, self._process(), is_past=is_past)

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
        pasts: Pasts | None = None,
    ) -> None:
        self._database = database
        self._pasts = pasts
        self._configuration = configuration
        self._clock = clock
        self._knowledge = knowledge
        self._can_sign_in = can_sign_in
        self._process = process
        self._shelf = Shelf()
        self._shelves: dict[Hashable, Shelf] = {}
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
        own = {name: query[name] for name in BRACES.findall(view.address) if name in query}
        asked = what_is_asked(query, own)
        wanted = _Wanted(door, community, form, asked, {**asked.rest, **own}, compress)
        viewer = self._viewer(form, is_signed_in=is_signed_in)
        if asked.is_about_the_past or asked.at == NOW:
            return self._looked_back(wanted, viewer)
        now = self._clock.now()
        with self._database.read() as db:
            seen = self._sight(db, community, now, viewer)
            moved_to = view.moved(seen, query) if view.moved is not None else None
            if moved_to is not None:
                return _moved(moved_to, form, query, view)
            place: Hashable = None
            if view.stamp is not None:
                words = tuple(sorted(wanted.query.items()))
                place = (
                    door.address, community.key, form, viewer, words, compress, view.stamp(seen, wanted.query),
                )  # fmt: skip
                with self._lock:
                    kept = self._pages.get(place)
                if kept is not None:
                    return kept
            body = wanted.body(seen)
        if body is None:
            return None
        if wanted.is_a_page:
            has_past = self._pasts is not None
            body = with_way_back(body, asked) if has_past else without_way_back(body)
            asked_for = BRACES.sub(lambda found: query[found[1]], view.address)
            body = lively(body, community=community.key, address=view.address, place=asked_for)
        page = wanted.page(body)
        if place is not None:
            with self._lock:
                if len(self._pages) >= PAGES_KEPT:
                    self._pages.clear()
                self._pages[place] = page
        return page

    # --- looking back -------------------------------------------------------

    def _looked_back(self, wanted: "_Wanted", viewer: Viewer) -> Page | None:
        """Return a page as it was at a moment, or of now with the ways back; or what is different between two."""
        asked, pasts = wanted.asked, self._pasts
        if pasts is None:
            return wanted.refused(Refused("No past is kept here."))
        try:
            newest = pasts.moments.newest()
            moment = None if asked.at in {"", NOW} else self._moment(pasts, asked.at, asked)
            other = self._moment(pasts, asked.compare, asked) if asked.compare else None
        except Refused as problem:
            return wanted.refused(problem)
        with ExitStack() as stack:
            looks = [stack.enter_context(pasts.look(one)) for one in (moment, other) if one]
            for look in looks:
                if isinstance(look, Underway):
                    return wanted.waits(look)
            found = [look for look in looks if isinstance(look, Past)]
            sight = stack.enter_context(
                self._past_sight(wanted, moment, found[0]) if moment else self._live(wanted, viewer)
            )
            body = wanted.body(sight)
            if body is None:
                return wanted.unknown(moment)
            change = None
            if other is not None:
                before = stack.enter_context(self._past_sight(wanted, other, found[-1]))
                change = compared(wanted.facts(before), wanted.facts(sight))
            here = moment or replace(newest, at=self._clock.now())
            bar = Bar(
                asked=asked,
                place=_place(pasts, here, wanted.community),
                compared=change,
                other=_place(pasts, other, wanted.community) if other is not None else None,
            )
        if wanted.form == "json":
            body = json_of(body, bar)
        elif wanted.is_a_page:
            body = with_bar(body, bar).replace(LIVE, "")
        is_settled = moment is not None and self._clock.now() - moment.at > SETTLED
        is_for_good = is_settled and not asked.by_event and other is None
        return wanted.page(body, keeping=FOR_AN_HOUR if is_for_good else "")

    def _moment(self, pasts: Pasts, word: str, asked: Asked) -> Moment:
        """Return the moment that an address names."""
        meant = read_moment(word, self._clock.now())
        if isinstance(meant, int):
            return pasts.moments.at_position(meant, by_event=asked.by_event)
        return pasts.moments.at_time(meant, written(meant), by_event=asked.by_event)

    @contextmanager
    def _live(self, wanted: "_Wanted", viewer: Viewer) -> Iterator[Sight]:
        with self._database.read() as db:
            yield self._sight(db, wanted.community, self._clock.now(), viewer)

    @contextmanager
    def _past_sight(self, wanted: "_Wanted", moment: Moment, past: Past) -> Iterator[Sight]:
        """Open the read models of a moment; what no event tells is not known of it."""

        def knowledge(db: Connection, community: Community) -> Knowledge:
            return replace(
                self._knowledge(db, community),
                now=moment.at,
                log=past.log,
                story=lambda command: Story(tuple(one.event for one in past.log.story(command))),
            )

        key = (moment, past.looked)
        with self._lock:
            if key not in self._shelves and len(self._shelves) >= MOMENTS_KEPT:
                self._shelves.pop(next(iter(self._shelves)))
            shelf = self._shelves.setdefault(key, Shelf())
        with past.database.read() as db:
            yield Sight(
                db,
                wanted.community,
                moment.at,
                viewer=Viewer.LOOKING_BACK,
                shelf=shelf,
                knowledge=knowledge,
                process=Process,
            )

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


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A page that somebody wants: which one, of whom, in which format, and with which words."""

    door: Door
    community: Community
    form: str
    asked: Asked
    query: Mapping[str, str]
    compress: bool

    @property
    def is_a_page(self) -> bool:
        """Return whether it is for people, and whole: such a one says of when it is, and leads to other moments."""
        return self.form == "html" and not self.door.is_framed

    def body(self, seen: Sight) -> str | None:
        """Return the page as it is made of what is known; nothing if there is none."""
        made = self.door.makes[self.form](seen, self.query)
        return made if made is None or self.is_a_page else without_way_back(made).replace(LIVE, "")

    def facts(self, seen: Sight) -> Mapping[str, object] | None:
        """Return what the page tells programs."""
        told = self.door.view.json(seen, self.query)
        return None if told is None else msgspec.json.decode(told, type=dict[str, object])

    def page(self, body: str, *, keeping: str = "") -> Page:
        """Return it as it is sent."""
        form = FORMS[self.form]
        page = packed(
            body.encode(), form.media_type, compress=self.compress, keeping=keeping or form.keeping
        )
        return replace(page, frames=self.community.embedded_in) if self.door.is_framed else page

    def waits(self, look: Underway) -> Page:
        """Return that it is not ready, and how far it is."""
        failed = look.has_failed
        if self.form == "json" and failed:
            return self.problem(HTTPStatus.SERVICE_UNAVAILABLE, NOT_PUT_TOGETHER)
        if self.form == "json":
            body = waiting_json(look.share)
        else:
            body = waiting_page(
                self.asked, name=self.community.title, share=look.share, has_failed=failed
            )
        return replace(
            self.page(body, keeping="no-store"),
            status=HTTPStatus.SERVICE_UNAVAILABLE if failed else HTTPStatus.ACCEPTED,
            again=0 if failed else LOOKS_AGAIN,
        )

    def refused(self, problem: Refused, status: HTTPStatus = HTTPStatus.BAD_REQUEST) -> Page:
        """Return why there is no such moment."""
        if self.form == "json":
            return self.problem(status, problem.text)
        body = wrong_page(problem.text, self.asked, name=self.community.title)
        return replace(self.page(body, keeping="no-store"), status=status)

    def problem(self, status: HTTPStatus, why: str) -> Page:
        """Return for a program why it is not to be had."""
        told = Problem(title=status.phrase, status=int(status), detail=why)
        page = packed(
            msgspec.json.encode(told), PROBLEMS, compress=self.compress, keeping="no-store"
        )
        return replace(page, status=status)

    def unknown(self, moment: Moment | None) -> Page | None:
        """Return that of this page nothing was known yet; of one that is not known now, nothing is said."""
        if moment is None:
            return None
        return self.refused(
            Refused(f"Nothing of this was known at {in_words(moment.at)}."), HTTPStatus.NOT_FOUND
        )


def _place(pasts: Pasts, moment: Moment, community: Community) -> Place:
    """Return where a moment is in the log; single steps are to the events of the page's community."""

    def belongs(event: Event) -> bool:
        return (
            getattr(event, "repo", None) in community.repositories
            or getattr(event, "community", None) == community.key
        )

    ways = pasts.moments.ways(moment, belongs)
    return Place(
        position=moment.position,
        at=moment.at,
        before=ways.before,
        after=ways.after,
        first=ways.first_at or moment.at,
        now=ways.now,
    )
