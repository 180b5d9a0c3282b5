"""`/close`: close an issue or pull request.

Asks for:  its author, or the role triage; it is open
Decides:   `edit.requested`, or refuses when it is closed already
Tells:     nothing but a mark on the comment; a sentence where it did not work
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Self

from chatops.answers.changes import as_it_is, told, undoing
from chatops.engine.answer import Answer
from chatops.engine.authority import Role
from chatops.engine.command import Asked, Command, Knowledge, Story
from chatops.errors import Refused
from chatops.events import Event
from chatops.events.changes import EditRequested

NOT_PLANNED = "not_planned"
WORDS = {"": "completed", "completed": "completed", "not-planned": NOT_PLANNED, NOT_PLANNED: NOT_PLANNED}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Close(Command):
    """Close an issue or pull request."""

    reason: str

    name: ClassVar[str] = "close"
    usage: ClassVar[str] = "[not-planned]"
    help: ClassVar[str] = "Close this issue or pull request."
    example: ClassVar[str] = "/close not-planned"
    role: ClassVar[Role] = Role.AUTHOR
    on_issues: ClassVar[bool] = True
    looks_at_issue: ClassVar[bool] = True

    @classmethod
    def parse(cls, words: Sequence[str]) -> Self:
        reason = WORDS.get("-".join(words).lower())
        if reason is None:
            raise Refused(
                "`close` takes no words but `not-planned`; write why into a line of its own.",
                reason="usage",
            )
        return cls(reason)

    def decide(self, asked: Asked, knowledge: Knowledge) -> Sequence[Event]:
        del knowledge
        issue, received = asked.issue, asked.received
        if issue.state == "closed":
            how = "merged" if issue.is_merged else "closed"
            raise as_it_is(f"#{issue.number} is {how} already.")
        if issue.is_pull and self.reason == NOT_PLANNED:
            raise Refused(
                f"Only issues are closed as not planned, and #{issue.number} is a pull request: say `/close`.",
                reason="not_an_issue",
            )
        return [
            EditRequested(
                command=received.command,
                repo=received.repo,
                number=issue.number,
                field="state",
                value="closed",
                before=issue.state,
                reason="" if issue.is_pull else self.reason,
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
