"""Asks people and teams for a review of a pull request, or no more.

On:        `reviewers.requested`
Calls:     request reviewers, remove requested reviewers; those who are asked already are not asked again.
           GitHub takes all of them or nobody: after a no, each is asked alone
Reports:   `reviewers.changed`, with what was not so before and who could not be asked
"""

from collections.abc import Sequence
from typing import ClassVar

from chatops.engine.effect import Effect
from chatops.errors import Refused
from chatops.events import Event
from chatops.events.changes import ReviewersChanged, ReviewersRequested
from chatops.ports import Ports

NOT_TAKEN = "invalid"
"""The reason of a refusal that is about whom we named, not about what we may."""


class ChangeReviewers(Effect[ReviewersRequested]):
    """Change whose review is waited for."""

    name: ClassVar[str] = "change_reviewers"
    on: ClassVar[type[Event]] = ReviewersRequested

    def describe(self, event: ReviewersRequested) -> str:
        """Return what it would do."""
        parts = [f"ask {_quoted(event.add)} for a review"] if event.add else []
        parts += [f"no longer ask {_quoted(event.remove)}"] if event.remove else []
        return f"Would {' and '.join(parts)} of #{event.number}."

    async def perform(self, event: ReviewersRequested, ports: Ports) -> Sequence[Event]:
        now = await ports.github.requested_reviewers(event.repo, event.number)
        there = {who.lower() for who in now}
        missing = [who for who in event.add if who.lower() not in there]
        leaving = [who for who in event.remove if who.lower() in there]
        refused = await _ask(event, missing, ports) if missing else []
        if leaving:
            await ports.github.withdraw_reviews(event.repo, event.number, leaving)
        # Those who are asked by now, and were not when it was decided, were asked by us, before a crash.
        before = there if event.before is None else {who.lower() for who in event.before}
        taken = [who for who in event.add if who not in refused]
        return [
            ReviewersChanged(
                command=event.command,
                repo=event.repo,
                number=event.number,
                added=tuple(who for who in taken if who in missing or who.lower() not in before),
                removed=tuple(
                    who for who in event.remove if who in leaving or who.lower() in before
                ),
                unchanged=(
                    *(who for who in taken if who not in missing and who.lower() in before),
                    *(
                        who
                        for who in event.remove
                        if who not in leaving and who.lower() not in before
                    ),
                ),
                ignored=tuple(refused),
            )
        ]


async def _ask(event: ReviewersRequested, who: Sequence[str], ports: Ports) -> list[str]:
    """Ask for reviews; return whom GitHub does not let us ask."""
    try:
        await ports.github.request_reviews(event.repo, event.number, who)
    except Refused as refusal:
        if refusal.reason != NOT_TAKEN:
            raise
    else:
        return []
    if len(who) == 1:
        return list(who)
    return [refused for one in who for refused in await _ask(event, [one], ports)]


def _quoted(names: Sequence[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)
