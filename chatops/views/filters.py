"""The words in a filter's box: what they mean, and which things they let through.

Words must all be in a name. `status:failed` asks for more than the name; `a,b` is one or the other, `-` in front takes
out what would be let through, `/…/` is a regular expression, and what stands in quotation marks is taken as it is.
Whatever cannot be meant is left out, and a note says so: no text is an error.
"""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from difflib import get_close_matches
from typing import Generic, TypeVar

from msgspec import Struct

from chatops.views.expressions import Expression, NotUnderstood, expression

Thing = TypeVar("Thing")
LONGEST = 500
"""How much of a text is read."""
MOST_TERMS = 20
LONGEST_SHOWN = 40
NOBODY = "none"
YES, NO = "yes", "no"
YES_OR_NO = (YES, NO)
QUALIFIED = re.compile(r"([A-Za-z][A-Za-z-]*):(?=\S)")
SHARE = re.compile(r"([<>]=?)?([0-9]{1,3}(?:\.[0-9]{1,2})?)%")
PLAIN = re.compile(r'-|(?!-|/.)[^",:]+')
"""A word without any meaning but itself; nightly.js has the same expression."""
NEEDS_QUOTES = re.compile(r'[\s",/:]|^-')


class Qualifier(Struct, Generic[Thing], frozen=True, kw_only=True):
    """What can be asked of things besides their names, and how it is read from one.

    With `choices` a value is one of them; without, it is a part of what is read, and `none` means that nothing is.
    With `share` it may also be compared, as in `>5%`.
    """

    name: str
    read: Callable[[Thing], Collection[str]]
    choices: Sequence[str] = ()
    share: Callable[[Thing], float | None] | None = None

    @property
    def example(self) -> str:
        """Return how it is asked for, for those who see the help."""
        values = "|".join((*self.choices[:8], *((">5%",) if self.share else ())))
        return f"{self.name}:{values or '…'}"


class Term(Struct, Generic[Thing], frozen=True, kw_only=True):
    """One thing that is asked: `said` is how it stands in the text; `name` is the qualifier's, or empty for words."""

    said: str
    name: str
    values: tuple[str, ...]
    is_not: bool
    lets: Callable[[str, Thing], bool]

    @property
    def is_plain(self) -> bool:
        """Return whether it is a word that a name must contain, and no more."""
        return PLAIN.fullmatch(self.said) is not None


class Filter(Struct, Generic[Thing], frozen=True, kw_only=True):
    """A text that has been read."""

    text: str
    terms: tuple[Term[Thing], ...]
    notes: tuple[str, ...]

    @property
    def is_narrowing(self) -> bool:
        """Return whether it may leave anything out."""
        return bool(self.terms)

    @property
    def asks_more(self) -> bool:
        """Return whether it asks for more than words."""
        return not all(term.is_plain for term in self.terms)

    def lets(self, name: str, thing: Thing) -> bool:
        """Return whether a thing of a name is let through."""
        small = name.lower()
        return all(term.lets(small, thing) for term in self.terms)

    def qualified(self, name: str, thing: Thing) -> bool:
        """Return whether everything but the plain words lets a thing through: those are left to the page's script."""
        small = name.lower()
        return all(term.is_plain or term.lets(small, thing) for term in self.terms)

    def without(self, place: int) -> str:
        """Return the text without one of its terms."""
        return " ".join(term.said for number, term in enumerate(self.terms) if number != place)

    def toggled(self, name: str, value: str) -> str:
        """Return the text with a value asked for, too; without it where it is asked for already."""
        said = [term.said for term in self.terms]
        for place, term in enumerate(self.terms):
            if term.name != name or term.is_not:
                continue
            values = [one for one in term.values if one != value]
            if len(values) == len(term.values):
                values.append(value)
            said[place] = f"{name}:{','.join(map(quoted, values))}" if values else ""
            return " ".join(filter(None, said))
        return " ".join((*said, f"{name}:{quoted(value)}"))

    def asks_for(self, name: str, value: str) -> bool:
        """Return whether a value is asked for."""
        return any(
            term.name == name and not term.is_not and value in term.values for term in self.terms
        )


def quoted(value: str) -> str:
    """Return a value as it has to be written."""
    return f'"{value.replace(chr(34), "")}"' if NEEDS_QUOTES.search(value) else value


def read_filter(text: str, qualifiers: Collection[Qualifier[Thing]]) -> Filter[Thing]:
    """Return what a text asks for."""
    text = one_line(text)
    known = {qualifier.name: qualifier for qualifier in qualifiers}
    terms: list[Term[Thing]] = []
    notes: list[str] = []
    pieces = _pieces(text)
    for piece in pieces[:MOST_TERMS]:
        try:
            terms.append(_term(piece, known))
        except NotUnderstood as problem:
            notes.append(str(problem))
    if len(pieces) > MOST_TERMS:
        notes.append(f"Only the first {MOST_TERMS} words of the filter are read.")
    return Filter(text=text, terms=tuple(terms), notes=tuple(notes))


def one_line(text: str) -> str:
    """Return a text in one line, without what nobody sees, and no more of it than is read."""
    printable = "".join(sign if sign.isprintable() else " " for sign in text[:LONGEST])
    return " ".join(printable.split())


def _pieces(text: str) -> list[str]:
    """Return the parts of a text that mean something each: blanks between quotation marks or slashes part nothing."""
    found: list[str] = []
    at = 0
    while at < len(text):
        if text[at] == " ":
            at += 1
            continue
        end = _end(text, at)
        found.append(text[at:end])
        at = end
    return found


