"""Which moment of the log is meant by a position or a time, and what is near it."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import NamedTuple

from msgspec import Struct

from chatops.engine.log import Log
from chatops.engine.past import position_at
from chatops.errors import Refused
from chatops.events import Event, Recorded
from chatops.ports import Clock

LOOKED_AROUND = 200
"""Events in which the next one of a community is looked for."""
EMPTY = "Nothing is recorded yet, so there is no past to look at."


class Moment(Struct, frozen=True, kw_only=True):
    """A moment of the past: the newest event that was known, and what the clock said.

    By event time it also has what was heard later and had happened by then. `asked` is how an address names it.
    """

    position: int
    at: datetime
    asked: str
    by_event: bool = False


class Ways(NamedTuple):
    """What is near a moment: the events before and after it, and when the first one was recorded."""

    before: int | None
    after: int | None
    first_at: datetime | None
    now: datetime


class Moments:
    """The moments of one log."""

    def __init__(self, log: Log, clock: Clock) -> None:
        self._log = log
        self._clock = clock

    def newest(self) -> Moment:
        """Return the moment of the newest event."""
        with self._log.database.read() as db:
            head = self._log.head(db)
        return self.at_position(head)

    def at_position(self, position: int, *, by_event: bool = False) -> Moment:
        """Return the moment of an event."""
        with self._log.database.read() as db:
            recorded = self._log.recorded_at(db, [position]).get(position)
            head = self._log.head(db)
        if recorded is None:
            raise Refused(
                f"There is no event {position:,}: the log holds those from 1 to {head:,}."
                if head
                else EMPTY
            )
        return Moment(position=position, at=recorded, asked=f"e{position}", by_event=by_event)

    def at_time(self, at: datetime, asked: str, *, by_event: bool = False) -> Moment:
        """Return a moment by its time."""
        now = self._clock.now()
        if at > now:
            raise Refused(
                f"{_said(at)} is still to come: it is {_said(now)}. Leave `at` out to see how things are now."
            )
        with self._log.database.read() as db:
            position = position_at(self._log, db, at)
            first = self._log.recorded_at(db, [1]).get(1)
        if first is None:
            raise Refused(EMPTY)
        if not position and not by_event:
            raise Refused(
                f"Nothing was known at {_said(at)}: the first event was recorded at {_said(first)}. "
                "Look with `at=e1`, or with `by=event` for what had happened by then."
            )
        return Moment(position=position, at=at, asked=asked, by_event=by_event)

    def ways(self, moment: Moment, belongs: Callable[[Event], bool]) -> Ways:
        """Return the events before and after a moment that belong to a community; far ones are not looked for."""
        position = moment.position
        with self._log.database.read() as db:
            first = self._log.recorded_at(db, [1]).get(1)
            begin = max(position - 1 - LOOKED_AROUND, 0)
            earlier = self._log.read(begin, max(position - 1 - begin, 0), db)
            later = self._log.read(position, LOOKED_AROUND, db)

        def nearest(among: list[Recorded]) -> int | None:
            found = (one.position for one in among if belongs(one.event))
            return next(found, among[-1].position if among else None)

        return Ways(nearest(earlier[::-1]), nearest(later), first, self._clock.now())


def _said(moment: datetime) -> str:
    utc = moment.astimezone(UTC)
    return f"{utc.day} {utc:%b %Y, %H:%M} UTC"
