"""Lets a workflow run begin that GitHub holds back until somebody has looked at what it would do.

On:        `run_approval.requested`, which names the attempt that waited when it was decided
Calls:     approve a run from a fork; before it, looks whether that attempt still waits: what has begun needs none
Reports:   `run_approval.given`, or `run_approval.refused` with GitHub's reason in words
"""

from collections.abc import Sequence
from typing import ClassVar

from chatops.engine.effect import Effect
from chatops.errors import Refused
from chatops.events import Event
from chatops.events.held_runs import RunApprovalRefused, RunApprovalRequested, RunApproved
from chatops.ports import Ports

UNAPPROVED = "action_required"


class ApproveRun(Effect[RunApprovalRequested]):
    """Approve a run, once per request."""

    name: ClassVar[str] = "approve_run"
    on: ClassVar[type[Event]] = RunApprovalRequested

    async def perform(self, event: RunApprovalRequested, ports: Ports) -> Sequence[Event]:
        state = await ports.github.run_state(event.repo, event.run_id)
        waits = state.conclusion == UNAPPROVED and state.attempt == event.attempt
        if waits:
            await ports.github.approve_run(event.repo, event.run_id)
        return [
            RunApproved(
                command=event.command,
                repo=event.repo,
                run_id=event.run_id,
                workflow=event.workflow,
                found=not waits,
            )
        ]

    def describe(self, event: RunApprovalRequested) -> str:
        workflow = event.workflow.replace("`", "")
        return (
            f"Would approve `{workflow}`, run {event.run_id}, which waits for that; it begins then."
        )

    def refused(self, event: RunApprovalRequested, refusal: Refused) -> Sequence[Event]:
        return [
            RunApprovalRefused(
                command=event.command,
                repo=event.repo,
                run_id=event.run_id,
                workflow=event.workflow,
                text=refusal.text,
            )
        ]
