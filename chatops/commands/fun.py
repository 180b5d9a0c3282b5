"""`/shrug`, `/meow`, `/woof`, `/joke`: a smile, without asking the internet for one.

Asks for:  nothing; anyone may
Decides:   nothing
Tells:     one of a few sentences, the same one each time the same request is told
"""

from collections.abc import Sequence
from typing import ClassVar, Self
from zlib import crc32

from chatops.engine.answer import Answer
from chatops.engine.authority import Role
from chatops.engine.command import CHANGED_NOTHING, Asked, Command, Knowledge, Story
from chatops.events import Event
from chatops.events.conversation import CommandReceived


class _Saying(Command):
    """Says one of its sentences."""

    role: ClassVar[Role] = Role.ANYONE
    for_strangers: ClassVar[bool] = True
    on_issues: ClassVar[bool] = True
    irreversible: ClassVar[str] = CHANGED_NOTHING
    sayings: ClassVar[tuple[str, ...]]

    @classmethod
    def parse(cls, words: Sequence[str]) -> Self:
        del words
        return cls()

    def decide(self, asked: Asked, knowledge: Knowledge) -> Sequence[Event]:
        return ()

    @classmethod
    def tell(cls, story: Story, knowledge: Knowledge) -> Answer:
        received = story.first(CommandReceived)
        assert received is not None
        chosen = cls.sayings[crc32(received.command.encode()) % len(cls.sayings)]
        return Answer(verdict=(chosen,))


class Shrug(_Saying):
    """Shrug."""

    name: ClassVar[str] = "shrug"
    help: ClassVar[str] = "Shrug."
    example: ClassVar[str] = "/shrug"
    sayings: ClassVar[tuple[str, ...]] = ("¯\\_(ツ)_/¯",)


class Meow(_Saying):
    """Be a cat."""

    name: ClassVar[str] = "meow"
    help: ClassVar[str] = "Hear what a cat thinks of it."
    example: ClassVar[str] = "/meow"
    sayings: ClassVar[tuple[str, ...]] = (
        "🐈 The cat has looked at the diff and lay down on it.",
        "🐈 The cat pushed the build off the table to see what would happen.",
        "🐈 Nine lives, and it still waits for the slow runner.",
    )


class Woof(_Saying):
    """Be a dog."""

    name: ClassVar[str] = "woof"
    help: ClassVar[str] = "Hear what a dog thinks of it."
    example: ClassVar[str] = "/woof"
    sayings: ClassVar[tuple[str, ...]] = (
        "🐕 The dog has fetched the logs. They are a little wet.",
        "🐕 Good change! Who wrote such a good change?",
        "🐕 The dog ran all the jobs again, for joy, round the garden.",
    )


class Joke(_Saying):
    """Tell a joke."""

    name: ClassVar[str] = "joke"
    help: ClassVar[str] = "Hear a joke; no promise that it is good."
    example: ClassVar[str] = "/joke"
    sayings: ClassVar[tuple[str, ...]] = (
        "A flaky test walks into a bar. Nobody can say whether it will again.",
        "How many reruns does it take to change a light bulb? Ask me again, this one timed out.",
        "It works on my machine. They have started to ship the machine.",
        "There are two hard things in a nightly: naming it, and being awake for it.",
    )
