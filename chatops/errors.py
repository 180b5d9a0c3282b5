"""The ways things go wrong, told apart by who must act: the person, time, the operator or us."""

from collections.abc import Sequence
from datetime import timedelta


class ChatopsError(Exception):
    """Something went wrong that this program knows by name."""


class Refused(ChatopsError):
    """The person asked for something we will not or cannot do; the text is shown to them."""

    def __init__(self, text: str, *, reason: str = "refused") -> None:
        super().__init__(text)
        self.text = text
        self.reason = reason


class Transient(ChatopsError):
    """The outside stumbled (5xx, time-out, rate limit); trying again later may help."""

    def __init__(self, text: str, *, retry_after: timedelta | None = None) -> None:
        super().__init__(text)
        self.retry_after = retry_after


class NotYet(ChatopsError):
    """It is the turn of something else first; nothing was tried, and after `wait` it may be."""

    def __init__(self, text: str, *, wait: timedelta) -> None:
        super().__init__(text)
        self.wait = wait


class Broken(ChatopsError):
    """Our own fault, or data that cannot be; logged with its trace and never shown in full."""


class NotThere(Transient):
    """We are not where something is to be said; an operator can mend that, so it is kept."""


class Unavailable(Transient):
    """The database does not answer; nothing was recorded."""


class BadInput(ChatopsError):
    """A file or a request of the operator is not what it should be; each problem says where and what."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)

    def __reduce__(self) -> tuple[type["BadInput"], tuple[tuple[str, ...]]]:
        """Let it say the same in another process."""
        return type(self), (self.problems,)
