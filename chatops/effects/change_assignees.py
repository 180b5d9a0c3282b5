"""Makes people responsible for an issue or pull request, or no more.

On:        `assignees.requested`
Calls:     add assignees, remove assignees; each changes nothing the second time, and is made only where it is needed.
           GitHub silently leaves out whom it cannot assign: its answer is looked at
Reports:   `assignees.changed`, with what was not so before and who was left out
"""

from collections.abc import Sequence
from typing import ClassVar

from chatops.engine.effect import Effect
from chatops.events import Event
from chatops.events.changes import AssigneesChanged, AssigneesRequested
from chatops.ports import Ports


class ChangeAssignees(Effect[AssigneesRequested]):
    """Change who is responsible."""

    name: ClassVar[str] = "change_assignees"
    on: ClassVar[type[Event]] = AssigneesRequested

    def describe(self, event: AssigneesRequested) -> str:
        """Return what it would do."""
        parts = [f"assign {_quoted(event.add)}"] if event.add else []
        parts += [f"unassign {_quoted(event.remove)}"] if event.remove else []
        return f"Would {' and '.join(parts)} on #{event.number}."

    async def perform(self, event: AssigneesRequested, ports: Ports) -> Sequence[Event]:
        now = (await ports.github.issue(event.repo, event.number)).assignees
        there = {login.lower() for login in now}
        # Where nobody said who was before, whom we find counts: a crash can only make us take back too little.
        known = now if event.before is None else event.before
        before = {login.lower() for login in known}
        missing = [login for login in event.add if login.lower() not in there]
        leaving = [login for login in event.remove if login.lower() in there]
        if missing:
            now = tuple(await ports.github.assign(event.repo, event.number, missing))
            there = {login.lower() for login in now}
        if leaving:
            await ports.github.unassign(event.repo, event.number, leaving)
        taken = [login for login in event.add if login.lower() in there]
        return [
            AssigneesChanged(
                command=event.command,
                repo=event.repo,
                number=event.number,
                added=tuple(login for login in taken if login.lower() not in before),
                removed=tuple(login for login in event.remove if login.lower() in before),
                unchanged=(
                    *(login for login in taken if login.lower() in before),
                    *(login for login in event.remove if login.lower() not in before),
                ),
                ignored=tuple(login for login in event.add if login not in taken),
            )
        ]


def _quoted(logins: Sequence[str]) -> str:
    return ", ".join(f"`{login}`" for login in logins)
