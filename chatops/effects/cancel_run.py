"""Stops a workflow run.

On:        `cancel.requested`, which names the attempt that was under way when it was decided
Calls:     cancel a run; before it, looks whether that attempt still runs: a later one is not what was meant
Reports:   `cancel.accepted`, or `cancel.refused` with GitHub's reason in words
"""

from collections.abc import Sequence
from typing import ClassVar

from chatops.engine.effect import Effect
from chatops.errors import Refused
from chatops.events import Event
from chatops.events.cancels import CancelAccepted, CancelRefused, CancelRequested
from chatops.ports import Ports


class CancelRun(Effect[CancelRequested]):
    """Stop a run, once per request."""

    name: ClassVar[str] = "cancel_run"
    on: ClassVar[type[Event]] = CancelRequested

    async def perform(self, event: CancelRequested, ports: Ports) -> Sequence[Event]:
        state = await ports.github.run_state(event.repo, event.run_id)
        is_over = state.status == "completed" or state.attempt != event.attempt
        if not is_over:
            await ports.github.cancel_run(event.repo, event.run_id)
        return [
            CancelAccepted(
                command=event.command,
                repo=event.repo,
                run_id=event.run_id,
                workflow=event.workflow,
                found=is_over,
            )
        ]

    def describe(self, event: CancelRequested) -> str:
        return f"Would stop `{event.workflow.replace('`', '')}`, run {event.run_id} in attempt {event.attempt}."

    def refused(self, event: CancelRequested, refusal: Refused) -> Sequence[Event]:
        return [
            CancelRefused(
                command=event.command,
                repo=event.repo,
                run_id=event.run_id,
                workflow=event.workflow,
                text=refusal.text,
            )
        ]
