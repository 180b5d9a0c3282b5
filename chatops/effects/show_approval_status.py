"""Shows on a commit how its approvals stand.

On:        `approval_status.requested`
Calls:     the statuses of a commit, to look whether it says so already; then sets one. The newest of a context counts,
           so a second one of the same changes nothing
Reports:   `approval_status.shown`
"""

from collections.abc import Sequence
from typing import ClassVar

from chatops.engine.effect import Effect
from chatops.events import Event
from chatops.events.approvals import ApprovalStatusRequested, ApprovalStatusShown
from chatops.ports import Ports


class ShowApprovalStatus(Effect[ApprovalStatusRequested]):
    """Set a commit status."""

    name: ClassVar[str] = "show_approval_status"
    on: ClassVar[type[Event]] = ApprovalStatusRequested

    async def perform(self, event: ApprovalStatusRequested, ports: Ports) -> Sequence[Event]:
        there = await ports.github.statuses(event.repo, event.sha)
        found = any(
            one.get("context") == event.context
            and one.get("state") == event.state
            and one.get("description") == event.description
            for one in there
        )
        if not found:
            await ports.github.set_status(
                event.repo,
                event.sha,
                context=event.context,
                state=event.state,
                description=event.description,
            )
        return [
            ApprovalStatusShown(
                repo=event.repo,
                number=event.number,
                sha=event.sha,
                context=event.context,
                state=event.state,
                description=event.description,
                because=event.because,
                found=found,
            )
        ]

    def describe(self, event: ApprovalStatusRequested) -> str:
        """Say what would be done."""
        return f"Would set the status `{event.context}` of `{event.sha[:9]}` to {event.state}."
