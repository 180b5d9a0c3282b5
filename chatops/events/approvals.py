"""Who found a pull request good, who approved it for which files, and how that was shown."""

from datetime import datetime
from typing import ClassVar, Literal

import msgspec

from chatops.events import Event, in_code
from chatops.names import CommandId, Login, PullNumber, Repo, Sha


class Awaited(msgspec.Struct, frozen=True, kw_only=True):
    """Files that still need an approval: where they lie, how many they are, and whose approval is best asked for."""

    place: str
    files: int
    owners: tuple[str, ...] = ()


class ApprovalGiven(Event, frozen=True, kw_only=True):
    """Somebody said of a head commit that it looks good (`lgtm`), or approved it for files they own (`approve`).

    `stands_for` are the names under which they own files: their login, their teams. `awaits` is what still needs
    somebody's approval after this one. `keeps`: pushes do not put an end to it, for the author is trusted so far.
    `no_issue`: an owner says that it needs none; `awaits_issue`: it has to name one, and does not.
    """

    kind: ClassVar[str] = "approval.given"

    command: CommandId
    repo: Repo
    number: PullNumber
    sha: Sha
    grade: str
    by: Login
    stands_for: tuple[str, ...] = ()
    awaits: tuple[Awaited, ...] = ()
    keeps: bool = False
    no_issue: bool = False
    awaits_issue: bool = False
    given_at: datetime | None = None

    def key(self) -> str:
        return f"{self.command}/{self.grade}/{self.by.lower()}"

    def would(self) -> str:
        commit = f"#{self.number} at the commit `{self.sha[:9]}`"
        if not self.stands_for:
            return f"Would note that {commit} looks good to {in_code([self.by])}."
        also = ", and that it needs no issue" if self.no_issue else ""
        return (
            f"Would note that {in_code([self.by])} approves {commit}, "
            f"for the files of {in_code(self.stands_for)}{also}."
        )

    def stream(self) -> str:
        return f"pull/{self.repo}/{self.number}"

    def happened_at(self) -> datetime | None:
        return self.given_at


class ApprovalWithdrawn(Event, frozen=True, kw_only=True):
    """What somebody said of a pull request counts no longer: it was taken back, or something put an end to it.

    `command` is the request that takes it back, or the one that a push or a dismissal put an end to. `whose` is who
    had given it, for `sha` and under the names in `stood_for`, with `no_issue` as one that needs none. `reason` is
    empty where somebody asked for it, else `push` or `dismissed`.
    """

    kind: ClassVar[str] = "approval.withdrawn"

    command: CommandId
    repo: Repo
    number: PullNumber
    grade: str
    whose: Login
    sha: Sha
    stood_for: tuple[str, ...] = ()
    no_issue: bool = False
    reason: str = ""
    withdrawn_at: datetime | None = None

    def key(self) -> str:
        return f"{self.command}/{self.grade}/withdrawn/{self.whose.lower()}/{self.sha}"

    def would(self) -> str:
        return f"Would let the `/{self.grade}` of {in_code([self.whose])} on #{self.number} count no longer."

    def stream(self) -> str:
        return f"pull/{self.repo}/{self.number}"

    def happened_at(self) -> datetime | None:
        return self.withdrawn_at


class ApprovalStatusRequested(Event, frozen=True, kw_only=True):
    """A commit shall carry a status. `because` is the id of the fact that changed what it says."""

    kind: ClassVar[str] = "approval_status.requested"

    repo: Repo
    number: PullNumber
    sha: Sha
    context: str
    state: str
    description: str
    because: str

    def key(self) -> str:
        return f"shown/{self.repo}/{self.sha}/{self.context}/{self.because}"

    def stream(self) -> str:
        return f"pull/{self.repo}/{self.number}"


class ApprovalStatusShown(Event, frozen=True, kw_only=True):
    """A commit carries a status that we asked for. `found` marks one that said so already."""

    kind: ClassVar[str] = "approval_status.shown"

    repo: Repo
    number: PullNumber
    sha: Sha
    context: str
    state: str
    description: str
    because: str
    found: bool = False

    def key(self) -> str:
        return f"shown/{self.repo}/{self.sha}/{self.context}/{self.because}/outcome"

    def stream(self) -> str:
        return f"pull/{self.repo}/{self.number}"


class ApprovalLabelRequested(Event, frozen=True, kw_only=True):
    """A pull request shall carry a label that shows its approvals, or no longer: only where a community wants one."""

    kind: ClassVar[str] = "approval_label.requested"

    repo: Repo
    number: PullNumber
    label: str
    wanted: bool
    because: str

    def key(self) -> str:
        return f"shown/{self.repo}/{self.number}/label/{self.label}/{self.because}"

    def stream(self) -> str:
        return f"pull/{self.repo}/{self.number}"


class ApprovalLabelShown(Event, frozen=True, kw_only=True):
    """A label that shows approvals is as it was wanted. `found` marks one that was so already."""

    kind: ClassVar[str] = "approval_label.shown"

    repo: Repo
    number: PullNumber
    label: str
    wanted: bool
    because: str
    found: bool = False

    def key(self) -> str:
        return f"shown/{self.repo}/{self.number}/label/{self.label}/{self.because}/outcome"

    def stream(self) -> str:
        return f"pull/{self.repo}/{self.number}"


Grade = Literal["lgtm", "approve"]
LGTM: Grade = "lgtm"
APPROVE: Grade = "approve"
