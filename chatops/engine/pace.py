"""How often a reader of the log looks: at once when little happens, rarely when much does.

Each look costs the same, however much there is to see, and takes the interpreter from whoever answers requests. So a
reader rests in proportion to how long it worked, and events gather meanwhile.
"""

import time

SHORTEST, LONGEST = 0.01, 0.08
"""Seconds. The longest is what a view may be behind while requests pour in; people do not notice it."""
REST_PER_WORK = 4.0
"""A reader that rests four times as long as it works takes a fifth of one processor."""


class Pace:
    """One reader's rhythm: `begin` before it works, then `rest` for so many seconds."""

    def __init__(self) -> None:
        self._began = 0.0
        self._worked = 0.0

    def begin(self) -> None:
        """Note that work begins."""
        self._began = time.monotonic()

    def end(self) -> None:
        """Note that it has ended."""
        self._worked = time.monotonic() - self._began

    @property
    def rest(self) -> float:
        """Return how many seconds to rest before the next look."""
        return min(max(self._worked * REST_PER_WORK, SHORTEST), LONGEST)
