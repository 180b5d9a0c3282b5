"""Reads the configuration file: the shapes first, then what must hold between its parts."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from msgspec import inspect
from msgspec.structs import replace

from chatops.config.channels import Channel
from chatops.config.document import MISSING, Document, NotWritten, compose, joined
from chatops.config.shape import Community, Configuration
from chatops.errors import BadInput

EXAMPLE = """\
communities:
  acme:
    title: Acme Engine
    slash_command: /acme
    repositories:
      - acme/engine
"""
"""The least that works."""

RESERVED = frozenset(
    {
        "api", "audit", "badge", "commands", "embed", "feeds", "flaky", "github", "health",
        "healthz", "metrics", "link", "nightly", "people", "pr-tests", "prs", "readyz", "required", "runs",
        "sign-in", "sign-out",
        "slack", "static", "status", "stream", "strip", "tests",
    }
)  # fmt: skip
"""The first parts of the dashboard's own addresses."""


class Misread(NamedTuple):
    """What is wrong with the value of a key, found by somebody who knows more than the shapes do."""

    path: str
    found: str
    expected: str


def read_configuration(
    path: Path, *, further: Callable[[Configuration], Iterable[Misread]] | None = None
) -> Configuration:
    """Return the configuration in a file, or one `BadInput` with every problem in it.

    `further` looks at what only those rooms understand that stand above this one.
    """
    try:
        root = compose(path)
    except NotWritten as problem:
        raise BadInput([*problem.problems, f"A configuration is at least:\n\n{EXAMPLE}"]) from None
    document = Document()
    found = document.read(root, inspect.type_info(Configuration))
    if found is not MISSING:
        assert isinstance(found, Configuration)
        _check(document, found)
        for misread in further(found) if further is not None else ():
            document.note(*misread)
    if document.problems:
        raise BadInput(document.problems)
    assert isinstance(found, Configuration)
    return replace(found, default=found.default_community.key)


def _check(document: Document, configuration: Configuration) -> None:
    """Note what is wrong between the parts, each of which is right."""
    keys = configuration.communities
    if configuration.default and f"communities.{configuration.default}" not in document.places:
        document.note("default", repr(configuration.default), f"one of {', '.join(keys)}")
    for key in sorted(RESERVED & set(keys)):
        document.note(f"communities.{key}", repr(key), "a key that is not a page of the dashboard")
    _once(document, _slash_commands(configuration), "a command that no other community has")
    _once(document, _repositories(configuration), "a repository that is listed once")
    for community in keys.values():
        for path, repository in _homes(community):
            if repository and repository not in community.repositories:
                expected = f"one of {', '.join(community.repositories)}"
                document.note(path, repr(repository), expected)
        for channel in community.channels.values():
            _check_channel(document, community, channel)


def _check_channel(document: Document, community: Community, channel: Channel) -> None:
    """Note what is wrong with a channel: groups there are not, two ways to choose jobs, a deadline before its time."""
    path = f"communities.{community.key}.channels.{channel.key}"
    groups = dict.fromkeys(group.group for group in community.maintainers)
    for index, group in enumerate(channel.groups):
        if group not in groups:
            expected = f"one of {', '.join(groups)}" if groups else "none, for there are no groups"
            document.note(f"{path}.groups[{index}]", repr(group), expected)
    if channel.groups and channel.filter:
        document.note(f"{path}.filter", repr(channel.filter), "either this or groups, not both")
    digest = channel.digest
    if digest is not None and digest.weekly not in ("never", *digest.weekdays):
        expected = f"never or one of its weekdays: {', '.join(digest.weekdays)}"
        document.note(f"{path}.digest.weekly", repr(digest.weekly), expected)
    if digest is not None and digest.deadline and digest.due_until < digest.due_at:
        expected = f"a time not before {digest.time}, when the digest is due"
        document.note(f"{path}.digest.deadline", repr(digest.deadline), expected)
    alerts = channel.alerts
    if alerts is not None and bool(alerts.quiet_from) != bool(alerts.quiet_to):
        said = "quiet_to" if alerts.quiet_from else "quiet_from"
        document.note(
            f"{path}.alerts.{said}", "nothing", "a time of day, for the other end is said"
        )
    elif alerts is not None and alerts.quiet_from and alerts.quiet_from == alerts.quiet_to:
        expected = "another time than quiet_from; without both the channel has no rest"
        document.note(f"{path}.alerts.quiet_to", repr(alerts.quiet_to), expected)


def _once(document: Document, said: Iterator[tuple[str, str]], expected: str) -> None:
    seen: dict[str, str] = {}
    for path, text in said:
        first = seen.setdefault(text.lower(), path)
        if first != path:
            document.note(path, f"{text!r} again", f"{expected}; {first} has it")


def _slash_commands(configuration: Configuration) -> Iterator[tuple[str, str]]:
    for key, community in configuration.communities.items():
        if community.slash_command:
            yield f"communities.{key}.slash_command", community.slash_command


def _repositories(configuration: Configuration) -> Iterator[tuple[str, str]]:
    for key, community in configuration.communities.items():
        for index, repository in enumerate(community.repositories):
            yield f"communities.{key}.repositories[{index}]", repository


def _homes(community: Community) -> Iterator[tuple[str, str]]:
    for index, workflow in enumerate(community.nightly):
        yield f"communities.{community.key}.nightly[{index}].repository", workflow.repository
    for repository in community.exceptions:
        yield joined(f"communities.{community.key}.exceptions", repository), repository
