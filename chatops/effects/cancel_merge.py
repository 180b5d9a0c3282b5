"""Lets GitHub merge a pull request no longer by itself.

On:        `merge_cancel.requested`
Calls:     where the pull request is; then switches auto-merge off, or takes it out of the merge queue, if it is there
Reports:   `merge_cancel.made`
"""

from collections.abc import Sequence
from typing import ClassVar

from chatops.engine.effect import Effect
from chatops.errors import Refused
from chatops.events import Event
from chatops.events.merges import MergeCancelled, MergeCancelRequested
from chatops.ports import Ports


class CancelMerge(Effect[MergeCancelRequested]):
    """Take an arranged merge back."""

    name: ClassVar[str] = "cancel_merge"
    on: ClassVar[type[Event]] = MergeCancelRequested

    async def perform(self, event: MergeCancelRequested, ports: Ports) -> Sequence[Event]:
        state = await ports.github.merge_state(event.repo, event.number)
        if state.state == "merged":
            raise Refused(f"#{event.number} has been merged already.", reason="merged")
        if state.queued:
            await ports.github.dequeue(event.repo, state.node)
        if state.waits:
            await ports.github.disable_auto_merge(event.repo, state.node)
        return [
            MergeCancelled(
                command=event.command,
                repo=event.repo,
                number=event.number,
                found=not (state.queued or state.waits),
            )
        ]

    def describe(self, event: MergeCancelRequested) -> str:
        """Say what would be done."""
        return f"Would let GitHub merge #{event.number} no longer by itself."
