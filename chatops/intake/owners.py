"""Who owns which files, as a repository says it: OWNERS files with their aliases, or CODEOWNERS.

Both are read as they are on the base branch; each version that differs is an event. What cannot be understood is left
out and named: one slip of the pen in one folder takes nobody else's say away.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from hashlib import blake2b

import msgspec
import yaml
from msgspec import Struct

from chatops.config import Community
from chatops.errors import Refused
from chatops.events.owners import FolderOwners, OwnersChanged, PathOwners
from chatops.names import Repo
from chatops.ports import GitHub

OWNERS, ALIASES = "OWNERS", "OWNERS_ALIASES"
CODEOWNERS = (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS")
"""Where GitHub looks, in this order; the first that is there counts."""
MOST_FILES = 1_000
MOST_PROBLEMS = 50
EVERYTHING = frozenset({"", ".*"})
LOGIN = re.compile(r"@?([A-Za-z0-9](?:[A-Za-z0-9_-]{0,38}))")
TEAM = re.compile(r"@([A-Za-z0-9-]{1,39}/[A-Za-z0-9._-]{1,100})")
MAIL = re.compile(r"[^@\s]+@[^@\s]+")
AN_ADDRESS = "an e-mail address"
BY_MAIL = f"({AN_ADDRESS})"
"""An owner who is named by an address: the files are theirs, and nobody else's word will do."""


class Read(Struct, frozen=True, kw_only=True):
    """What was read: rules of one of both kinds, and what had to be left out."""

    folders: tuple[FolderOwners, ...] = ()
    paths: tuple[PathOwners, ...] = ()
    problems: tuple[str, ...] = ()


async def owners_version(
    github: GitHub,
    community: Community,
    repo: Repo,
    known: OwnersChanged | None,
    now: datetime,
) -> OwnersChanged | None:
    """Return the owners as they are now, or nothing if they are what we know, or if there are none to know."""
    said = community.approvals
    match said.owners:
        case "owners":
            origin, found = OWNERS, await _owners_files(github, repo, said.branch)
        case "codeowners":
            origin, found = await _codeowners_file(github, repo, said.branch)
        case _:
            return None
    fingerprint = blake2b(msgspec.json.encode((origin, found)), digest_size=8).hexdigest()
    if known is not None and known.fingerprint == fingerprint:
        return None
    return OwnersChanged(
        repo=repo,
        branch=said.branch,
        origin=origin,
        fingerprint=fingerprint,
        follows=known.link() if known else "",
        folders=found.folders,
        paths=found.paths,
        problems=found.problems,
        seen_at=now,
    )


async def _owners_files(github: GitHub, repo: Repo, branch: str) -> Read:
    paths = [path for path in await github.paths(repo, branch) if _is_owners_file(path)]
    if len(paths) > MOST_FILES:
        raise Refused(
            f"{repo} has {len(paths)} OWNERS files; I read at most {MOST_FILES}.",
            reason="too_many_owners",
        )
    files = {path: await github.file(repo, path, branch) for path in paths}
    return parse_owners(files)


async def _codeowners_file(github: GitHub, repo: Repo, branch: str) -> tuple[str, Read]:
    for path in CODEOWNERS:
        try:
            text = await github.file(repo, path, branch)
        except Refused as refusal:
            if refusal.reason != "not_found":
                raise
            continue
        return path, parse_codeowners(text)
    return "", Read()


def _is_owners_file(path: str) -> bool:
    return path == ALIASES or path.rpartition("/")[2] == OWNERS


def parse_owners(files: Mapping[str, str]) -> Read:
    """Read the OWNERS files of a repository, by their paths, with its aliases."""
    problems: list[str] = []
    aliases = _aliases(files.get(ALIASES), problems)
    rules = [
        rule
        for path in sorted(files)
        if path != ALIASES
        for rule in _Folder(path, aliases, problems).rules(files[path])
    ]
    return Read(folders=tuple(rules), problems=tuple(problems[:MOST_PROBLEMS]))


def parse_codeowners(text: str) -> Read:
    """Read a CODEOWNERS file: a pattern and its owners on each line; a line that is no such thing is left out."""
    rules: list[PathOwners] = []
    problems: list[str] = []
    for number, line in enumerate(text.splitlines(), start=1):
        pattern, *names = _fields(line)
        if not pattern:
            continue
        wrong = _wrong_pattern(pattern)
        if wrong:
            problems.append(f"line {number}: {wrong}, so the line does not count")
            continue
        owners = [_owner(name) for name in names]
        unknown = [name for name, owner in zip(names, owners, strict=True) if not owner]
        if unknown:
            # GitHub leaves out the whole line, too.
            problems.append(f"line {number}: found {unknown[0][:60]!r}, so the line does not count")
            continue
        if BY_MAIL in owners:
            problems.append(f"line {number}: {_said_of(AN_ADDRESS)}")
        rules.append(PathOwners(pattern=pattern, owners=_once(owner or "" for owner in owners)))
    return Read(paths=tuple(rules), problems=tuple(problems[:MOST_PROBLEMS]))


