"""How long a request may take: one timer for everybody who is at a door, not two for each of them.

`asyncio.timeout` makes and unmakes its timers for every request, which costs as much as reading a small one. Here who
comes in notes until when they may stay, and somebody looks every second.
"""

import asyncio
from typing import Protocol

LOOK_SECONDS = 1.0


class Guest(Protocol):
    """Who is at a door: a task, or whatever else can be cancelled."""

    def cancel(self) -> object:
        """Be told that the time is over."""
        ...


class Patience:
    """Ends what takes too long by cancelling it; a task then asks whether that was the reason."""

    def __init__(self) -> None:
        self._until: dict[Guest, float] = {}
        self._late: set[Guest] = set()
        self._looks = False

    def allow(self, guest: Guest, seconds: float) -> None:
        """Let somebody go on for so many seconds from now."""
        loop = asyncio.get_running_loop()
        self._until[guest] = loop.time() + seconds
        if not self._looks:
            self._looks = True
            loop.call_later(LOOK_SECONDS, self._look, loop)

    def has_ended(self, task: asyncio.Task[object]) -> bool:
        """Return whether a task that was cancelled took too long; nobody else wants it cancelled then."""
        return task in self._late and task.uncancel() == 0

    def __contains__(self, guest: Guest) -> bool:
        """Return whether somebody's time is running."""
        return guest in self._until

    def leave(self, guest: Guest) -> None:
        """Note that somebody is done, however it ended."""
        self._until.pop(guest, None)
        self._late.discard(guest)

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        now = loop.time()
        late = [guest for guest, until in self._until.items() if until < now]
        for guest in late:
            if guest not in self._late:
                self._late.add(guest)
                guest.cancel()
        self._looks = bool(self._until)
        if self._looks:
            loop.call_later(LOOK_SECONDS, self._look, loop)
