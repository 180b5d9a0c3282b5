"""Writes to GitHub go one after the other, with a pause in between, as GitHub asks; acts go before what tells of them.

When ten people say `/retest` at once, their ten reruns are not behind twenty reactions and comments about them.
"""

import asyncio
import heapq
import re
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from enum import IntEnum
from itertools import count

COMMENT = re.compile(r"/issues/(?:\d+/comments|comments/\d+)$")


class Rank(IntEnum):
    """Who goes first, where several wait."""

    DOES = 0
    """Changes something people wait for: a rerun, a label, a status."""
    MARKS = 1
    """Says that somebody was heard."""
    TELLS = 2
    """Writes or edits a comment; what it says is the newer the later it goes."""


def rank_of(path: str) -> Rank:
    """Return the rank of a write to an address of GitHub's API."""
    if path.endswith("/reactions"):
        return Rank.MARKS
    return Rank.TELLS if COMMENT.search(path) else Rank.DOES


class Turns:
    """Gives one turn at a time, and the next one a pause of `gap` seconds later."""

    def __init__(self, gap: float) -> None:
        self._gap = gap
        self._waiting: list[tuple[Rank, int, asyncio.Future[None]]] = []
        self._numbers = count()
        self._is_taken = False
        self._free_at = 0.0
        self._timer: asyncio.TimerHandle | None = None

    @asynccontextmanager
    async def turn(self, rank: Rank) -> AsyncIterator[None]:
        """Wait for a turn and have it for as long as the block lasts; who waited longest is first in its rank."""
        mine: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiting, (rank, next(self._numbers), mine))
        self._go_on()
        try:
            await mine
        except asyncio.CancelledError:
            if mine.done() and not mine.cancelled():
                self._end()
            raise
        try:
            yield
        finally:
            self._end()

    def _go_on(self) -> None:
        """Give the next turn, now or when the pause is over."""
        if self._is_taken or self._timer is not None:
            return
        while self._waiting and self._waiting[0][2].done():
            heapq.heappop(self._waiting)
        if not self._waiting:
            return
        pause = self._free_at - time.monotonic()
        if pause > 0:
            self._timer = asyncio.get_running_loop().call_later(pause, self._pause_is_over)
            return
        _, _, first = heapq.heappop(self._waiting)
        self._is_taken = True
        first.set_result(None)

    def _pause_is_over(self) -> None:
        self._timer = None
        self._go_on()

    def _end(self) -> None:
        self._is_taken = False
        self._free_at = time.monotonic() + self._gap
        self._go_on()
