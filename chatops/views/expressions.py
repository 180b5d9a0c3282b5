"""Regular expressions that anybody may send us: read and matched by ourselves, so that none can take long.

Understood are signs, `.`, sets such as `[a-f0-9]` and `[^ ]`, the classes for digits, word signs and blanks,
parentheses, `|`, `*`, `+`, `?`, and `^` and `$` at the ends. Cases do not matter. Each sign of a text is looked at
once, whatever the expression: all ways to match it are walked at the same time, as bits of one number.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

LONGEST = 100
"""How many signs an expression may have; what a sign of a text costs grows with it."""
MOVES_KEPT = 500
CHUNK = 8
CLASSES: dict[str, Callable[[str], bool]] = {
    "d": str.isdecimal,
    "w": lambda sign: sign.isalnum() or sign == "_",
    "s": str.isspace,
}
SPECIAL = frozenset("*+?{}()|^$[]")


class NotUnderstood(ValueError):
    """An expression is none, or asks for more than we understand; the text says what."""


Takes = Callable[[str], bool]
"""Whether a place of an expression takes a sign."""


class _Part(NamedTuple):
    """A part of an expression: the places it can begin and end at, as bits, and whether it takes nothing at all."""

    first: int
    last: int
    is_empty: bool


NOTHING = _Part(0, 0, is_empty=True)


class Expression:
    """A regular expression that has been read."""

    def __init__(self, text: str) -> None:
        if len(text) > LONGEST:
            raise NotUnderstood(f"is longer than {LONGEST} signs")
        self._takes: list[Takes] = []
        self._follow: list[int] = []
        self._begins = self._begins_at_start = 0
        self._ends = self._ends_at_end = 0
        self._takes_all = self._takes_nothing = False
        _Reader(text, self).read()
        self._after = [
            _table(self._follow[at : at + CHUNK]) for at in range(0, len(self._follow), CHUNK)
        ]
        self._accepting: dict[str, int] = {}
        self._moves: dict[int, dict[str, int]] = {}

    def finds(self, text: str) -> bool:
        """Return whether it matches anywhere in a text of small letters."""
        if self._takes_all or (self._takes_nothing and not text):
            return True
        moves, ends = self._moves, self._ends
        states = -1
        """Nothing has been read yet."""
        for sign in text:
            known = moves.get(states)
            if known is None:
                if len(moves) >= MOVES_KEPT:
                    moves.clear()
                known = moves[states] = {}
            after = known.get(sign)
            if after is None:
                after = known[sign] = self._move(states, sign)
            states = after
            if states & ends:
                return True
        return states > 0 and bool(states & self._ends_at_end)

    def _move(self, states: int, sign: str) -> int:
        """Return where a sign leads to from all the places that have been come to."""
        reached = self._begins
        if states < 0:
            reached |= self._begins_at_start
            states = 0
        for table in self._after:
            reached |= table[states & (1 << CHUNK) - 1]
            states >>= CHUNK
        accepting = self._accepting.get(sign)
        if accepting is None:
            accepting = sum(1 << place for place, takes in enumerate(self._takes) if takes(sign))
            self._accepting[sign] = accepting
        return reached & accepting

    def place(self, takes: Takes) -> _Part:
        """Add a place that takes certain signs."""
        bit = 1 << len(self._takes)
        self._takes.append(takes)
        self._follow.append(0)
        return _Part(bit, bit, is_empty=False)

    def join(self, last: int, first: int) -> None:
        """Let some places follow on others."""
        for place in range(len(self._follow)):
            if last >> place & 1:
                self._follow[place] |= first

    def alternative(self, part: _Part, *, at_start: bool, at_end: bool) -> None:
        """Add one of the ways in which the whole expression can match."""
        if at_start:
            self._begins_at_start |= part.first
        else:
            self._begins |= part.first
        if at_end:
            self._ends_at_end |= part.last
        else:
            self._ends |= part.last
        if part.is_empty:
            if at_start and at_end:
                self._takes_nothing = True
            else:
                self._takes_all = True


class _Reader:
    """Reads the text of an expression, from left to right."""

    def __init__(self, text: str, into: Expression) -> None:
        self._text = text
        self._into = into
        self._at = 0

    def read(self) -> None:
        """Read the whole of it."""
        while True:
            at_start = self._skip("^")
            part = self._sequence()
            self._into.alternative(part, at_start=at_start, at_end=self._skip("$"))
            if not self._skip("|"):
                break
        if self._at < len(self._text):
            raise NotUnderstood(f"has a “{self._text[self._at]}” that means nothing there")

    def _next(self) -> str:
        return self._text[self._at] if self._at < len(self._text) else ""

    def _skip(self, sign: str) -> bool:
        if self._next() != sign:
            return False
        self._at += 1
        return True

    def _sequence(self) -> _Part:
        found = NOTHING
        while self._next() and self._next() not in "|)$":
            part = self._repeated()
            self._into.join(found.last, part.first)
            found = _Part(
                found.first | (part.first if found.is_empty else 0),
                part.last | (found.last if part.is_empty else 0),
                is_empty=found.is_empty and part.is_empty,
            )
        return found

    def _repeated(self) -> _Part:
        part = self._single()
        while self._next() and self._next() in "*+?":
            sign = self._next()
            self._at += 1
            if sign in "*+":
                self._into.join(part.last, part.first)
            part = part._replace(is_empty=part.is_empty or sign in "*?")
        return part

    def _single(self) -> _Part:
        sign = self._next()
        self._at += 1
        match sign:
            case "(":
                return self._group()
            case "[":
                return self._into.place(self._set())
            case ".":
                return self._into.place(lambda _sign: True)
            case "\\":
                return self._into.place(self._escaped())
            case _ if sign in SPECIAL:
                raise NotUnderstood(f"has a “{sign}” that means nothing there")
            case _:
                return self._into.place(_is(sign))

    def _group(self) -> _Part:
        if self._next() == "?":
            raise NotUnderstood("has a group of a kind that is not understood here")
        found = self._sequence()
        while self._skip("|"):
            other = self._sequence()
            found = _Part(
                found.first | other.first,
                found.last | other.last,
                is_empty=found.is_empty or other.is_empty,
            )
        if not self._skip(")"):
            raise NotUnderstood("has a “(” without its “)”")
        return found

    def _escaped(self) -> Takes:
        sign = self._next()
        self._at += 1
        if sign.lower() in CLASSES:
            known = CLASSES[sign.lower()]
            return known if sign.islower() else lambda other: not known(other)
        if not sign or sign.isalnum():
            raise NotUnderstood(f"has a “\\{sign}” that is not understood here")
        return _is(sign)

    def _set(self) -> Takes:
        """Return what a set takes; its “[” has been read."""
        is_not = self._skip("^")
        found: list[Takes] = []
        while self._next() != "]" or not found:
            if not self._next():
                raise NotUnderstood("has a “[” without its “]”")
            sign = self._next()
            self._at += 1
            if sign == "\\":
                found.append(self._escaped())
                continue
            if self._next() == "-" and self._text[self._at + 1 : self._at + 2] not in {"", "]"}:
                found.append(_between(sign, self._text[self._at + 1]))
                self._at += 2
            else:
                found.append(_is(sign))
        self._at += 1
        return lambda other: any(takes(other) for takes in found) is not is_not


def _is(sign: str) -> Takes:
    small = sign.lower()
    return lambda other: other == small


def _between(lowest: str, highest: str) -> Takes:
    if lowest > highest:
        raise NotUnderstood(f"has a range from “{lowest}” to “{highest}”, which holds nothing")
    return lambda other: lowest <= other <= highest or lowest <= other.upper() <= highest


def _table(follow: list[int]) -> list[int]:
    """Return what follows on each combination of up to eight places."""
    table = [0]
    for bits in range(1, 1 << len(follow)):
        lowest = (bits & -bits).bit_length() - 1
        table.append(table[bits & bits - 1] | follow[lowest])
    return table


@lru_cache(maxsize=32)
def expression(text: str) -> Expression:
    """Return an expression that has been read, or say why it cannot be."""
    return Expression(text)
