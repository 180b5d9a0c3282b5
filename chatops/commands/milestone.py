"""`/milestone`: make an issue or pull request part of a milestone, or of none.

Asks for:  the role triage; the title of an open milestone, or `clear`
Decides:   `edit.requested`, or refuses when it is so already
Tells:     nothing but a mark on the comment; the milestones that are open where there is none of that title
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Self

from chatops.answers.changes import as_it_is, quoted, told, undoing
from chatops.engine.answer import Answer
from chatops.engine.authority import Role
from chatops.engine.command import Asked, Command, Knowledge, Story
from chatops.errors import Refused
from chatops.events import Event
from chatops.events.changes import EditRequested

CLEAR = "clear"


@dataclass(frozen=True, slots=True)
class Milestone(Command):
    """Change the milestone of an issue or pull request."""

    title: str

    name: ClassVar[str] = "milestone"
    usage: ClassVar[str] = "TITLE|clear"
    help: ClassVar[str] = "Make this issue or pull request part of a milestone, or of none."
    example: ClassVar[str] = "/milestone 3.2"
    role: ClassVar[Role] = Role.TRIAGER
    on_issues: ClassVar[bool] = True
    looks_at_issue: ClassVar[bool] = True

    @classmethod
    def parse(cls, words: Sequence[str]) -> Self:
        title = " ".join(words).strip()
        if not title:
            raise Refused(
                "Which milestone? Say its title after the command, or `clear` for none.",
                reason="usage",
            )
        return cls("" if title.lower() == CLEAR else title)

    def decide(self, asked: Asked, knowledge: Knowledge) -> Sequence[Event]:
        del knowledge
        issue, received = asked.issue, asked.received
        if issue.milestone.lower() == self.title.lower():
            part = f"part of {quoted([issue.milestone])}" if self.title else "part of no milestone"
            raise as_it_is(f"#{issue.number} is {part} already.")
        return [
            EditRequested(
                command=received.command,
                repo=received.repo,
                number=issue.number,
                field="milestone",
                value=self.title,
                before=issue.milestone,
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
