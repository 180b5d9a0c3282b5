"""`/assign`: make people responsible for an issue or pull request; `/unassign` makes them so no more.

Asks for:  the role triage; nobody named means who asks
Decides:   `assignees.requested`, or refuses when it is so already
Tells:     nothing but a mark on the comment; a sentence about those whom GitHub did not take
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Self

from chatops.answers.changes import as_it_is, quoted, told, undoing
from chatops.answers.people import people, resolved
from chatops.config import Community
from chatops.engine.answer import Answer
from chatops.engine.authority import Role
from chatops.engine.command import Asked, Command, Knowledge, Story
from chatops.events import Event
from chatops.events.changes import AssigneesRequested

REMOVE = "--remove"


@dataclass(frozen=True, slots=True)
class Assign(Command):
    """Change who is responsible."""

    people: tuple[str, ...]
    removes: bool = False

    name: ClassVar[str] = "assign"
    usage: ClassVar[str] = "[@LOGIN…]"
    help: ClassVar[str] = (
        "Make people responsible for this issue or pull request, yourself if you name nobody; "
        "`unassign` makes them so no more."
    )
    example: ClassVar[str] = "/assign @octocat"
    role: ClassVar[Role] = Role.TRIAGER
    on_issues: ClassVar[bool] = True
    looks_at_issue: ClassVar[bool] = True
    looks_at_person: ClassVar[bool] = True

    @classmethod
    def verbs(cls, community: Community) -> Mapping[str, tuple[str, ...]]:
        """Return `assign` and `unassign`."""
        del community
        return {cls.name: (), "unassign": (REMOVE,)}

    @classmethod
    def parse(cls, words: Sequence[str]) -> Self:
        removes = list(words[:1]) == [REMOVE]
        return cls(people(words[removes:]), removes=removes)

    def decide(self, asked: Asked, knowledge: Knowledge) -> Sequence[Event]:
        issue, received = asked.issue, asked.received
        there = {login.lower() for login in issue.assignees}
        meant = resolved(self.people, asked, knowledge)
        changing = tuple(login for login in meant if (login.lower() in there) == self.removes)
        if not changing:
            state = "is not assigned to" if self.removes else "is assigned to"
            raise as_it_is(f"#{issue.number} {state} {quoted(meant)} already.")
        return [
            AssigneesRequested(
                command=received.command,
                repo=received.repo,
                number=issue.number,
                add=() if self.removes else changing,
                remove=changing if self.removes else (),
                before=issue.assignees,
            )
        ]

    @classmethod
    def taken_back(cls, story: Story, asked: Asked, knowledge: Knowledge) -> Sequence[Event]:
        del knowledge
        return undoing(story, asked)

    @classmethod
    def tell(cls, story: Story, knowledge: Knowledge) -> Answer:
        del knowledge
        return told(story)
