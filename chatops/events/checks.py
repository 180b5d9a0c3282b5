"""What happened to checks and commit statuses, whoever reported them."""

from datetime import datetime
from typing import ClassVar

from chatops.events import Event
from chatops.names import PullNumber, Repo, RunId, Sha


class CheckSeen(Event, frozen=True, kw_only=True):
    """A check run of a commit is in this state. Heard from GitHub; GitHub Actions reports each job also as one."""

    kind: ClassVar[str] = "check.seen"

    repo: Repo
    check_id: int
    name: str
    app: str
    sha: Sha
    status: str
    conclusion: str = ""
    url: str = ""
    started_at: datetime | None = None
    completed_at: datetime | None = None

    def key(self) -> str:
        return f"check/{self.check_id}/{self.status}/{self.conclusion}"

    def stream(self) -> str:
        return f"commit/{self.sha}"

    def happened_at(self) -> datetime | None:
        return self.completed_at or self.started_at


class CheckSuiteSeen(Event, frozen=True, kw_only=True):
    """All checks of one app on a commit, summed up by GitHub. Heard from GitHub."""

    kind: ClassVar[str] = "check_suite.seen"

    repo: Repo
    suite_id: int
    app: str
    sha: Sha
    status: str
    conclusion: str = ""
    updated_at: datetime | None = None

    def key(self) -> str:
        seconds = int(self.updated_at.timestamp()) if self.updated_at else 0
        return f"check_suite/{self.suite_id}/{self.status}/{self.conclusion}/{seconds}"

    def stream(self) -> str:
        return f"commit/{self.sha}"

    def happened_at(self) -> datetime | None:
        return self.updated_at


class StatusSet(Event, frozen=True, kw_only=True):
    """Somebody set a commit status. Heard from GitHub."""

    kind: ClassVar[str] = "status.set"

    repo: Repo
    status_id: int
    context: str
    sha: Sha
    state: str
    description: str = ""
    url: str = ""
    created_at: datetime | None = None

    def key(self) -> str:
        return f"status/{self.status_id}"

    def stream(self) -> str:
        return f"commit/{self.sha}"

    def happened_at(self) -> datetime | None:
        return self.created_at


class CheckReported(Event, frozen=True, kw_only=True):
    """A dashboard's file told how a check ended on a pull request. Heard from an import.

    `attempt` counts the check runs of that name on that pull request, the oldest first; they may stem from several
    workflow runs (a label starts a new one), so they are not GitHub's attempts.
    """

    kind: ClassVar[str] = "check.reported"

    repo: Repo
    number: PullNumber
    name: str
    attempt: int
    result: str
    run_id: RunId = RunId(0)
    job_id: int = 0

    def key(self) -> str:
        return f"pull/{self.repo}/{self.number}/reported/{self.attempt}/{self.name}"

    def stream(self) -> str:
        return f"pull/{self.repo}/{self.number}"
