"""Who owns which files of a repository, as its own files say it."""

from datetime import datetime
from hashlib import blake2b
from typing import ClassVar

import msgspec

from chatops.events import Event
from chatops.names import PullNumber, Repo, Sha


class FolderOwners(msgspec.Struct, frozen=True, kw_only=True):
    """Who may approve and review what lies in a folder and below it, as its OWNERS file says.

    `pattern` is searched in paths relative to the folder; empty means all of them. With `alone` the folders above do
    not count. Names are logins in lower case.
    """

    folder: str
    pattern: str = ""
    approvers: tuple[str, ...] = ()
    reviewers: tuple[str, ...] = ()
    alone: bool = False


class PathOwners(msgspec.Struct, frozen=True, kw_only=True):
    """Who owns the files that a line of CODEOWNERS names; of several lines the last counts.

    Names are logins in lower case, or `organization/team`. A line without any leaves its files unowned.
    """

    pattern: str
    owners: tuple[str, ...] = ()


class OwnersChanged(Event, frozen=True, kw_only=True):
    """The owners of a repository's files were seen in a new version.

    `problems` says what in the files could not be understood and was left out. `follows` is the link of the version
    before, so that a list that returns to an older state is a new fact each time.
    """

    kind: ClassVar[str] = "owners.changed"

    repo: Repo
    branch: str
    origin: str
    fingerprint: str
    follows: str = ""
    folders: tuple[FolderOwners, ...] = ()
    paths: tuple[PathOwners, ...] = ()
    problems: tuple[str, ...] = ()
    seen_at: datetime | None = None

    def key(self) -> str:
        return f"owners/{self.repo}/{self.branch}/{self.follows or 'first'}/{self.fingerprint}"

    def link(self) -> str:
        """Return what the next version follows: this one, and through it all that came before."""
        return blake2b(f"{self.follows}/{self.fingerprint}".encode(), digest_size=8).hexdigest()

    def stream(self) -> str:
        return f"repository/{self.repo}"

    def happened_at(self) -> datetime | None:
        return self.seen_at


class FilesWanted(Event, frozen=True, kw_only=True):
    """A new head of a pull request needs the approval of owners, so its files have to be known."""

    kind: ClassVar[str] = "files.wanted"

    repo: Repo
    number: PullNumber
    sha: Sha
    base: str

    def key(self) -> str:
        return f"files/{self.repo}/{self.number}/{self.base}/{self.sha}/wanted"

    def stream(self) -> str:
        return f"pull/{self.repo}/{self.number}"
