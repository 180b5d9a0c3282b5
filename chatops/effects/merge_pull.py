"""Lets GitHub merge a pull request: when what is required is there, in its turn, or now if nothing is waited for.

On:        `merge.requested`, which names the head that it was decided for
Calls:     where the pull request is; then auto-merge or the merge queue, and where auto-merge has nothing to wait for,
           the merge itself. Each names the head, so that nothing is merged that nobody has seen; before it, looks
           whether it took effect already
Reports:   `merge.arranged`
"""

from collections.abc import Sequence
from typing import ClassVar

from chatops.engine.effect import Effect
from chatops.errors import Refused
from chatops.events import Event
from chatops.events.merges import MergeArranged, MergeRequested
from chatops.ports import MergeState, Ports

QUEUE = "merge-queue"


class MergePull(Effect[MergeRequested]):
    """Arrange a merge, once per request."""

    name: ClassVar[str] = "merge_pull"
    on: ClassVar[type[Event]] = MergeRequested

    async def perform(self, event: MergeRequested, ports: Ports) -> Sequence[Event]:
        state = await ports.github.merge_state(event.repo, event.number)
        found = _already(state)
        how = found or await _arrange(event, state, ports)
        return [
            MergeArranged(
                command=event.command,
                repo=event.repo,
                number=event.number,
                how=how,
                found=bool(found),
            )
        ]

    def describe(self, event: MergeRequested) -> str:
        """Say what would be done."""
        if event.by == QUEUE:
            return f"Would put #{event.number} into the merge queue."
        return f"Would let GitHub merge #{event.number} once what is required is there."


def _already(state: MergeState) -> str:
    """Return how it is arranged already, empty if it is not."""
    if state.state == "merged":
        return "merged"
    if state.queued:
        return QUEUE
    return "auto-merge" if state.waits else ""


async def _arrange(event: MergeRequested, state: MergeState, ports: Ports) -> str:
    if state.state != "open":
        raise Refused(f"#{event.number} is closed, so I did not merge it.", reason="closed")
    if state.sha != event.sha:
        raise Refused(
            f"Somebody has pushed to #{event.number} meanwhile. Look at what is new, and say it again.",
            reason="moved_on",
        )
    if event.by == QUEUE:
        await ports.github.enqueue(event.repo, state.node, event.sha)
        return QUEUE
    try:
        await ports.github.enable_auto_merge(event.repo, state.node, event.sha, event.method)
    except Refused as refusal:
        if refusal.reason != "ready":
            raise
        await ports.github.merge(event.repo, event.number, event.sha, event.method)
        return "merged"
    return "auto-merge"
