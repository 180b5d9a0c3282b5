"""What was asked to run again, and what came of it."""

from datetime import datetime
from typing import ClassVar

import msgspec

from chatops.events import Event, in_code
from chatops.names import CommandId, JobId, PullNumber, Repo, RunId, Sha


class RerunRequested(Event, frozen=True, kw_only=True):
    """A command wants a run's jobs to run again, after attempt `attempt`.

    `scope` is `failed` (failed jobs and what depends on them), `job` (only `job_id`) or `all`. `gate` marks the run
    that only sums up the others and goes last; `again` that it is asked a second time. `jobs` are the names that made
    us ask.
    """

    kind: ClassVar[str] = "rerun.requested"

    command: CommandId
    repo: Repo
    sha: Sha
    run_id: RunId
    attempt: int
    workflow: str
    scope: str
    job_id: JobId = JobId(0)
    jobs: tuple[str, ...] = ()
    gate: bool = False
    again: bool = False

    def key(self) -> str:
        return f"{self.command}/rerun/{self.run_id}{'/again' if self.again else ''}"

    def stream(self) -> str:
        return self.command


class RerunDeferred(Event, frozen=True, kw_only=True):
    """A command wants a run's jobs to run again, and has to wait: attempt `attempt` is still under way.

    `scope` is what will be asked for, as in `rerun.requested`. With `narrow` only `jobs` are meant; otherwise they are
    those that had failed when this was decided, and all that fail by the end will run.
    """

    kind: ClassVar[str] = "rerun.deferred"

    command: CommandId
    repo: Repo
    sha: Sha
    run_id: RunId
    attempt: int
    workflow: str
    scope: str
    jobs: tuple[str, ...] = ()
    narrow: bool = False

    def key(self) -> str:
        return f"{self.command}/rerun/{self.run_id}/deferred"

    def would(self) -> str:
        what = (
            in_code(self.jobs) if self.narrow else f"what has failed of {in_code([self.workflow])}"
        )
        return f"Would run {what} again, once attempt {self.attempt} has ended."

    def stream(self) -> str:
        return self.command


class RerunDropped(Event, frozen=True, kw_only=True):
    """A rerun that had to wait is not asked for any more; `text` says why, for the person who asked.

    `of` is the command that had asked for it, where another one takes it back.
    """

    kind: ClassVar[str] = "rerun.dropped"

    command: CommandId
    repo: Repo
    run_id: RunId
    workflow: str
    text: str
    of: CommandId = CommandId("")

    def key(self) -> str:
        return f"{self.command}/rerun/{self.run_id}/dropped"

    def would(self) -> str:
        return f"Would wait for {in_code([self.workflow])} no longer, and run nothing of it again."

    def stream(self) -> str:
        return self.command


class RerunStarted(Event, frozen=True, kw_only=True):
    """GitHub accepted to run a run again; `attempt` is the new one. `found` marks one that was under way already."""

    kind: ClassVar[str] = "rerun.started"

    command: CommandId
    repo: Repo
    run_id: RunId
    attempt: int
    workflow: str
    gate: bool = False
    found: bool = False
    again: bool = False

    def key(self) -> str:
        return f"{self.command}/rerun/{self.run_id}{'/again' if self.again else ''}/outcome"

    def stream(self) -> str:
        return self.command


class RerunRefused(Event, frozen=True, kw_only=True):
    """GitHub would not run a run again; `text` says why, for the person who asked."""

    kind: ClassVar[str] = "rerun.refused"

    command: CommandId
    repo: Repo
    run_id: RunId
    workflow: str
    text: str
    gate: bool = False
    again: bool = False

    def key(self) -> str:
        return f"{self.command}/rerun/{self.run_id}{'/again' if self.again else ''}/outcome"

    def stream(self) -> str:
        return self.command


class JobOutcome(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How one job of a repeated attempt ended, with GitHub's conclusion."""

    name: str
    conclusion: str
    job_id: JobId = JobId(0)
    failed_step: str = ""


class RerunFinished(Event, frozen=True, kw_only=True):
    """A repeated attempt ended; `jobs` are those that ran in it, not those that were only carried over."""

    kind: ClassVar[str] = "rerun.finished"

    command: CommandId
    repo: Repo
    run_id: RunId
    attempt: int
    workflow: str
    conclusion: str
    jobs: tuple[JobOutcome, ...] = ()
    gate: bool = False
    completed_at: datetime | None = None

    def key(self) -> str:
        return f"{self.command}/rerun/{self.run_id}/{self.attempt}/finished"

    def stream(self) -> str:
        return self.command


class RerunLost(Event, frozen=True, kw_only=True):
    """GitHub had accepted to run a run again, and knows nothing of that attempt any more: how it ended is not known."""

    kind: ClassVar[str] = "rerun.lost"

    command: CommandId
    repo: Repo
    run_id: RunId
    attempt: int
    workflow: str
    gate: bool = False

    def key(self) -> str:
        return f"{self.command}/rerun/{self.run_id}/{self.attempt}/lost"

    def stream(self) -> str:
        return self.command


class RetestFinished(Event, frozen=True, kw_only=True):
    """Everything a `/retest` started has ended."""

    kind: ClassVar[str] = "retest.finished"

    command: CommandId
    repo: Repo
    number: PullNumber
    passed: int
    failed: int

    def key(self) -> str:
        return f"{self.command}/finished"

    def stream(self) -> str:
        return self.command
