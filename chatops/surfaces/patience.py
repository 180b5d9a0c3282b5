"""How long a request may take: one timer for everybody who is at a door, not two for each of them.

`asyncio.timeout` makes and unmakes its timers for every request, which costs as much as reading a small one. Here who
comes in notes until when they may stay, and somebody looks every second.
"""

import asyncio

LOOK_SECONDS = 1.0


class Patience:
    """Ends what takes too long, by cancelling its task, which then asks whether that was the reason."""

    def __init__(self) -> None:
        self._until: dict[asyncio.Task[object], float] = {}
        self._late: set[asyncio.Task[object]] = set()
        self._looks = False

    def allow(self, task: asyncio.Task[object], seconds: float) -> None:
        """Let a task go on for so many seconds from now."""
        loop = task.get_loop()
        self._until[task] = loop.time() + seconds
        if not self._looks:
            self._looks = True
            loop.call_later(LOOK_SECONDS, self._look, loop)

    def has_ended(self, task: asyncio.Task[object]) -> bool:
        """Return whether a task that was cancelled took too long; nobody else wants it cancelled then."""
        return task in self._late and task.uncancel() == 0

    def leave(self, task: asyncio.Task[object]) -> None:
        """Note that a task is done, however it ended."""
        self._until.pop(task, None)
        self._late.discard(task)

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        now = loop.time()
        for task, until in self._until.items():
            if until < now and task not in self._late:
                self._late.add(task)
                task.cancel()
        self._looks = bool(self._until)
        if self._looks:
            loop.call_later(LOOK_SECONDS, self._look, loop)
