"""`/retitle`: give an issue or pull request another title.

Asks for:  its author, or write access; a title that closes nothing
Decides:   `edit.requested`, or refuses when that is its title
Tells:     nothing but a mark on the comment; a sentence where it did not work
"""

import re
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

LONGEST = 256
CLOSING = re.compile(
    r"\b(close[sd]?|fix(es|ed)?|resolve[sd]?)\b:?\s+([\w.-]+/[\w.-]+)?(#\d|https?://\S+/\d)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Retitle(Command):
    """Change the title of an issue or pull request."""

    title: str

    name: ClassVar[str] = "retitle"
    usage: ClassVar[str] = "TITLE"
    help: ClassVar[str] = "Give this issue or pull request another title."
    example: ClassVar[str] = "/retitle runtime: wait for the guest before it is stopped"
    role: ClassVar[Role] = Role.EDITOR
    on_issues: ClassVar[bool] = True
    looks_at_issue: ClassVar[bool] = True

    @classmethod
    def parse(cls, words: Sequence[str]) -> Self:
        title = " ".join(words).strip()
        if not title:
            raise Refused("Which title? Say it after the command.", reason="usage")
        if len(title) > LONGEST:
            raise Refused(
                f"That title has {len(title)} characters; GitHub takes {LONGEST} at most.",
                reason="usage",
            )
        if CLOSING.search(title):
            raise Refused(
                "That title would close an issue when it is merged. Write what it closes into the description.",
                reason="closes",
            )
        return cls(title)

    def decide(self, asked: Asked, knowledge: Knowledge) -> Sequence[Event]:
        del knowledge
        issue, received = asked.issue, asked.received
        title = self._as_written(received.said.strip())
        if title == issue.title:
            raise as_it_is(f"That is the title of #{issue.number} already.")
        return [
            EditRequested(
                command=received.command,
                repo=received.repo,
                number=issue.number,
                field="title",
                value=title,
                before=issue.title,
            )
        ]

    def _as_written(self, said: str) -> str:
        """Return the title with its own quotation marks and its last full stop, which words do not have."""
        is_the_same = _letters(said) == _letters(self.title)
        return said if is_the_same and len(said) <= LONGEST else self.title

    @classmethod
    def taken_back(cls, story: Story, asked: Asked, knowledge: Knowledge) -> Sequence[Event]:
        del knowledge
        return undoing(story, asked)

    @classmethod
    def tell(cls, story: Story, knowledge: Knowledge) -> Answer:
        del knowledge
        return told(story)


def _letters(text: str) -> list[str]:
    return [letter for letter in text if letter.isalnum()]
