"""`help`: what can I say?

Asks for:  nothing; anyone may
Decides:   nothing
Tells:     every command with its words and one sentence
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Self

from chatops.config import Community
from chatops.engine.answer import Answer, Code, Section, pieces
from chatops.engine.authority import Role
from chatops.engine.command import CHANGED_NOTHING, Asked, Command, Knowledge, Story
from chatops.errors import Refused
from chatops.events import Event
from chatops.events.conversation import CommandReceived

COMMANDS = "commands"


@dataclass(frozen=True, slots=True)
class Help(Command):
    """List what people can ask for."""

    about: str = ""

    name: ClassVar[str] = "help"
    usage: ClassVar[str] = "[COMMAND]"
    help: ClassVar[str] = "Say what you can ask for."
    example: ClassVar[str] = "/help retest"
    role: ClassVar[Role] = Role.ANYONE
    for_strangers: ClassVar[bool] = True
    on_issues: ClassVar[bool] = True

    @classmethod
    def verbs(cls, community: Community) -> Mapping[str, tuple[str, ...]]:
        """Return `help`, or `commands` where `help` asks for a label."""
        return {COMMANDS if community.labels.help_is_a_label else cls.name: ()}

    irreversible: ClassVar[str] = CHANGED_NOTHING

    @classmethod
    def parse(cls, words: Sequence[str]) -> Self:
        if len(words) > 1:
            raise Refused("`help` takes one command's name at most.", reason="usage")
        return cls(words[0].lstrip("/").lower() if words else "")

    def decide(self, asked: Asked, knowledge: Knowledge) -> Sequence[Event]:
        if self.about and self.about not in knowledge.commands:
            known = ", ".join(sorted(knowledge.commands))
            raise Refused(
                f"There is no command `{self.about}`. There are: {known}.", reason="unknown_command"
            )
        return ()

    @classmethod
    def tell(cls, story: Story, knowledge: Knowledge) -> Answer:
        received = story.first(CommandReceived)
        assert received is not None
        slash = f"{knowledge.community.slash_command} " if received.surface == "slack" else "/"
        about = cls.parse(received.words).about
        chosen = [knowledge.commands[about]] if about else list(knowledge.commands.values())
        return Answer(
            verdict=("What you can ask for",),
            sections=(
                Section(
                    title="Commands",
                    lines=tuple(
                        (
                            Code(f"{slash}{command.name} {command.usage}".strip()),
                            " ",
                            *pieces(command.help),
                        )
                        for command in chosen
                    ),
                ),
            ),
            footer=(
                "With ",
                Code("--dry-run"),
                " after it, I only say what a command would do.",
            ),
            private=True,
        )
