"""`/help-wanted` and `/good-first-issue`: invite people to an open issue, or no more with `remove-` before it.

Asks for:  the role triage; an issue, which is open where it is to be labelled
Decides:   `labels.requested`: a good first issue wants help, too, and without the wish for help it is no longer one
Tells:     nothing but a mark on the comment; a sentence where it did not work
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Self

from chatops.answers.changes import as_it_is, quoted, told, undoing
from chatops.config import Community
from chatops.engine.answer import Answer
from chatops.engine.authority import Role
from chatops.engine.command import Asked, Command, Knowledge, Story
from chatops.errors import Refused
from chatops.events import Event
from chatops.events.changes import LabelsRequested

REMOVE, FIRST = "--remove", "--first"


@dataclass(frozen=True, slots=True)
class HelpWanted(Command):
    """Invite people to an issue."""

    is_first: bool = False
    removes: bool = False

    name: ClassVar[str] = "help-wanted"
    help: ClassVar[str] = (
        "Label this issue as one that anybody is welcome to take on; `good-first-issue` as one to begin with. "
        "`remove-help-wanted` and `remove-good-first-issue` take that back."
    )
    example: ClassVar[str] = "/good-first-issue"
    role: ClassVar[Role] = Role.TRIAGER
    on_issues: ClassVar[bool] = True
    looks_at_issue: ClassVar[bool] = True

    @classmethod
    def verbs(cls, community: Community) -> Mapping[str, tuple[str, ...]]:
        """Return both words, and those that take them back; where the community wants it so, `help` is one, too."""
        words = {
            cls.name: (),
            "good-first-issue": (FIRST,),
            f"remove-{cls.name}": (REMOVE,),
            "remove-good-first-issue": (REMOVE, FIRST),
        }
        as_in_prow = {"help": (), "remove-help": (REMOVE,)}
        return words | as_in_prow if community.labels.help_is_a_label else words

    @classmethod
    def parse(cls, words: Sequence[str]) -> Self:
        said = [word for word in words if word not in (REMOVE, FIRST)]
        if said:
            raise Refused("This takes no words; write why into a line of its own.", reason="usage")
        return cls(is_first=FIRST in words, removes=REMOVE in words)

    def decide(self, asked: Asked, knowledge: Knowledge) -> Sequence[Event]:
        issue, received, labels = asked.issue, asked.received, knowledge.community.labels
        if issue.is_pull:
            raise Refused(
                f"People are invited to issues, and #{issue.number} is a pull request.",
                reason="not_an_issue",
            )
        if issue.state != "open" and not self.removes:
            raise Refused(
                f"#{issue.number} is closed, so there is nothing to take on. Open it again first: `/reopen`.",
                reason="closed",
            )
        wanted = self._wanted(labels.help_wanted, labels.good_first_issue)
        there = {label.lower() for label in issue.labels}
        changing = tuple(label for label in wanted if (label.lower() in there) == self.removes)
        if not changing:
            state = "does not have" if self.removes else "has"
            raise as_it_is(f"#{issue.number} {state} {quoted(wanted)} already.")
        return [
            LabelsRequested(
                command=received.command,
                repo=received.repo,
                number=issue.number,
                add=() if self.removes else changing,
                remove=changing if self.removes else (),
                before=issue.labels,
            )
        ]

    def _wanted(self, help_wanted: str, first: str) -> tuple[str, ...]:
        """Return the labels it is about: both where one brings the other, or takes it along."""
        if self.is_first != self.removes:
            return (help_wanted, first)
        return (first,) if self.is_first else (help_wanted,)

    @classmethod
    def taken_back(cls, story: Story, asked: Asked, knowledge: Knowledge) -> Sequence[Event]:
        del knowledge
        return undoing(story, asked)

    @classmethod
    def tell(cls, story: Story, knowledge: Knowledge) -> Answer:
        del knowledge
        return told(story)
