"""Shows with a label how the approvals of a pull request stand, where a community wants that.

On:        `approval_label.requested`
Calls:     the labels of a pull request, to look whether it is so already; then adds the label, or takes it off
Reports:   `approval_label.shown`
"""

from collections.abc import Sequence
from typing import ClassVar

from chatops.engine.effect import Effect
from chatops.errors import Refused
from chatops.events import Event
from chatops.events.approvals import ApprovalLabelRequested, ApprovalLabelShown
from chatops.ports import Ports


class ShowApprovalLabel(Effect[ApprovalLabelRequested]):
    """Put a label on, or take it off."""

    name: ClassVar[str] = "show_approval_label"
    on: ClassVar[type[Event]] = ApprovalLabelRequested

    async def perform(self, event: ApprovalLabelRequested, ports: Ports) -> Sequence[Event]:
        there = {name.lower() for name in await ports.github.labels(event.repo, event.number)}
        found = (event.label.lower() in there) == event.wanted
        if not found and event.wanted:
            if not await ports.github.has_label(event.repo, event.label):
                raise Refused(
                    f"{event.repo} has no label `{event.label}` to show approvals with.",
                    reason="no_such_label",
                )
            await ports.github.add_labels(event.repo, event.number, [event.label])
        elif not found:
            await ports.github.remove_label(event.repo, event.number, event.label)
        return [
            ApprovalLabelShown(
                repo=event.repo,
                number=event.number,
                label=event.label,
                wanted=event.wanted,
                because=event.because,
                found=found,
            )
        ]

    def describe(self, event: ApprovalLabelRequested) -> str:
        """Say what would be done."""
        verb = "put the label `{}` on" if event.wanted else "take the label `{}` off"
        return f"Would {verb.format(event.label)} #{event.number}."
