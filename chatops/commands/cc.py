"""`/cc`: ask people or teams for a review of a pull request; `/uncc` asks them no more.

Asks for:  the role triage; a pull request; nobody named means who asks
Decides:   `reviewers.requested`
Tells:     nothing but a mark on the comment; a sentence about those whom GitHub did not ask
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Self

from chatops.answers.changes import told, undoing
from chatops.answers.people import people, resolved
from chatops.config import Community
from chatops.engine.answer import Answer
from chatops.engine.authority import Role
from chatops.engine.command import Asked, Command, Knowledge, Story
from chatops.errors import Refused
from chatops.events import Event
from chatops.events.changes import ReviewersRequested

REMOVE = "--remove"


@dataclass(frozen=True, slots=True)
class Cc(Command):
    """Change whose review is waited for."""

    people: tuple[str, ...]
    removes: bool = False

    name: ClassVar[str] = "cc"
    usage: ClassVar[str] = "[@LOGIN…] [@OWNER/TEAM…]"
    help: ClassVar[str] = (
        "Ask people or teams for a review of this pull request, yourself if you name nobody; "
        "`uncc` asks them no more."
    )
    example: ClassVar[str] = "/cc @octocat @acme/pilots"
    role: ClassVar[Role] = Role.TRIAGER
    looks_at_issue: ClassVar[bool] = True
    looks_at_reviewers: ClassVar[bool] = True
    looks_at_person: ClassVar[bool] = True

    @classmethod
    def verbs(cls, community: Community) -> Mapping[str, tuple[str, ...]]:
        """Return `cc` and `uncc`."""
        del community
        return {cls.name: (), "uncc": (REMOVE,)}

    @classmethod
    def parse(cls, words: Sequence[str]) -> Self:
        removes = list(words[:1]) == [REMOVE]
        return cls(people(words[removes:], teams=True), removes=removes)

    def decide(self, asked: Asked, knowledge: Knowledge) -> Sequence[Event]:
        issue, received = asked.issue, asked.received
        if not issue.is_pull:
            raise Refused(
                f"Reviews are of pull requests, and #{issue.number} is an issue.",
                reason="not_a_pull",
            )
        meant = resolved(self.people, asked, knowledge)
        if not self.removes and issue.author.lower() in {who.lower() for who in meant}:
            raise Refused(
                f"#{issue.number} is by `{issue.author}`, and GitHub asks nobody to review their own work.",
                reason="own_pull",
            )
        return [
            ReviewersRequested(
                command=received.command,
                repo=received.repo,
                number=issue.number,
                add=() if self.removes else meant,
                remove=meant if self.removes else (),
                before=issue.reviewers,
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
