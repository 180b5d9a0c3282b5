"""`/reopen`: open a closed issue or pull request again.

Asks for:  its author, if they closed it, or the role triage; it is closed and not merged; `now` where that would start
           the CI again
Decides:   `edit.requested`, or refuses when it is open
Tells:     nothing but a mark on the comment; a sentence where it did not work
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Self

from chatops.answers.changes import as_it_is, told, undoing
from chatops.answers.confirmed import confirmed
from chatops.answers.restarts import reopening_warning
from chatops.engine.answer import Answer
from chatops.engine.authority import Role
from chatops.engine.command import Asked, Command, Knowledge, Story
from chatops.errors import Refused
from chatops.events import Event
from chatops.events.changes import EditRequested
from chatops.projections.commands import last_accepted
from chatops.projections.pulls import pull

APP = "[bot]"


@dataclass(frozen=True, slots=True)
class Reopen(Command):
    """Open an issue or pull request again."""

    now: bool = False

    name: ClassVar[str] = "reopen"
    usage: ClassVar[str] = "[now]"
    help: ClassVar[str] = "Open this closed issue or pull request again."
    example: ClassVar[str] = "/reopen"
    role: ClassVar[Role] = Role.AUTHOR
    looks_at_head: ClassVar[bool] = True
    on_issues: ClassVar[bool] = True
    looks_at_issue: ClassVar[bool] = True

    @classmethod
    def parse(cls, words: Sequence[str]) -> Self:
        left, now = confirmed(words)
        if left:
            raise Refused(
                "`reopen` takes no words but `now`; write why into a line of its own.",
                reason="usage",
            )
        return cls(now=now)

    def decide(self, asked: Asked, knowledge: Knowledge) -> Sequence[Event]:
        issue, received = asked.issue, asked.received
        if issue.state == "open":
            raise as_it_is(f"#{issue.number} is open already.")
        if issue.is_merged:
            raise Refused(
                f"#{issue.number} is merged, and what is merged stays closed.", reason="merged"
            )
        if asked.grant.ground == "author" and not _closed_it(asked, knowledge):
            raise Refused(
                f"`{issue.closed_by or 'Somebody else'}` closed #{issue.number}, so GitHub lets its author not open "
                "it again. Ask somebody with the role triage or more.",
                reason="not_permitted",
            )
        known = pull(knowledge.db, received.repo, received.number) if issue.is_pull else None
        if known is not None and not self.now:
            warning = reopening_warning(knowledge, known)
            if warning:
                raise Refused(warning, reason="would_restart")
        return [
            EditRequested(
                command=received.command,
                repo=received.repo,
                number=issue.number,
                field="state",
                value="open",
                before=issue.state,
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


def _closed_it(asked: Asked, knowledge: Knowledge) -> bool:
    """Return whether the person closed it, by hand or through us."""
    received, closer = asked.received, asked.issue.closed_by.lower()
    if closer == asked.standing.login.lower():
        return True
    last = last_accepted(knowledge.db, received.repo, received.number, "close")
    return closer.endswith(APP) and last.lower() == received.by.lower()
