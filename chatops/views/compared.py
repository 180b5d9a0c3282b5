"""What changed between two moments: the difference of what a page tells programs, in words for people.

It knows no page. Things in a list are told apart by what names them; of each that is there in both moments, the fields
that differ are shown with what they were and what they are. How old something is, and when it was looked at, is no
difference.
"""

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct

Thing = Mapping[str, Any]

NAMES = (
    ("id",), ("key",), ("position",), ("repository", "workflow", "name"), ("repository", "name"),
    ("repository", "number"), ("repository", "branch"), ("repository", "source"), ("run_id", "attempt"),
    ("run_id",), ("number",), ("name",), ("page",), ("slug",), ("group",), ("monday",), ("day",), ("labels",),
    ("pattern",), ("event",), ("attempt",), ("sha",), ("command",), ("repository",),
)  # fmt: skip
"""By which fields things are told apart: the first of these that all have, and no two share."""
AGES = frozenset(
    {"as_of", "heard_at", "at", "now", "last_at", "oldest_at", "older", "newer", "is_stale"}
)
"""Fields that are different although nothing has changed."""
SAID = {"knows_required": "it is known what is required", "newest": "newest night"}
"""What fields are called where their own names say nothing to people."""
UNSAID = frozenset({"counts"})
"""Fields that only hold others together."""
SHOWN = 12
"""Things of a list that are shown of each kind; of the others it is said how many there are."""
FIELDS_SHOWN = 6
LONGEST = 120


class Field(Struct, frozen=True, kw_only=True):
    """One field that differs, in words."""

    name: str
    before: str
    after: str


class Change(Struct, frozen=True, kw_only=True):
    """One thing of a list, and what is different about it."""

    name: str
    fields: tuple[Field, ...]


class Part(Struct, frozen=True, kw_only=True):
    """What is different in one list; the numbers count all, the lists have the first of them."""

    name: str
    changed: int
    new: int
    gone: int
    changes: tuple[Change, ...]
    came: tuple[str, ...]
    went: tuple[str, ...]

    @property
    def summary(self) -> str:
        """Return how much it is."""
        counts = ((self.changed, "changed"), (self.new, "new"), (self.gone, "gone"))
        return ", ".join(f"{number:,} {word}" for number, word in counts if number)

    @property
    def rest(self) -> int:
        """Return how much of it is not shown."""
        shown = len(self.changes) + len(self.came) + len(self.went)
        return self.changed + self.new + self.gone - shown


class Compared(Struct, frozen=True, kw_only=True):
    """What is different between two moments of a page: what it says as a whole, and its lists."""

    fields: tuple[Field, ...]
    parts: tuple[Part, ...]

    @property
    def is_same(self) -> bool:
        """Return whether nothing is different."""
        return not self.fields and not self.parts


def compared(before: Thing | None, after: Thing | None) -> Compared:
    """Return what is different; nothing stands for a page that was not there."""
    old, new = before or {}, after or {}
    parts, fields = [], []
    for name, was, now in _differences(old, new):
        if isinstance(was or now, list) and isinstance(now or was, list):
            part = _part(name, was or [], now or [])
            if part is not None:
                parts.append(part)
        else:
            fields.append(Field(name=name, before=_said(was), after=_said(now)))
    if (before is None) != (after is None):
        there = ("not there", "there") if before is None else ("there", "not there")
        fields = [Field(name="page", before=there[0], after=there[1])]
    return Compared(fields=tuple(fields), parts=tuple(parts))


def _differences(old: Thing, new: Thing, under: str = "") -> Iterator[tuple[str, Any, Any]]:
    """Yield each field that differs with what it was and is; of a thing in a field, each field of that."""
    for name in _names(old, new):
        was, now, said = old.get(name), new.get(name), f"{under}{_words(name)}"
        if isinstance(was, dict) and isinstance(now, dict):
            yield from _differences(was, now, under if name in UNSAID else f"{said}: ")
        elif was != now:
            yield said, was, now


