"""What changed between two moments: the difference of what a page tells programs, in words for people.

It knows no page. Things in a list are told apart by what names them; of each that is there in both moments, the fields
that differ are shown with what they were and what they are. How old something is, and when it was looked at, is no
difference.
"""

import re
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from msgspec import Struct

from chatops.views.page import took

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
SAID = {
    "verdict": "in short",
    "found": "fit the filter",
    "knows_required": "it is known what is required",
    "is_overdue": "a night is late",
    "is_gone": "no longer there",
    "newest": "newest night",
    "newest.night": "day",
    "newest.total": "tests",
    "newest.done": "tests that are done",
    "newest.expected": "tests that are expected",
    "not_made": "names without a test",
    "tests.fails": "nights it failed",
    "tests.runs": "nights with a result",
    "tests.streak": "nights it fails in a row",
    "tests.since": "failing since",
    "tests.status": "newest result",
    "nightly.fails": "nights it failed",
    "nightly.runs": "nights with a result",
    "nightly.streak": "nights it fails in a row",
    "nightly.since": "failing since",
    "rows": "tests",
    "heads": "heads of pull requests",
    "rows.flakes": "commits on which it flaked",
    "rows.in_nights": "of them in nights",
    "rows.in_pull_requests": "of them in pull requests",
    "rows.runs": "runs with a result",
    "run_again": "run again after it had failed",
    "helped": "passed when it was run again",
    "seconds_spent_again": "spent again",
    "seconds": "took",
    "seconds_waited": "waited",
    "median_seconds_waited": "half waited at most",
    "longest_seconds_waited": "the longest waited",
    "half": "half at most",
    "nine_of_ten": "9 of 10 at most",
    "longest": "all at most",
    "runners.number": "jobs",
    "runners.half": "half waited at most",
    "runners.nine_of_ten": "9 of 10 waited at most",
    "runners.longest": "the longest waited",
    "nights_in_files": "nights that only files tell of",
    "machines": "runners",
    "jobs.since": "failing",
    "jobs.before": "the night before",
    ".gate": "what the gate wants",
    ".trust": "let in",
    "superseded": "superseded commits",
    ".passed": "required checks that passed",
    "pull_requests.required": "required checks",
    "pull_requests.passed": "required checks that passed",
    "broken": "required, and failing",
    "broken.since": "failing since",
    "history": "changes of the list",
}
"""What fields are called whose own names say nothing to people; `tests.since` is `since` of what is in `tests`."""
UNSAID = frozenset({"counts"})
"""Fields that only hold others together."""
ELSEWHERE = frozenset({
    "checks.group", "checks.say", "nightly.windows", "rows.helped_between", "newest_run", "evidence", "not_counted",
    "page", "url",
})  # fmt: skip
"""Fields that say what others do, or only where something stands."""
SPREADS = frozenset({"half", "nine_of_ten", "longest"})
"""Fields of durations that are spread, in seconds."""
STATES = frozenset({"status", "state", "conclusion"})
WORDS = {"none": "no result"}
"""Words of filters and programs that people say otherwise."""
MOMENT = re.compile(r"\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00))?")
SHOWN = 12
"""Things of a list that are shown of each kind; of the others it is said how many there are."""
FIELDS_SHOWN = 6
LONGEST = 120
LONGEST_VERDICT = 400
"""A verdict is read whole."""


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
    for one in _differences(old, new):
        if one.is_list:
            part = _part(one)
            if part is not None:
                parts.append(part)
        else:
            fields.append(one.said())
    if (before is None) != (after is None):
        there = ("not there", "there") if before is None else ("there", "not there")
        fields = [Field(name="page", before=there[0], after=there[1])]
    return Compared(fields=tuple(fields), parts=tuple(parts))


class Difference(Struct, frozen=True, kw_only=True):
    """A field that differs: its own name, what people call it, what it was and what it is."""

    field: str
    name: str
    was: Any
    now: Any

    @property
    def is_list(self) -> bool:
        """Return whether it is a list, one that may not have been there at all."""
        return isinstance(self.was or self.now, list) and isinstance(self.now or self.was, list)

    def said(self) -> Field:
        """Return it in words."""
        before, after = (_value(self.field, one) for one in (self.was, self.now))
        return Field(name=self.name, before=before, after=after)


def _differences(old: Thing, new: Thing, of: str = "", under: str = "") -> Iterator[Difference]:
    """Yield each field that differs; of a thing in a field, each field of that. `of` is the one that has the thing."""
    for name in _names(old, new, of):
        was, now = _of(old, name, new), _of(new, name, old)
        said = f"{under}{_words(name, of)}"
        if isinstance(was, dict) and isinstance(now, dict):
            yield from _differences(was, now, name, under if name in UNSAID else f"{said}: ")
        elif was != now:
            yield Difference(field=name, name=said, was=was, now=now)


