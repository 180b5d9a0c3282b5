"""Does somebody say that they mean it, after they were told what it costs?"""

from collections.abc import Sequence

NOW = "now"
NOW_IN_PROSE = "--now"
MARKS = frozenset({NOW_IN_PROSE, "-now"})
"""What cannot be part of a reason. Phones make one dash of two."""


def confirmed(words: Sequence[str], *, in_prose: bool = False) -> tuple[list[str], bool]:
    """Return the other words, and whether one confirms: `now` at the end, or `--now` anywhere.

    Where the words are a reason for people to read, `now` confirms only if it is all that is said: a reason may well
    end with it.
    """
    left = [word for word in words if word.lower() not in MARKS]
    says_now = [word.lower() for word in (left if in_prose else left[-1:])] == [NOW]
    return left[: len(left) - says_now], says_now or len(left) < len(words)
