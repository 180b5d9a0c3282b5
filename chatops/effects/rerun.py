"""Runs a workflow run's jobs again.

On:        `rerun.requested`, which names the attempt that was there when it was decided
Calls:     one of GitHub's three rerun calls; before it, looks whether a newer attempt is there or the run is under way:
           then the call took effect already, by us before a crash or by somebody else, and is not made again.
           After a refusal it looks once more, for two may ask at the same time
Reports:   `rerun.started`, or `rerun.refused` with GitHub's reason in words
"""

from collections.abc import Sequence
from typing import ClassVar

from chatops.engine.effect import Effect
from chatops.errors import Refused
from chatops.events import Event
from chatops.events.reruns import RerunRefused, RerunRequested, RerunStarted
from chatops.ports import Ports, RunState


class Rerun(Effect[RerunRequested]):
    """Run jobs again, once per request."""

    name: ClassVar[str] = "rerun"
    on: ClassVar[type[Event]] = RerunRequested

    async def perform(self, event: RerunRequested, ports: Ports) -> Sequence[Event]:
        state = await ports.github.run_state(event.repo, event.run_id)
        if _is_again(state, event):
            return [_started(event, state.attempt, found=True)]
        try:
            await _call(event, ports)
        except Refused:
            # Somebody else may have asked between our look and our call.
            later = await ports.github.run_state(event.repo, event.run_id)
            if _is_again(later, event):
                return [_started(event, later.attempt, found=True)]
            raise
        return [_started(event, state.attempt + 1, found=False)]

    def describe(self, event: RerunRequested) -> str:
        what = {"job": "the one failed job", "failed": "the failed jobs"}.get(
            event.scope, "all jobs"
        )
        names = f": {', '.join(f'`{_bare(job)}`' for job in event.jobs)}" if event.jobs else ""
        return f"Would run {what} of `{_bare(event.workflow)}` again, after attempt {event.attempt}{names}."

    def refused(self, event: RerunRequested, refusal: Refused) -> Sequence[Event]:
        return [
            RerunRefused(
                command=event.command,
                repo=event.repo,
                run_id=event.run_id,
                workflow=event.workflow,
                text=refusal.text,
                gate=event.gate,
                again=event.again,
            )
        ]


def _is_again(state: RunState, event: RerunRequested) -> bool:
    """Return whether the run has gone on since it was decided to run it again."""
    return state.attempt > event.attempt or state.status != "completed"


async def _call(event: RerunRequested, ports: Ports) -> None:
    match event.scope:
        case "job":
            await ports.github.rerun_job(event.repo, event.job_id)
        case "failed":
            await ports.github.rerun_failed(event.repo, event.run_id)
        case _:
            await ports.github.rerun(event.repo, event.run_id)


def _started(event: RerunRequested, attempt: int, *, found: bool) -> RerunStarted:
    return RerunStarted(
        command=event.command,
        repo=event.repo,
        run_id=event.run_id,
        attempt=attempt,
        workflow=event.workflow,
        gate=event.gate,
        found=found,
        again=event.again,
    )


def _bare(name: str) -> str:
    """Return a name that can stand between backticks."""
    return name.replace("`", "")
