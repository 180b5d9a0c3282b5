"""Sets a commit status.

On:        `status.requested`
Calls:     create a commit status. Before that, looks whether the context says so already: GitHub keeps each status that
           was ever set, and a second one would be one more line of its history
Reports:   `status.written`
"""

from collections.abc import Sequence
from typing import ClassVar

from chatops.engine.effect import Effect
from chatops.events import Event
from chatops.events.statuses import StatusRequested, StatusWritten
from chatops.ports import Ports

SHA_SHOWN = 9


class SetStatus(Effect[StatusRequested]):
    """Let a context of a commit say what a command decided."""

    name: ClassVar[str] = "set_status"
    on: ClassVar[type[Event]] = StatusRequested

    async def perform(self, event: StatusRequested, ports: Ports) -> Sequence[Event]:
        there = await ports.github.statuses(event.repo, event.sha)
        found = any(
            status.get("context") == event.context
            and status.get("state") == event.state
            and (status.get("description") or "") == event.description
            for status in there
        )
        if not found:
            await ports.github.set_status(
                event.repo,
                event.sha,
                context=event.context,
                state=event.state,
                description=event.description,
                url=event.url,
            )
        return [
            StatusWritten(
                command=event.command,
                repo=event.repo,
                sha=event.sha,
                context=event.context,
                state=event.state,
                found=found,
            )
        ]

    def describe(self, event: StatusRequested) -> str:
        """Return what the call would do."""
        return (
            f"Would set the status `{event.context}` of `{event.sha[:SHA_SHOWN]}` to {event.state}."
        )
