"""What happened to pull requests, their branches and labels."""

from datetime import datetime
from typing import ClassVar

from chatops.events import Event
from chatops.names import Login, PullNumber, Repo, Sha


class PullChanged(Event, frozen=True, kw_only=True):
    """A pull request looked like this at `updated_at`. Heard from GitHub.

    Two facts of the same second that differ are two facts: `fingerprint` tells them apart. Where GitHub was asked and
    showed another one of that second than we took for the last, `confirmed_at` is when. `association` is GitHub's word
    for what the author is to the repository. `names_issue`: its title or text does. Merged is it since `merged_at`.
    """

    kind: ClassVar[str] = "pull.changed"

    repo: Repo
    number: PullNumber
    sha: Sha
    base: str
    author: Login
    title: str
    state: str
    draft: bool = False
    merged: bool = False
    fork: bool = False
    labels: tuple[str, ...] = ()
    created_at: datetime | None = None
    updated_at: datetime | None = None
    fingerprint: str = ""
    association: str = ""
    names_issue: bool = False
    confirmed_at: datetime | None = None
    merged_at: datetime | None = None

    def key(self) -> str:
        seconds = int(self.updated_at.timestamp()) if self.updated_at else 0
        confirmed = f"/{int(self.confirmed_at.timestamp())}" if self.confirmed_at else ""
        return f"pull/{self.repo}/{self.number}/{seconds}/{self.fingerprint}{confirmed}"

    def stream(self) -> str:
        return f"pull/{self.repo}/{self.number}"

    def happened_at(self) -> datetime | None:
        return self.updated_at


class PullFilesSeen(Event, frozen=True, kw_only=True):
    """Which files a pull request changes at this commit, against this base. Heard from GitHub when somebody asked.

    A renamed file has two names; GitHub tells of 3,000 files at most.
    """

    kind: ClassVar[str] = "pull.files_seen"

    repo: Repo
    number: PullNumber
    sha: Sha
    base: str
    files: tuple[str, ...]

    def key(self) -> str:
        return f"pull/{self.repo}/{self.number}/files/{self.sha}/{self.base}"

    def stream(self) -> str:
        return f"pull/{self.repo}/{self.number}"


class LabelChanged(Event, frozen=True, kw_only=True):
    """A label of the repository itself was created, edited or deleted. Heard from GitHub."""

    kind: ClassVar[str] = "label.changed"

    repo: Repo
    action: str
    label: str
    colour: str = ""
    was: str = ""
    delivery: str

    def key(self) -> str:
        return f"label/{self.repo}/{self.delivery}"

    def stream(self) -> str:
        return f"repository/{self.repo}"


class BranchPushed(Event, frozen=True, kw_only=True):
    """A branch or tag moved from one commit to another. Heard from GitHub."""

    kind: ClassVar[str] = "branch.pushed"

    repo: Repo
    ref: str
    before: Sha
    after: Sha
    commits: int = 0
    pushed_by: Login = Login("")
    pushed_at: datetime | None = None

    def key(self) -> str:
        return f"push/{self.repo}/{self.ref}/{self.before}/{self.after}"

    def stream(self) -> str:
        return f"repository/{self.repo}"

    def happened_at(self) -> datetime | None:
        return self.pushed_at


class MergeGroupChanged(Event, frozen=True, kw_only=True):
    """A merge group was made, or destroyed (`reason` says why). Heard from GitHub."""

    kind: ClassVar[str] = "merge_group.changed"

    repo: Repo
    action: str
    sha: Sha
    base: str
    reason: str = ""

    def key(self) -> str:
        return f"merge_group/{self.repo}/{self.sha}/{self.action}"

    def stream(self) -> str:
        return f"repository/{self.repo}"
