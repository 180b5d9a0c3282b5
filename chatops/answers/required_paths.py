"""What must this change pass, and which rule says so?

A list of required checks names some for every change, and sets of checks for paths. The first expression that is found
in a file's path decides which sets that file needs; a file that none is found in needs all of them.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from chatops.events.gate import RequiredChecksChanged

EXAMPLES = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Touched:
    """Files that fall under one path rule. `pattern` is empty for those under none, which need every set."""

    pattern: str
    sets: tuple[str, ...]
    files: int
    examples: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Needs:
    """What one change must pass. `sets` has every name that stems from a set; `knows_files` is false where nobody has
    asked what the change touches, and then every set counts.
    """

    names: tuple[str, ...]
    patterns: tuple[re.Pattern[str], ...]
    labels: tuple[str, ...]
    sets: Mapping[str, str]
    touched: tuple[Touched, ...]
    chosen: tuple[str, ...]
    left_out: tuple[str, ...]
    knows_files: bool
    _known: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_known", frozenset(self.names))

    def has(self, full: str, job: str) -> bool:
        """Return whether a check is required, by its name with its workflow's or by its own alone."""
        return self.named(full, job) is not None or any(
            pattern.match(full) for pattern in self.patterns
        )

    def named(self, full: str, job: str) -> str | None:
        """Return the required name that means a check."""
        return next((name for name in (full, job) if name in self._known), None)

    def because(self, name: str) -> str:
        """Return the set that a required name stems from, empty if it is always required."""
        return self.sets.get(name, "")


def needs_of(rules: RequiredChecksChanged, files: Sequence[str] | None) -> Needs:
    """Return what a change of these files must pass."""
    every = tuple(one.name for one in rules.sets)
    touched = _touched(rules, files, every) if files is not None and every else ()
    wanted = set(every) if files is None else {name for one in touched for name in one.sets}
    chosen = [one for one in rules.sets if one.name in wanted]
    always = set(rules.names)
    return Needs(
        names=tuple(dict.fromkeys([*rules.names, *(n for one in chosen for n in one.names)])),
        patterns=tuple(
            re.compile(pattern)
            for pattern in dict.fromkeys(
                [*rules.patterns, *(p for one in chosen for p in one.patterns)]
            )
        ),
        labels=tuple(dict.fromkeys(label for one in chosen for label in one.labels)),
        sets={name: one.name for one in chosen for name in one.names if name not in always},
        touched=touched,
        chosen=tuple(one.name for one in chosen),
        left_out=tuple(name for name in every if name not in wanted),
        knows_files=files is not None or not every,
    )


def _touched(
    rules: RequiredChecksChanged, files: Sequence[str], every: tuple[str, ...]
) -> tuple[Touched, ...]:
    expressions = [(rule, re.compile(rule.pattern)) for rule in rules.paths]
    under: dict[str, list[str]] = {}
    sets: dict[str, tuple[str, ...]] = {}
    for file in files:
        rule = next((rule for rule, expression in expressions if expression.search(file)), None)
        pattern = rule.pattern if rule is not None else ""
        under.setdefault(pattern, []).append(file)
        sets[pattern] = rule.sets if rule is not None else every
    return tuple(
        Touched(
            pattern=pattern, sets=sets[pattern], files=len(found), examples=tuple(found[:EXAMPLES])
        )
        for pattern, found in under.items()
    )
