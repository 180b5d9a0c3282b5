"""Changes the title, the state or the milestone of an issue or pull request.

On:        `edit.requested`
Calls:     update the issue; before it, looks how it is now: what is so already is left alone, and what somebody has
           changed since is not overwritten where that was asked for
Reports:   `edit.made`, with what it was before
"""

from collections.abc import Sequence
from typing import ClassVar

from chatops.engine.effect import Effect
from chatops.errors import Refused
from chatops.events import Event
from chatops.events.changes import Edited, EditRequested
from chatops.ports import IssueState, Ports

MOST_NAMED = 10


class EditIssue(Effect[EditRequested]):
    """Change one field of an issue or pull request."""

    name: ClassVar[str] = "edit_issue"
    on: ClassVar[type[Event]] = EditRequested

    def describe(self, event: EditRequested) -> str:
        """Return what it would do."""
        match event.field, event.value:
            case "state", "closed":
                return f"Would close #{event.number}."
            case "state", _:
                return f"Would open #{event.number} again."
            case field, "":
                return f"Would take the {field} off #{event.number}."
            case field, value:
                return f"Would make `{_plain(value)}` the {field} of #{event.number}."

    async def perform(self, event: EditRequested, ports: Ports) -> Sequence[Event]:
        now = await ports.github.issue(event.repo, event.number)
        value, there = event.value, _field(now, event.field)
        if not _is_same(event, there, value):
            if event.strictly and not _is_same(event, there, event.before):
                raise Refused(
                    f"The {event.field} of #{event.number} is {_shown(there)} now, not {_shown(event.before)}: "
                    "somebody has changed it since, so I left it alone.",
                    reason="moved_on",
                )
            value = await _change(event, now, ports)
        elif event.field == "milestone":
            value = there
        return [
            Edited(
                command=event.command,
                repo=event.repo,
                number=event.number,
                field=event.field,
                value=value,
                before=event.before,
                reason=event.reason,
            )
        ]


async def _change(event: EditRequested, now: IssueState, ports: Ports) -> str:
    """Make the call; return the value as GitHub writes it."""
    repo, number = event.repo, event.number
    match event.field:
        case "title":
            await ports.github.retitle(repo, number, event.value)
        case "milestone":
            return await _set_milestone(event, ports)
        case _:
            if now.is_merged:
                raise Refused(
                    f"#{number} is merged, and what is merged stays closed.", reason="merged"
                )
            await ports.github.set_state(repo, number, event.value, event.reason or None)
    return event.value


async def _set_milestone(event: EditRequested, ports: Ports) -> str:
    if not event.value:
        await ports.github.set_milestone(event.repo, event.number, None)
        return ""
    known = await ports.github.open_milestones(event.repo)
    found = [one for one in known if one.title.lower() == event.value.lower()]
    if not found:
        named = ", ".join(_shown(one.title) for one in known[:MOST_NAMED])
        open_ones = f"Open are: {named}." if known else "None is open."
        raise Refused(
            f"{event.repo} has no open milestone {_shown(event.value)}. {open_ones}",
            reason="no_such_milestone",
        )
    await ports.github.set_milestone(event.repo, event.number, found[0].number)
    return found[0].title


def _field(now: IssueState, field: str) -> str:
    match field:
        case "title":
            return now.title
        case "milestone":
            return now.milestone
        case _:
            return now.state


def _is_same(event: EditRequested, one: str, other: str) -> bool:
    """Return whether two values are the same; GitHub does not mind the case of a milestone."""
    return one.lower() == other.lower() if event.field == "milestone" else one == other


def _shown(value: str) -> str:
    return f"`{_plain(value)}`" if value else "none"


def _plain(value: str) -> str:
    """Return a text that cannot end the code it is shown as."""
    return value.replace("`", "'")
