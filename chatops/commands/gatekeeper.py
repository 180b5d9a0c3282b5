"""`gatekeeper`: what does the gate want from this pull request, and why?

Asks for:  nothing; anyone may; a pull request
Decides:   nothing
Tells:     which checks are required here and by which rule, which of them failed, run or were never reported, and
           which label is missing
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Self

from chatops.answers.gate_trace import gate_trace
from chatops.answers.pull_checks import pull_checks
from chatops.answers.which_pull import named_pull, on_pull
from chatops.config import Community
from chatops.engine.answer import Answer
from chatops.engine.authority import Role
from chatops.engine.command import CHANGED_NOTHING, Asked, Command, Knowledge, Story
from chatops.errors import Refused
from chatops.events import Event
from chatops.events.conversation import CommandReceived


@dataclass(frozen=True, slots=True)
class Gatekeeper(Command):
    """Explain the gate."""

    named: tuple[str, int] | None = None

    name: ClassVar[str] = "gatekeeper"
    usage: ClassVar[str] = ""
    help: ClassVar[str] = (
        "Say which checks this pull request must pass, by which rule, and what is missing."
    )
    example: ClassVar[str] = "/gatekeeper"
    role: ClassVar[Role] = Role.ANYONE
    looks_at_head: ClassVar[bool] = True
    looks_at_all: ClassVar[bool] = True
    irreversible: ClassVar[str] = CHANGED_NOTHING

    @classmethod
    def verbs(cls, community: Community) -> Mapping[str, tuple[str, ...]]:
        """Return `gatekeeper`, and `gate` for short."""
        return {cls.name: (), "gate": ()}

    @classmethod
    def parse(cls, words: Sequence[str]) -> Self:
        numbered = ["pr", *words] if len(words) == 1 and words[0].isdigit() else words
        named, rest = named_pull(numbered)
        if rest:
            raise Refused(
                f"`gatekeeper` takes the number of a pull request at most, and I found `{' '.join(words)}`.",
                reason="usage",
            )
        return cls(named)

    @classmethod
    def target(cls, received: CommandReceived, community: Community) -> CommandReceived:
        """Return the request with the pull request it names."""
        return on_pull(received, community, cls.parse(received.words).named)

    def decide(self, asked: Asked, knowledge: Knowledge) -> Sequence[Event]:
        self.answer(self.target(asked.received, knowledge.community), knowledge)
        return ()

    @classmethod
    def tell(cls, story: Story, knowledge: Knowledge) -> Answer:
        received = story.first(CommandReceived)
        assert received is not None
        return cls.answer(cls.target(received, knowledge.community), knowledge)

    @staticmethod
    def answer(received: CommandReceived, knowledge: Knowledge) -> Answer:
        """Return what the gate wants here, or refuse where nothing is known of it."""
        checks = pull_checks(knowledge, received.repo, received.number)
        return gate_trace(checks, received, knowledge)
