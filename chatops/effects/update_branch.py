"""Brings the branch of a pull request up to date with its base.

On:        `branch_update.requested`, which names the head it was decided for
Calls:     where the pull request is, to look whether it has another head already: then it was done, by us before a
           crash or by somebody else. Then asks GitHub to merge the base branch in, on top of that head only.
           After a refusal it looks once more
Reports:   `branch.updated`
"""

from collections.abc import Sequence
from typing import ClassVar

from chatops.engine.effect import Effect
from chatops.errors import Refused
from chatops.events import Event
from chatops.events.merges import BranchUpdated, BranchUpdateRequested
from chatops.ports import Ports


class UpdateBranch(Effect[BranchUpdateRequested]):
    """Merge the base branch into a pull request, once per request."""

    name: ClassVar[str] = "update_branch"
    on: ClassVar[type[Event]] = BranchUpdateRequested

    async def perform(self, event: BranchUpdateRequested, ports: Ports) -> Sequence[Event]:
        found = await _has_moved(event, ports)
        if not found:
            try:
                await ports.github.update_branch(event.repo, event.number, event.sha)
            except Refused:
                # Our own call before a crash may have come through only now.
                found = await _has_moved(event, ports)
                if not found:
                    raise
        return [
            BranchUpdated(
                command=event.command,
                repo=event.repo,
                number=event.number,
                base=event.base,
                found=found,
            )
        ]

    def describe(self, event: BranchUpdateRequested) -> str:
        """Say what would be done."""
        return f"Would merge `{event.base}` into the branch of #{event.number}."


async def _has_moved(event: BranchUpdateRequested, ports: Ports) -> bool:
    head = await ports.github.head(event.repo, event.number)
    if head.state != "open":
        raise Refused(f"#{event.number} is closed, so I left its branch alone.", reason="closed")
    return head.sha != event.sha
