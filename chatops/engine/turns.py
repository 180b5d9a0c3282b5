"""The commands of one comment take turns: each is decided when what the one before asked for was done.

So `/assign` and `/unassign` in one comment come to the same as in two. A turn is waited for without trying in vain, and
not for ever: whoever has waited long enough goes ahead, since what holds up the other may have nothing to do with it.
"""

from collections.abc import Callable, Sequence
from datetime import timedelta

from sqlalchemy import Connection

from chatops.engine.bus import Bus
from chatops.engine.log import Log
from chatops.engine.reply import SILENT
from chatops.engine.work import WorkList
from chatops.errors import NotYet
from chatops.events import Recorded
from chatops.events.conversation import (
    CommandAccepted,
    CommandExplained,
    CommandReceived,
    CommandRefused,
    EffectFailed,
)
from chatops.ports import Clock

LONGEST = timedelta(seconds=30)
SOON = timedelta(milliseconds=100)
LOOKED_AT = 50
"""How many facts before a command are looked at for what waits, too: the more does, the later it is tried again."""

DECISIONS = (CommandAccepted, CommandExplained, CommandRefused)


class Turns:
    """Knows whose turn it is; `noticed` tells up to where it is known what the facts of the log ask for."""

    def __init__(
        self, log: Log, work: WorkList, clock: Clock, *, noticed: Callable[[Connection], int]
    ) -> None:
        self._log = log
        self._work = work
        self._clock = clock
        self._noticed = noticed

    def take(self, fact: Recorded) -> int:
        """Return the position that holds what was done before, 0 if nothing was; raise `NotYet` out of turn."""
        before = self._before(fact)
        if before is None:
            return 0
        # Asked first: what is in the log by then may not have been looked at yet, but nothing is passed over.
        with self._log.database.read() as db:
            noticed = self._noticed(db)
        with self._log.database.read() as db:
            story = self._log.story(before.correlation_id, db)
            asking = [one.position for one in story if not isinstance(one.event, SILENT)]
            is_over = (
                _is_decided(story) and max(asking) <= noticed and not self._work.open_of(db, asking)
            )
            others = range(max(1, fact.position - LOOKED_AT), before.position)
            ahead = 0 if is_over else self._work.open_of(db, others)
        if not is_over and self._clock.now() - fact.recorded_at < LONGEST:
            text = "What was said before it in the same comment comes first."
            raise NotYet(text, wait=SOON * (1 + ahead))
        return story[-1].position

    def _before(self, fact: Recorded) -> Recorded | None:
        """Return the command that was said just before in the same comment: they are recorded one after the other."""
        before = self._log.at(fact.position - 1) if fact.causation_id else None
        if before is None or before.causation_id != fact.causation_id:
            return None
        return before if isinstance(before.event, CommandReceived) else None


def _is_decided(story: Sequence[Recorded]) -> bool:
    """Return whether a command was decided, or that was given up."""
    return any(
        isinstance(event, DECISIONS)
        or (isinstance(event, EffectFailed) and event.effect == Bus.name)
        for event in (one.event for one in story)
    )
