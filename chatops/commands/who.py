"""`who`: who looks after a job?

Asks for:  nothing; anyone may
Decides:   nothing
Tells:     for each job that is meant, the groups and people of the community's mapping; nobody is pinged
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Self

from chatops.answers.meant_tests import board_of, tests_meant_here
from chatops.answers.nights import Test, counted
from chatops.config import Community, Owner
from chatops.engine.answer import Answer, Code, Line, Piece, Section
from chatops.engine.authority import Role
from chatops.engine.command import CHANGED_NOTHING, Asked, Command, Knowledge, Story
from chatops.errors import Refused
from chatops.events import Event
from chatops.events.conversation import CommandReceived

LINES_SHOWN = 10


@dataclass(frozen=True, slots=True)
class Who(Command):
    """Say who looks after a job."""

    pattern: str

    name: ClassVar[str] = "who"
    usage: ClassVar[str] = "JOB"
    help: ClassVar[str] = "Say who looks after a job. Nobody is pinged."
    example: ClassVar[str] = "/who *s390x*"
    role: ClassVar[Role] = Role.ANYONE
    on_issues: ClassVar[bool] = True
    irreversible: ClassVar[str] = CHANGED_NOTHING

    @classmethod
    def parse(cls, words: Sequence[str]) -> Self:
        if not words:
            raise Refused(
                "`who` needs a job: its name, a part of it, or a pattern such as `*s390x*`.",
                reason="usage",
            )
        return cls(" ".join(words))

    def decide(self, asked: Asked, knowledge: Knowledge) -> Sequence[Event]:
        tests_meant_here(board_of(knowledge), self.pattern, knowledge, asked.received)
        return ()

    @classmethod
    def tell(cls, story: Story, knowledge: Knowledge) -> Answer:
        received = story.first(CommandReceived)
        assert received is not None
        pattern = cls.parse(received.words).pattern
        tests = tests_meant_here(board_of(knowledge), pattern, knowledge, received)
        unowned = sum(not knowledge.community.owners_of(test.name) for test in tests)
        return Answer(
            verdict=_verdict(pattern, len(tests), unowned),
            sections=(
                Section(
                    title="Who looks after it" if len(tests) == 1 else "Who looks after them",
                    lines=tuple(_line(test, knowledge.community) for test in tests[:LINES_SHOWN]),
                    more=max(0, len(tests) - LINES_SHOWN),
                ),
            ),
            private=True,
        )


def _verdict(pattern: str, meant: int, unowned: int) -> Line:
    line: list[Piece] = [f"{counted(meant, 'job')} for ", Code(pattern)]
    if unowned:
        line.append(", nobody looks after it" if meant == 1 else f", {unowned} without an owner")
    return (*line, ".")


def _line(test: Test, community: Community) -> Line:
    groups = community.owners_of(test.name)
    people = "; ".join(
        f"{group.group}: {', '.join(_person(owner) for owner in group.owners) or 'nobody'}"
        for group in groups
    )
    return (Code(test.name), f" {people or 'nobody in the mapping'}")


def _person(owner: Owner) -> str:
    """Return how somebody is called here; on no surface does it call them."""
    return owner.github or owner.fullname or owner.slack or "somebody without a name"