class _Folder:
    """Reads one OWNERS file, and notes what is wrong with it."""

    def __init__(
        self, path: str, aliases: Mapping[str, tuple[str, ...]], problems: list[str]
    ) -> None:
        self._path = path
        self._aliases = aliases
        self._problems = problems

    def rules(self, text: str) -> list[FolderOwners]:
        """Return what the file says, one rule for each of its filters."""
        document = _yaml(text, self._path, self._problems)
        if document is None:
            return []
        options = document.get("options")
        alone = isinstance(options, dict) and options.get("no_parent_owners") is True
        filters = document.get("filters", {"": document})
        if not isinstance(filters, dict):
            self._problems.append(f"{self._path}: filters: expected expressions with owners")
            return []
        found = [
            self._rule(str(pattern), said, alone=alone)
            for pattern, said in filters.items()
            if self._is_expression(str(pattern)) and isinstance(said, dict)
        ]
        return found or [self._rule("", {}, alone=alone)]

    def _rule(self, pattern: str, said: Mapping[object, object], *, alone: bool) -> FolderOwners:
        return FolderOwners(
            folder=self._path.rpartition("/")[0],
            pattern="" if pattern in EVERYTHING else pattern,
            approvers=self._people(said.get("approvers"), "approvers"),
            reviewers=self._people(said.get("reviewers"), "reviewers"),
            alone=alone,
        )

    def _people(self, value: object, key: str) -> tuple[str, ...]:
        """Return logins; a name that is an alias stands for its people."""
        if value is None:
            return ()
        if not isinstance(value, list):
            self._problems.append(f"{self._path}: {key}: expected a list of logins")
            return ()
        people: list[str] = []
        for entry in value:
            name = str(entry).lower()
            if name in self._aliases:
                people.extend(self._aliases[name])
            elif found := LOGIN.fullmatch(name):
                people.append(found.group(1))
            else:
                self._problems.append(f"{self._path}: {key}: {_said_of(name)}")
        return _once(people)

    def _is_expression(self, pattern: str) -> bool:
        try:
            re.compile(pattern)
        except (re.error, RecursionError, OverflowError):
            self._problems.append(
                f"{self._path}: filters: found {pattern!r}, expected a regular expression"
            )
            return False
        return True


def _aliases(text: str | None, problems: list[str]) -> dict[str, tuple[str, ...]]:
    document = _yaml(text, ALIASES, problems) if text else None
    said = (document or {}).get("aliases") or {}
    if not isinstance(said, dict):
        problems.append(f"{ALIASES}: aliases: expected names with lists of logins")
        return {}
    found = {}
    for name, people in said.items():
        logins = [LOGIN.fullmatch(str(one)) for one in people if one] if _is_list(people) else []
        found[str(name).lower()] = _once(one.group(1).lower() for one in logins if one)
    return found


def _is_list(value: object) -> bool:
    return isinstance(value, list)


def _yaml(text: str, path: str, problems: list[str]) -> Mapping[object, object] | None:
    try:
        document = yaml.safe_load(text)
    except (yaml.YAMLError, RecursionError, ValueError):
        problems.append(f"{path}: this is not YAML, so the file does not count")
        return None
    if document is None:
        return {}
    if not isinstance(document, dict):
        problems.append(f"{path}: expected a mapping with approvers and reviewers")
        return None
    return document


def _fields(line: str) -> Sequence[str]:
    """Return a line's fields; a comment ends it, and a blank after a backslash belongs to the pattern."""
    fields = [
        field.replace("\\ ", " ")
        for field in re.findall(r"(?:\\.|[^\s\\])+", line.partition(" #")[0])
    ]
    return fields if fields and not fields[0].startswith("#") else [""]


def _wrong_pattern(pattern: str) -> str:
    if pattern.startswith("!"):
        return f"found {pattern!r}; what is excluded with `!` cannot be said in CODEOWNERS"
    if "[" in pattern:
        return f"found {pattern!r}; ranges in brackets cannot be said in CODEOWNERS"
    return ""


def _owner(name: str) -> str | None:
    """Return an owner as rules hold it; an address stands for an account, but not for one that we can tell."""
    if MAIL.fullmatch(name):
        return BY_MAIL
    if found := TEAM.fullmatch(name):
        return found.group(1).lower()
    if name.startswith("@") and (found := LOGIN.fullmatch(name)):
        return found.group(1).lower()
    return None


def _said_of(name: str) -> str:
    """Say what is wrong with a name. An address is not repeated: it is somebody's."""
    if name == AN_ADDRESS or MAIL.fullmatch(name):
        return f"found {AN_ADDRESS}, expected a login"
    return f"found {name[:60]!r}, expected a login"


def _once(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))
