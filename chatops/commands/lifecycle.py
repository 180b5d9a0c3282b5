"""`/lifecycle`: say by a label how alive an issue or pull request is; one state replaces the other.

Asks for:  the role triage; `frozen`, `stale`, `rotten` or `active`; `now` where the label would start the CI again
Decides:   `labels.requested`, or refuses when it is so already
Tells:     nothing but a mark on the comment; a sentence where it did not work
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Self

from chatops.answers.changes import as_it_is, told, undoing
from chatops.answers.confirmed import confirmed
from chatops.answers.restarts import refuse_restart
from chatops.config import Community
from chatops.engine.answer import Answer
from chatops.engine.authority import Role
from chatops.engine.command import Asked, Command, Knowledge, Story
from chatops.errors import Refused
from chatops.events import Event
from chatops.events.changes import LabelsRequested

PREFIX = "lifecycle/"
FROZEN = "frozen"
STATES = ("active", FROZEN, "stale", "rotten")
REMOVE = "--remove"


@dataclass(frozen=True, slots=True)
class Lifecycle(Command):
    """Change how alive an issue or pull request is."""

    state: str
    removes: bool = False
    now: bool = False

    name: ClassVar[str] = "lifecycle"
    usage: ClassVar[str] = "frozen|stale|rotten|active [now]"
    help: ClassVar[str] = (
        "Label this issue or pull request `lifecycle/…`, and take the other states off; "
        "`remove-lifecycle` takes one off."
    )
    example: ClassVar[str] = "/lifecycle frozen"
    role: ClassVar[Role] = Role.TRIAGER
    looks_at_head: ClassVar[bool] = True
    on_issues: ClassVar[bool] = True
    looks_at_issue: ClassVar[bool] = True

    @classmethod
    def verbs(cls, community: Community) -> Mapping[str, tuple[str, ...]]:
        """Return `lifecycle` and `remove-lifecycle`."""
        del community
        return {cls.name: (), f"remove-{cls.name}": (REMOVE,)}

    @classmethod
    def parse(cls, words: Sequence[str]) -> Self:
        removes = list(words[:1]) == [REMOVE]
        left, now = confirmed([word.lower() for word in words[removes:]])
        if len(left) != 1 or left[0] not in STATES:
            raise Refused(
                f"Say one of {', '.join(f'`{state}`' for state in STATES)} after the command.",
                reason="usage",
            )
        return cls(left[0], removes=removes, now=now)

    def decide(self, asked: Asked, knowledge: Knowledge) -> Sequence[Event]:
        issue, received = asked.issue, asked.received
        if issue.is_pull and self.state == FROZEN and not self.removes:
            raise Refused(
                f"Only issues are frozen, and #{issue.number} is a pull request.",
                reason="not_an_issue",
            )
        there = [label for label in issue.labels if label.lower() in _labels(STATES)]
        wanted = PREFIX + self.state
        has_it = wanted in (label.lower() for label in there)
        add = () if self.removes or has_it else (wanted,)
        remove = tuple(label for label in there if (label.lower() == wanted) == self.removes)
        if not (add or remove):
            state = "does not have" if self.removes else "has"
            raise as_it_is(f"#{issue.number} {state} `{wanted}` already.")
        if add and not self.now:
            refuse_restart(knowledge, asked)
        return [
            LabelsRequested(
                command=received.command,
                repo=received.repo,
                number=issue.number,
                add=add,
                remove=remove,
                before=issue.labels,
            )
        ]

    @classmethod
    def taken_back(cls, story: Story, asked: Asked, knowledge: Knowledge) -> Sequence[Event]:
        events = undoing(story, asked)
        if any(isinstance(event, LabelsRequested) and event.add for event in events):
            refuse_restart(knowledge, asked)
        return events

    @classmethod
    def tell(cls, story: Story, knowledge: Knowledge) -> Answer:
        del knowledge
        return told(story)


def _labels(states: Sequence[str]) -> set[str]:
    return {PREFIX + state for state in states}
