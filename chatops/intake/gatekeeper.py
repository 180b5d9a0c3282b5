"""The list of required checks as a gatekeeper file says it: always required, and by what a change touches.

The file has `required_tests` and `required_regexps` (always), `paths` (an ordered list of expressions, each with the
sets of checks that files matching it need) and `mapping` (those sets). A file that no expression matches needs every
set; expressions are searched, not anchored, and the first that matches a file counts.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from hashlib import blake2b
from typing import Any

import msgspec
import yaml
from msgspec import Struct

from chatops.errors import BadInput
from chatops.events.gate import CheckSet, PathRule, RequiredChecksChanged
from chatops.names import Repo

SEPARATOR = " / "
KEYS = frozenset({"required_tests", "required_regexps", "paths", "mapping"})


class RequiredList(Struct, frozen=True, kw_only=True):
    """What a gatekeeper file says."""

    names: tuple[str, ...]
    patterns: tuple[str, ...]
    paths: tuple[PathRule, ...]
    sets: tuple[CheckSet, ...]


class RequiredFor(Struct, frozen=True, kw_only=True):
    """What one change needs: check names, expressions for more names, labels, and the sets they stem from."""

    names: tuple[str, ...]
    patterns: tuple[str, ...]
    labels: tuple[str, ...]
    sets: tuple[str, ...]


def parse_required(text: str) -> RequiredList:
    """Read a gatekeeper file; every problem is named with its key, what was found and what was expected."""
    try:
        document = yaml.safe_load(text)
    except (yaml.YAMLError, RecursionError, ValueError) as problem:
        mark = getattr(problem, "problem_mark", None)
        where = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
        said = getattr(problem, "problem", None) or str(problem)
        raise BadInput([f"{where}this is not YAML ({said})"]) from problem
    if not isinstance(document, dict) or not KEYS & set(document):
        raise BadInput(
            [f"found {_kind(document)}, expected a mapping with {', '.join(sorted(KEYS))}"]
        )
    reader = _Reader()
    found = RequiredList(
        names=reader.texts(document.get("required_tests"), "required_tests"),
        patterns=reader.patterns(document.get("required_regexps"), "required_regexps"),
        paths=reader.paths(document.get("paths")),
        sets=reader.sets(document.get("mapping")),
    )
    known = {one.name for one in found.sets}
    for rule in found.paths:
        for name in rule.sets:
            if name not in known:
                expected = ", ".join(sorted(known)) or "none, for there is no mapping"
                reader.problems.append(
                    f"paths.{rule.pattern}: found the set {name!r}, expected one of mapping: {expected}"
                )
    if reader.problems:
        raise BadInput(reader.problems)
    return found


def required_for(rules: RequiredList | RequiredChecksChanged, files: Sequence[str]) -> RequiredFor:
    """Return what a change of these files needs."""
    wanted: set[str] = set()
    expressions = [(re.compile(rule.pattern), rule.sets) for rule in rules.paths]
    everything = {one.name for one in rules.sets}
    for file in files:
        matched = next((sets for expression, sets in expressions if expression.search(file)), None)
        wanted |= everything if matched is None else set(matched)
    chosen = [one for one in rules.sets if one.name in wanted]
    return RequiredFor(
        names=_once(rules.names, *(one.names for one in chosen)),
        patterns=_once(rules.patterns, *(one.patterns for one in chosen)),
        labels=_once(*(one.labels for one in chosen)),
        sets=tuple(one.name for one in chosen),
    )


def required_event(
    repo: Repo, branch: str, origin: str, text: str, follows: str, seen_at: datetime
) -> RequiredChecksChanged:
    """Return the fact that a gatekeeper file was seen in this version."""
    found = parse_required(text)
    return RequiredChecksChanged(
        repo=repo,
        branch=branch,
        origin=origin,
        fingerprint=_fingerprint((found.names, found.patterns, found.paths, found.sets)),
        follows=follows,
        names=found.names,
        patterns=found.patterns,
        paths=found.paths,
        sets=found.sets,
        seen_at=seen_at,
    )


def from_branch_rules(
    repo: Repo, branch: str, names: Iterable[str], follows: str, seen_at: datetime
) -> RequiredChecksChanged:
    """Return the fact that the rules of a branch were seen to require these checks."""
    chosen = tuple(sorted(set(names)))
    return RequiredChecksChanged(
        repo=repo,
        branch=branch,
        origin="branch rules",
        fingerprint=_fingerprint(chosen),
        follows=follows,
        names=chosen,
        seen_at=seen_at,
    )


def job_name(required_name: str) -> tuple[str, str]:
    """Return the workflow and the job that a required name speaks of: `<workflow> / <job>`."""
    workflow, separator, job = required_name.partition(SEPARATOR)
    return (workflow, job) if separator else ("", required_name)


class _Reader:
    """Reads the parts of the file, and remembers what is wrong with them."""

    def __init__(self) -> None:
        self.problems: list[str] = []

    def texts(self, value: object, key: str) -> tuple[str, ...]:
        if value is None:
            return ()
        if not isinstance(value, list):
            self._wrong(key, value, "a list of texts")
            return ()
        for place, item in enumerate(value):
            if not isinstance(item, str):
                self._wrong(f"{key}[{place}]", item, "a text")
        return tuple(item for item in value if isinstance(item, str))

    def patterns(self, value: object, key: str) -> tuple[str, ...]:
        """Read expressions: a list, or one text that joins them with a bar."""
        found = (value,) if isinstance(value, str) else self.texts(value, key)
        return tuple(pattern for pattern in found if self._is_expression(pattern, key))

    def paths(self, value: object) -> tuple[PathRule, ...]:
        if value is None:
            return ()
        if not isinstance(value, list):
            self._wrong("paths", value, "a list of mappings with one expression each")
            return ()
        rules = []
        for place, item in enumerate(value):
            if not isinstance(item, dict) or len(item) != 1:
                self._wrong(f"paths[{place}]", item, "a mapping with one expression")
                continue
            ((pattern, sets),) = item.items()
            key = f"paths[{place}]"
            if not isinstance(pattern, str):
                self._wrong(key, pattern, "an expression")
            elif self._is_expression(pattern, key):
                rules.append(PathRule(pattern=pattern, sets=self.texts(sets, f"{key}.{pattern}")))
        return tuple(rules)

    def sets(self, value: object) -> tuple[CheckSet, ...]:
        if value is None:
            return ()
        if not isinstance(value, dict):
            self._wrong("mapping", value, "a mapping of sets")
            return ()
        found = []
        for name, content in value.items():
            key = f"mapping.{name}"
            described: Mapping[str, Any] = content if isinstance(content, dict) else {}
            if not isinstance(content, dict | None):
                self._wrong(key, content, "a mapping with names, regexps and required-labels")
            found.append(
                CheckSet(
                    name=str(name),
                    names=self.texts(described.get("names"), f"{key}.names"),
                    patterns=self.patterns(described.get("regexps"), f"{key}.regexps"),
                    labels=self.texts(described.get("required-labels"), f"{key}.required-labels"),
                )
            )
        return tuple(found)

    def _is_expression(self, pattern: str, key: str) -> bool:
        try:
            re.compile(pattern)
        except (re.error, RecursionError, OverflowError) as problem:
            self._wrong(key, pattern, f"a regular expression ({problem})")
            return False
        return True

    def _wrong(self, key: str, found: object, expected: str) -> None:
        shown = repr(found)
        short = shown if len(shown) < 80 else f"{shown[:79]}…"  # noqa: PLR2004 - as much as a line can show
        self.problems.append(f"{key}: found {short}, expected {expected}")


def _kind(document: object) -> str:
    return "nothing" if document is None else f"a {type(document).__name__}"


def _once(*parts: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for part in parts for name in part))


def _fingerprint(content: object) -> str:
    return blake2b(msgspec.json.encode(content), digest_size=8).hexdigest()
