"""Who may approve which of these files? Two ways to say it, one answer.

An OWNERS file speaks for its folder and what is below, together with the folders above. In CODEOWNERS the last line
that names a file counts, alone.
"""

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

from msgspec import Struct

from chatops.events.owners import FolderOwners, OwnersChanged

ROOT = "/"
EVERYTHING = "*"
"""The pattern of CODEOWNERS that names every file."""


class Area(Struct, frozen=True, kw_only=True):
    """Files that the same people own.

    `place` is where that is said. `owners` may approve them, of these `nearest` are best asked. Without owners nobody
    can, unless the files need nobody (`is_free`).
    """

    place: str
    files: tuple[str, ...]
    owners: frozenset[str] = frozenset()
    nearest: tuple[str, ...] = ()
    reviewers: frozenset[str] = frozenset()
    is_free: bool = False

    def is_approved_by(self, names: Iterable[str]) -> bool:
        """Return whether one of these names is enough."""
        return self.is_free or not self.owners.isdisjoint(names)


def areas(rules: OwnersChanged, files: Sequence[str]) -> list[Area]:
    """Return the areas that a change of these files touches, in the order of their places."""
    found: dict[tuple[object, ...], list[str]] = {}
    kinds: dict[tuple[object, ...], Area] = {}
    area_of = _Folders(rules.folders).area if rules.folders else _Lines(rules).area
    for file in files:
        area = area_of(file)
        kind = (area.place, area.owners, area.reviewers, area.is_free)
        kinds.setdefault(kind, area)
        found.setdefault(kind, []).append(file)
    made = [
        Area(
            place=area.place,
            files=tuple(sorted(found[kind])),
            owners=area.owners,
            nearest=area.nearest,
            reviewers=area.reviewers,
            is_free=area.is_free,
        )
        for kind, area in kinds.items()
    ]
    return sorted(made, key=lambda area: (area.place, area.files))


def top_owners(rules: OwnersChanged) -> frozenset[str]:
    """Return who owns the top folder, whatever lies in it: logins and teams, in lower case."""
    if rules.folders:
        return frozenset(
            name
            for rule in rules.folders
            if not rule.folder and not rule.pattern
            for name in rule.approvers
        )
    last = next((rule for rule in reversed(rules.paths) if rule.pattern == EVERYTHING), None)
    return frozenset(last.owners if last is not None else ())


class _Folders:
    """What OWNERS files say, each for its folder."""

    def __init__(self, rules: Sequence[FolderOwners]) -> None:
        self._rules: dict[str, list[FolderOwners]] = {}
        for rule in rules:
            self._rules.setdefault(rule.folder, []).append(rule)

    def area(self, file: str) -> Area:
        """Return who may approve a file: the owners of its folder and of those above it."""
        place = ""
        nearest: tuple[str, ...] = ()
        owners: set[str] = set()
        reviewers: set[str] = set()
        for folder in _upwards(file):
            rules = self._rules.get(folder, [])
            relative = file.removeprefix(f"{folder}/") if folder else file
            said = [rule for rule in rules if _is_meant(rule.pattern, relative)]
            here = tuple(dict.fromkeys(name for rule in said for name in rule.approvers))
            owners.update(here)
            reviewers.update(name for rule in said for name in rule.reviewers)
            if here and not nearest:
                place, nearest = folder, here
            if any(rule.alone for rule in rules):
                break
        return Area(
            place=f"{place}/",
            files=(file,),
            owners=frozenset(owners),
            nearest=nearest,
            reviewers=frozenset(reviewers),
        )


class _Lines:
    """What a CODEOWNERS file says, line by line."""

    def __init__(self, rules: OwnersChanged) -> None:
        self._rules = [(_expression(rule.pattern), rule) for rule in reversed(rules.paths)]

    def area(self, file: str) -> Area:
        """Return who owns a file: whom the last line that names it names."""
        for expression, rule in self._rules:
            if expression.fullmatch(file):
                owners = frozenset(rule.owners)
                return Area(
                    place=rule.pattern,
                    files=(file,),
                    owners=owners,
                    nearest=rule.owners,
                    reviewers=owners,
                    is_free=not owners,
                )
        return Area(place=ROOT, files=(file,), is_free=True)


def _upwards(file: str) -> list[str]:
    """Return the folders of a file, its own first, the root last."""
    folders = file.split("/")[:-1]
    return ["/".join(folders[:depth]) for depth in range(len(folders), -1, -1)]


@lru_cache(maxsize=4096)
def _is_meant(pattern: str, relative: str) -> bool:
    return not pattern or re.search(pattern, relative) is not None


@lru_cache(maxsize=4096)
def _expression(pattern: str) -> re.Pattern[str]:
    """Return what a pattern of CODEOWNERS matches: whole paths, written as gitignore writes them.

    `docs/*` means the files in that folder and not those below it; every other pattern that names a folder means all
    that is in it.
    """
    is_anchored = "/" in pattern.rstrip("/")
    body = pattern.strip("/")
    said = "".join(_PARTS.get(part, re.escape(part)) for part in _SPLIT.split(body) if part)
    start = "" if is_anchored else "(?:.*/)?"
    if pattern.endswith("/") and not body.endswith("**"):
        return re.compile(f"{start}{said}/.*")
    is_one_level = body.endswith("/*") or (is_anchored and body == "*")
    return re.compile(f"{start}{said}" if is_one_level else f"{start}{said}(?:/.*)?")


_SPLIT = re.compile(r"(\A\*\*/|/\*\*/|/\*\*\Z|\*+|\?)")
_PARTS = {
    "**/": "(?:.*/)?",
    "/**/": "/(?:.*/)?",
    "/**": "/.*",
    "**": ".*",
    "*": "[^/]*",
    "?": "[^/]",
}
