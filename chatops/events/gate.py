"""What a pull request must pass, as the community's own file or branch rules say it."""

from datetime import datetime
from hashlib import blake2b
from typing import ClassVar

import msgspec

from chatops.events import Event
from chatops.names import Repo, RunId


class PathRule(msgspec.Struct, frozen=True, kw_only=True):
    """Files that match `pattern` (searched, not anchored) need these sets of checks; the first match counts."""

    pattern: str
    sets: tuple[str, ...]


class CheckSet(msgspec.Struct, frozen=True, kw_only=True):
    """A named set of required checks, with the labels a pull request needs so that they can run."""

    name: str
    names: tuple[str, ...] = ()
    patterns: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()


class RequiredChecksChanged(Event, frozen=True, kw_only=True):
    """The list of required checks was seen in a new version.

    `follows` is the link of the version before, so that a list that returns to an older state is a new fact each time.
    """

    kind: ClassVar[str] = "required.changed"

    repo: Repo
    branch: str
    origin: str
    fingerprint: str
    follows: str = ""
    names: tuple[str, ...] = ()
    patterns: tuple[str, ...] = ()
    paths: tuple[PathRule, ...] = ()
    sets: tuple[CheckSet, ...] = ()
    seen_at: datetime | None = None

    def key(self) -> str:
        return f"required/{self.repo}/{self.branch}/{self.follows or 'first'}/{self.fingerprint}"

    def link(self) -> str:
        """Return what the next version follows: this one, and through it all that came before."""
        if not self.follows:
            return self.fingerprint
        return blake2b(f"{self.follows}/{self.fingerprint}".encode(), digest_size=8).hexdigest()

    def stream(self) -> str:
        return f"repository/{self.repo}"

    def happened_at(self) -> datetime | None:
        return self.seen_at


class RequiredReported(Event, frozen=True, kw_only=True):
    """A dashboard's file told which tests were required when it was made. Heard from an import.

    `first_run` is the oldest run that the file tells of: from it on its nights are judged by this list.
    """

    kind: ClassVar[str] = "required.reported"

    repo: Repo
    names: tuple[str, ...]
    fingerprint: str
    first_run: RunId = RunId(0)

    def key(self) -> str:
        return f"required/{self.repo}/reported/{self.fingerprint}"

    def stream(self) -> str:
        return f"repository/{self.repo}"
