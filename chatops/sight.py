"""What one page is made of, from one snapshot; what is costly is kept, and made again from the one before."""

import threading
from collections.abc import Callable, Hashable
from datetime import UTC, date, datetime
from functools import cached_property, partial
from typing import NamedTuple, TypeVar

from msgspec import Struct, field
from sqlalchemy import Connection

from chatops.answers.nights import NightBoard, Sources, board_later, board_sources, night_board
from chatops.answers.open_queue import Queue, open_queue
from chatops.answers.own_state import OwnState, Process, own_state
from chatops.answers.pull_results import PullResults, pull_results
from chatops.answers.run_history import RunHistory, run_history
from chatops.config import Community
from chatops.engine.command import Knowledge
from chatops.views.page import Viewer
from chatops.views.view import USUAL_NIGHTS

Made = TypeVar("Made")
Thing = TypeVar("Thing")
BOARDS_KEPT = 4
MADE_KEPT = 8
ONCE_KEPT = 4


class _Board(NamedTuple):
    """A board, and the day and the sources it is of."""

    day: date
    sources: Sources
    board: NightBoard


class Shelf(Struct):
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
