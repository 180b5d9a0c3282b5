"""`alerts`: what is wrong now, since when, and who looks after it; and what was held back from channels?

Asks for:  nothing; anyone may
Decides:   nothing
Tells:     the open alerts, the newest first; what channels were not told of lately, and why
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Self

from chatops.answers.alerts_told import alerts_told
from chatops.engine.answer import Answer
from chatops.engine.authority import Role
from chatops.engine.command import CHANGED_NOTHING, Asked, Command, Knowledge, Story
from chatops.events import Event
from chatops.events.conversation import CommandReceived


@dataclass(frozen=True, slots=True)
class Alerts(Command):
    """Tell what is alerted of. `about` narrows it to what is called so."""

    about: str = ""

    name: ClassVar[str] = "alerts"
    usage: ClassVar[str] = "[JOB]"
    help: ClassVar[str] = (
        "Tell what is wrong now and who looks after it, and why a channel was not told of something."
    )
    example: ClassVar[str] = "/alerts"
    role: ClassVar[Role] = Role.ANYONE
    on_issues: ClassVar[bool] = True
    irreversible: ClassVar[str] = CHANGED_NOTHING

    @classmethod
    def parse(cls, words: Sequence[str]) -> Self:
        return cls(" ".join(words))

    def decide(self, asked: Asked, knowledge: Knowledge) -> Sequence[Event]:
        return ()

    @classmethod
    def tell(cls, story: Story, knowledge: Knowledge) -> Answer:
        received = story.first(CommandReceived)
        assert received is not None
        return alerts_told(cls.parse(received.words).about, knowledge)
