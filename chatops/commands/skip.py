"""`/skip`: let what is not required say "skipped", so that it does not stay red or yellow for ever.

Asks for:  write access, as GitHub does of whoever sets a status; a pull request
Decides:   one `status.requested` per commit status that has come, did not pass and is not required; or refuses
Tells:     nothing but a mark on the comment; a sentence where there are no marks, or something did not work
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Self

from chatops.answers.open_pull import open_pull
from chatops.answers.own_statuses import (
    contexts_of,
    is_ours,
    status_wanted,
    statuses_answer,
    statuses_taken_back,
)
from chatops.engine.answer import Answer
from chatops.engine.authority import Role
from chatops.engine.command import Asked, Command, Knowledge, Story
from chatops.errors import Refused
from chatops.events import Event

SHA_SHOWN = 9


@dataclass(frozen=True, slots=True)
class Skip(Command):
    """Set every status that is not required and did not pass to success."""

    name: ClassVar[str] = "skip"
    help: ClassVar[str] = (
        "Let the commit statuses of this pull request that are not required, and did not pass, pass as skipped."
    )
    example: ClassVar[str] = "/skip"
    role: ClassVar[Role] = Role.WRITER
    looks_at_head: ClassVar[bool] = True
    needs_pull: ClassVar[bool] = True
    looks_at_statuses: ClassVar[bool] = True

    @classmethod
    def parse(cls, words: Sequence[str]) -> Self:
        return cls()

    def decide(self, asked: Asked, knowledge: Knowledge) -> Sequence[Event]:
        known = open_pull(asked, knowledge, self.name)
        contexts = contexts_of(knowledge, known)
        if contexts.required is None:
            raise Refused(
                f"I do not know which checks {known.repo} requires, so I skipped none.",
                reason="required_unknown",
            )
        optional = [
            status
            for status in contexts.statuses
            if not status.is_check
            and status.state != "success"
            and not contexts.is_required(status.context)
            and not is_ours(status.context, knowledge.community)
        ]
        if not optional:
            raise Refused(
                f"No status of `{known.sha[:SHA_SHOWN]}` can be skipped: each has passed, or is required. "
                f"Jobs of GitHub Actions are no statuses; what is not required of them blocks nothing.",
                reason="as_it_is",
            )
        return [
            status_wanted(asked, known, status, state="success", description="Skipped")
            for status in optional
        ]

    @classmethod
    def tell(cls, story: Story, knowledge: Knowledge) -> Answer:
        del knowledge
        return statuses_answer(story, "Skipped", "Skipping", quiet=True)

    @classmethod
    def taken_back(cls, story: Story, asked: Asked, knowledge: Knowledge) -> Sequence[Event]:
        return statuses_taken_back(story, asked, knowledge)
