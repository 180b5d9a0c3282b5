"""What happened to workflow runs and their jobs, in GitHub's raw words; what it means is derived later."""

from datetime import datetime
from typing import ClassVar

from chatops.events import Event
from chatops.names import JobId, Login, PullNumber, Repo, RunId, Sha


class _RunSeen(Event, frozen=True, kw_only=True):
    """One attempt of a workflow run. `path` is the workflow's file, `trigger` GitHub's `event`."""

    repo: Repo
    run_id: RunId
    attempt: int
    workflow: str
    path: str = ""
    trigger: str = ""
    sha: Sha = Sha("")
    branch: str = ""
    number: int = 0
    actor: Login = Login("")
    pulls: tuple[PullNumber, ...] = ()
    title: str = ""
    created_at: datetime | None = None
    started_at: datetime | None = None

    def key(self) -> str:
        return f"run/{self.run_id}/{self.attempt}/{self.kind[4:]}"

    def stream(self) -> str:
        return f"run/{self.run_id}"


class RunRequested(_RunSeen, frozen=True, kw_only=True):
    """An attempt of a run waits for its first job. Heard from GitHub."""

    kind: ClassVar[str] = "run.requested"

    def happened_at(self) -> datetime | None:
        return self.started_at or self.created_at


class RunHeld(_RunSeen, frozen=True, kw_only=True):
    """An attempt of a run does not begin before somebody has approved it. Heard from GitHub.

    GitHub calls it completed, as `action_required`, and the same attempt goes on from there once it is approved.
    """

    kind: ClassVar[str] = "run.held"

    conclusion: str = ""
    completed_at: datetime | None = None

    def happened_at(self) -> datetime | None:
        return self.completed_at or self.started_at


class RunStarted(_RunSeen, frozen=True, kw_only=True):
    """An attempt of a run is in progress. Heard from GitHub."""

    kind: ClassVar[str] = "run.started"

    def happened_at(self) -> datetime | None:
        return self.started_at or self.created_at


class RunCompleted(_RunSeen, frozen=True, kw_only=True):
    """An attempt of a run ended with a conclusion. Heard from GitHub."""

    kind: ClassVar[str] = "run.completed"

    conclusion: str = ""
    completed_at: datetime | None = None

    def happened_at(self) -> datetime | None:
        return self.completed_at or self.started_at


class RunReported(Event, frozen=True, kw_only=True):
    """A dashboard's file told of a run of a workflow, without its times or commit. Heard from an import."""

    kind: ClassVar[str] = "run.reported"

    repo: Repo
    run_id: RunId
    attempt: int
    number: int
    workflow: str

    def key(self) -> str:
        return f"run/{self.run_id}/{self.attempt}/reported"

    def stream(self) -> str:
        return f"run/{self.run_id}"


class RunLookedUp(Event, frozen=True, kw_only=True):
    """GitHub was asked about an attempt that somebody waits for, as a webhook may have been lost.

    It has ended, and the log holds every job that GitHub lists of it; or, without `known`, GitHub has none such.
    """

    kind: ClassVar[str] = "run.looked_up"

    repo: Repo
    run_id: RunId
    attempt: int
    known: bool

    def key(self) -> str:
        return f"run/{self.run_id}/{self.attempt}/looked_up/{'known' if self.known else 'unknown'}"

    def stream(self) -> str:
        return f"run/{self.run_id}"


class _JobSeen(Event, frozen=True, kw_only=True):
    """One job in one attempt of a run.

    `started_at` before `created_at` means that the job was carried over: it did not run in this attempt, and
    GitHub lists the older execution again under a new id.
    """

    repo: Repo
    run_id: RunId
    attempt: int
    job_id: JobId
    name: str
    workflow: str = ""
    sha: Sha = Sha("")
    branch: str = ""
    runner: str = ""
    labels: tuple[str, ...] = ()
    created_at: datetime | None = None
    started_at: datetime | None = None

    def key(self) -> str:
        return f"job/{self.job_id}/{self.kind[4:]}"

    def stream(self) -> str:
        return f"run/{self.run_id}"


class JobQueued(_JobSeen, frozen=True, kw_only=True):
    """A job waits for a runner, or for a deployment's approval. Heard from GitHub."""

    kind: ClassVar[str] = "job.queued"

    def happened_at(self) -> datetime | None:
        return self.created_at


class JobStarted(_JobSeen, frozen=True, kw_only=True):
    """A runner took a job. Heard from GitHub."""

    kind: ClassVar[str] = "job.started"

    def happened_at(self) -> datetime | None:
        return self.started_at or self.created_at


class JobCompleted(_JobSeen, frozen=True, kw_only=True):
    """A job ended with a conclusion; `failed_step` names the first step that failed. Heard from GitHub."""

    kind: ClassVar[str] = "job.completed"

    conclusion: str = ""
    completed_at: datetime | None = None
    failed_step: str = ""

    def happened_at(self) -> datetime | None:
        return self.completed_at or self.started_at


class JobReported(Event, frozen=True, kw_only=True):
    """A dashboard's file told how a job ended, in its three words Pass, Fail and Skip. Heard from an import.

    Weaker than `job.completed`: "Fail" there also means cancelled, timed out and still running. `job_id` is 0
    where the file does not say it. `carried` marks attempts that the file repeats although the job had passed.
    """

    kind: ClassVar[str] = "job.reported"

    repo: Repo
    run_id: RunId
    attempt: int
    name: str
    result: str
    job_id: JobId = JobId(0)
    carried: bool = False

    def key(self) -> str:
        return f"run/{self.run_id}/{self.attempt}/reported/{self.name}"

    def stream(self) -> str:
        return f"run/{self.run_id}"