def _part(name: str, before: Sequence[Any], after: Sequence[Any]) -> Part | None:
    """Return what is different in a list, nothing if only ages are."""
    key = _told_apart_by(before, after)
    old = {_key(one, key): one for one in before}
    new = {_key(one, key): one for one in after}
    changes = []
    for place, now in new.items():
        if place in old and (fields := _differing(old[place], now)):
            changes.append(Change(name=_name(now, key), fields=fields))
    came = [_name(now, key) for place, now in new.items() if place not in old]
    went = [_name(was, key) for place, was in old.items() if place not in new]
    if not changes and not came and not went:
        return None
    return Part(
        name=name, changed=len(changes), new=len(came), gone=len(went), changes=tuple(changes[:SHOWN]),
        came=tuple(came[:SHOWN]), went=tuple(went[:SHOWN]),
    )  # fmt: skip


def _differing(was: Any, now: Any) -> tuple[Field, ...]:  # noqa: ANN401 - JSON
    """Return the fields of a thing that differ, as many as are shown."""
    if not isinstance(was, dict) or not isinstance(now, dict):
        return ()
    found: list[Field] = []
    lists: list[Field] = []
    for name, before, after in _differences(was, now):
        if isinstance(before or after, list) and isinstance(after or before, list):
            lists += _list_field(name, before or [], after or [])
        else:
            found.append(Field(name=name, before=_said(before), after=_said(after)))
    # A list in a thing is long, and mostly says what its other fields say.
    return tuple((found or lists)[:FIELDS_SHOWN])


def _list_field(name: str, was: Sequence[Any], now: Sequence[Any]) -> list[Field]:
    """Return how a list in a thing differs: how long it is, and how much of it is new or gone."""
    part = _part(name, was, now)
    if part is None:
        return []
    after = f"{len(now):,} ({part.summary})"
    return [Field(name=name, before=f"{len(was):,}", after=after)]


def _names(old: Thing, new: Thing) -> list[str]:
    return [name for name in dict.fromkeys((*new, *old)) if name not in AGES]


def _told_apart_by(before: Sequence[Any], after: Sequence[Any]) -> tuple[str, ...]:
    """Return the fields that name the things of a list; nothing if they are only what they are."""
    every = (*before, *after)
    if not all(map(_is_thing, every)):
        return ()
    for names in NAMES:
        if all(name in one for one in every for name in names) and all(
            len({_key(one, names) for one in some}) == len(some) for some in (before, after)
        ):
            return names
    return ()


def _is_thing(value: object) -> bool:
    return isinstance(value, dict)


def _key(one: Any, names: Sequence[str]) -> Hashable:  # noqa: ANN401 - JSON
    return tuple(repr(one[name]) for name in names) if names else repr(one)


def _name(one: Any, names: Sequence[str]) -> str:  # noqa: ANN401 - JSON
    """Return what people call a thing: its own name, without what many share."""
    for name in ("name", "title", "command", "said"):
        if _is_thing(one) and isinstance(one.get(name), str) and one[name]:
            return _short(one[name])
    return _short(" ".join(_said(one[name]) for name in names)) if names else _said(one)


def _said(value: Any) -> str:  # noqa: ANN401 - JSON
    match value:
        case None | "":
            return "nothing"
        case True:
            return "yes"
        case False:
            return "no"
        case int() | float():
            return f"{value:,}"
        case list():
            return _listed(value)
        case dict():
            return _short(", ".join(f"{_words(name)} {_said(one)}" for name, one in value.items()))
        case _:
            return _short(str(value))


def _listed(values: Iterable[Any]) -> str:
    every = list(values)
    if not every:
        return "nothing"
    if any(map(_is_thing, every)):
        return f"{len(every):,}"
    return _short(", ".join(_said(one) for one in every))


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= LONGEST else f"{line[: LONGEST - 1]}…"


def _words(name: str) -> str:
    return SAID.get(name) or name.removeprefix("is_").replace("_", " ")