def _end(text: str, at: int) -> int:
    """Return where the piece that begins somewhere ends."""
    if text[at] == "-":
        at += 1
    qualified = QUALIFIED.match(text, at)
    if qualified:
        at = qualified.end()
    while at < len(text) and text[at] != " ":
        at = _end_of_value(text, at)
        while text[at : at + 1] == ",":
            at += 1
    return at


def _end_of_value(text: str, at: int) -> int:
    """Return where one value ends: before a comma or a blank, or behind the second sign of those around it."""
    if text[at] == '"':
        closing = text.find('"', at + 1)
        return len(text) if closing < 0 else closing + 1
    if text[at] == "/" and text[at + 1 : at + 2] not in {"", " ", ","}:
        closing = _closing(text, at + 1)
        if closing > 0:
            return closing
    end = at + 1
    while end < len(text) and text[end] not in " ,":
        end += 1
    return end


def _closing(text: str, at: int) -> int:
    """Return the place behind the slash that ends an expression: one that a blank, a comma or nothing follows."""
    for match in re.finditer(r"/(?=[ ,]|$)", text[at:]):
        if text[at + match.start() - 1] != "\\":
            return at + match.end()
    return 0


def _values(text: str) -> list[str]:
    found: list[str] = []
    at = 0
    while at < len(text):
        if text[at] == ",":
            at += 1
            continue
        end = _end_of_value(text, at)
        found.append(text[at:end])
        at = end
    return found


def _term(said: str, known: Mapping[str, Qualifier[Thing]]) -> Term[Thing]:
    """Return what a piece asks for, or say why it cannot be meant."""
    is_not = said.startswith("-") and len(said) > 1
    bare = said[1:] if is_not else said
    qualified = QUALIFIED.match(bare)
    if qualified is None:
        name, values = "", _values(bare) or [bare]
        lets: Callable[[str, Thing], bool] = _word_lets(values)
    else:
        name = qualified.group(1).lower()
        if name not in known:
            raise NotUnderstood(_unknown(name, known))
        values = [_bare(value) for value in _values(bare[qualified.end() :])]
        lets = _qualified_lets(known[name], values)
        if known[name].choices:
            values = [value.lower() for value in values]
    return Term(
        said=said,
        name=name,
        values=tuple(values),
        is_not=is_not,
        lets=_turned(lets) if is_not else lets,
    )


def _turned(lets: Callable[[str, Thing], bool]) -> Callable[[str, Thing], bool]:
    return lambda name, thing: not lets(name, thing)


def _bare(value: str) -> str:
    """Return a value without the quotation marks around it."""
    return value[1:].removesuffix('"') if value.startswith('"') else value


def _expression(value: str) -> Expression | None:
    """Return the expression that a value is, nothing if it is none."""
    if len(value) < len("/x/") or not (value.startswith("/") and value.endswith("/")):
        return None
    inner = value[1:-1].replace("\\/", "/")
    try:
        return expression(inner)
    except NotUnderstood as problem:
        raise NotUnderstood(f"“{_short(value)}” {problem}; it is left out.") from problem


def _word_lets(values: Sequence[str]) -> Callable[[str, object], bool]:
    tests = [_finder(value) for value in values]
    return lambda name, _thing: any(finds(name) for finds in tests)


def _finder(value: str) -> Callable[[str], bool]:
    read = _expression(value)
    if read is not None:
        return read.finds
    word = _bare(value).lower()
    return lambda name: word in name


def _qualified_lets(
    qualifier: Qualifier[Thing], values: Sequence[str]
) -> Callable[[str, Thing], bool]:
    if not values:
        raise NotUnderstood(f"“{qualifier.name}:” needs a value; it is left out.")
    tests = [_value_lets(qualifier, value) for value in values]
    return lambda _name, thing: any(lets(thing) for lets in tests)


def _value_lets(qualifier: Qualifier[Thing], value: str) -> Callable[[Thing], bool]:
    share = SHARE.fullmatch(value)
    if qualifier.share is not None and share is not None:
        return _share_lets(qualifier.share, share.group(1) or ">=", float(share.group(2)) / 100)
    small, read = value.lower(), qualifier.read
    if qualifier.choices:
        if small not in qualifier.choices:
            raise NotUnderstood(_no_choice(qualifier, small))
        return lambda thing: small in read(thing)
    if small == NOBODY:
        return lambda thing: not read(thing)
    finds = _finder(value)
    return lambda thing: any(finds(one.lower()) for one in read(thing))


def _share_lets(
    share: Callable[[Thing], float | None], sign: str, limit: float
) -> Callable[[Thing], bool]:
    def lets(thing: Thing) -> bool:
        value = share(thing)
        if value is None:
            return False
        return (value > limit if sign[0] == ">" else value < limit) or (
            sign.endswith("=") and value == limit
        )

    return lets


def _unknown(name: str, known: Collection[str]) -> str:
    near = get_close_matches(name, known, n=1)
    meant = f"did you mean “{near[0]}:”?" if near else f"there are {', '.join(sorted(known))}."
    return f"“{_short(name)}:” is left out: it is nothing that can be asked for; {meant}"


def _no_choice(qualifier: Qualifier[Thing], value: str) -> str:
    near = get_close_matches(value, qualifier.choices, n=1)
    also = " or a share such as >5%" if qualifier.share else ""
    choices = f"{', '.join(qualifier.choices)}{also}"
    meant = f"did you mean “{near[0]}”?" if near else f"there are {choices}."
    return f"“{qualifier.name}:{_short(value)}” is left out; {meant}"


def _short(text: str) -> str:
    return text if len(text) <= LONGEST_SHOWN else f"{text[: LONGEST_SHOWN - 1]}…"