def _of(thing: Thing, name: str, other: Thing) -> Any:  # noqa: ANN401 - JSON
    """Return a field; what is counted in another one, and not here, there is none of."""
    is_counted = name not in thing and type(other[name]) is int
    return 0 if is_counted else thing.get(name)


def _part(one: Difference) -> Part | None:
    """Return what is different in a list, nothing if only ages are."""
    before, after = one.was or [], one.now or []
    key = _told_apart_by(before, after)
    old = {_key(thing, key): thing for thing in before}
    new = {_key(thing, key): thing for thing in after}
    changes = []
    for place, now in new.items():
        if place in old and (fields := _differing(old[place], now, one.field)):
            changes.append(Change(name=_name(now, key), fields=fields))
    came = [_name(now, key) for place, now in new.items() if place not in old]
    went = [_name(was, key) for place, was in old.items() if place not in new]
    if not changes and not came and not went:
        return None
    return Part(
        name=one.name, changed=len(changes), new=len(came), gone=len(went), changes=tuple(changes[:SHOWN]),
        came=tuple(came[:SHOWN]), went=tuple(went[:SHOWN]),
    )  # fmt: skip


def _differing(was: Any, now: Any, of: str) -> tuple[Field, ...]:  # noqa: ANN401 - JSON
    """Return the fields of a thing of a list that differ, as many as are shown."""
    if not isinstance(was, dict) or not isinstance(now, dict):
        return ()
    found: list[Field] = []
    lists: list[Field] = []
    for one in _differences(was, now, of):
        if one.is_list:
            lists += _list_field(one)
        else:
            found.append(one.said())
    # A list in a thing is long, and mostly says what its other fields say.
    return tuple((found or lists)[:FIELDS_SHOWN])


def _list_field(one: Difference) -> list[Field]:
    """Return how a list in a thing differs: how long it is, and how much of it is new or gone."""
    part = _part(one)
    if part is None:
        return []
    after = f"{len(one.now or []):,} ({part.summary})"
    return [Field(name=one.name, before=f"{len(one.was or []):,}", after=after)]


def _names(old: Thing, new: Thing, of: str) -> list[str]:
    return [
        name
        for name in dict.fromkeys((*new, *old))
        if name not in AGES and not {name, f"{of}.{name}"} & ELSEWHERE
    ]


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
    return _short(" ".join(_called(one[name]) for name in names)) if names else _said(one)


def _called(name: Any) -> str:  # noqa: ANN401 - JSON
    """Return what names a thing; a number that does is not counted by thousands."""
    return str(name) if type(name) is int else _said(name)


def _value(field: str, value: Any) -> str:  # noqa: ANN401 - JSON
    """Return the value of a field, the way people say what is kept in it."""
    if type(value) is int and ("seconds" in field or field in SPREADS):
        return took(timedelta(seconds=value))
    if isinstance(value, str) and field == "verdict":
        return _short(value, LONGEST_VERDICT)
    if isinstance(value, str) and field in STATES:
        return WORDS.get(value) or _said(value.replace("-", " ").replace("_", " "))
    return _said(value)


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
            there = {name: one for name, one in value.items() if one not in (None, "", [])}
            said = (f"{_words(name)} {_value(name, one)}" for name, one in there.items())
            return _short(", ".join(said)) or "nothing"
        case str() if MOMENT.fullmatch(value):
            return _moment(value)
        case _:
            return _short(str(value))


def _moment(text: str) -> str:
    """Return a day, or a moment to the minute; what only looks like one stays as it is."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return text
    day = f"{moment.day} {moment:%b %Y}"
    return f"{day}, {moment.astimezone(UTC):%H:%M} UTC" if "T" in text else day


def _listed(values: Iterable[Any]) -> str:
    every = list(values)
    if not every:
        return "nothing"
    if any(map(_is_thing, every)):
        return f"{len(every):,}"
    return _short(", ".join(_said(one) for one in every))


def _short(text: str, longest: int = LONGEST) -> str:
    line = " ".join(text.split())
    return line if len(line) <= longest else f"{line[: longest - 1]}…"


def _words(name: str, of: str = "") -> str:
    """Return what people call a field of a thing; `of` is the field that has the thing."""
    said = SAID.get(f"{of}.{name}") or SAID.get(name)
    return said or name.removeprefix("is_").replace("_", " ")
