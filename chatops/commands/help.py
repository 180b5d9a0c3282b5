"""`help`: what can I say?

Asks for:  nothing; anyone may
Decides:   nothing
Tells:     every command with its words and one sentence; of one also an example, who may, and how it is taken back
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Self

from chatops.config import Community
from chatops.engine.answer import Answer, Code, Line, Section, pieces
from chatops.engine.authority import Role, who_may
from chatops.engine.command import CHANGED_NOTHING, Asked, Command, Knowledge, Story
from chatops.errors import Refused
from chatops.events import Event
from chatops.events.conversation import CommandReceived

COMMANDS = "commands"
UNDO = "undo"


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
        if self.about and self.about not in _by_verb(knowledge):
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
        about = _by_verb(knowledge).get(cls.parse(received.words).about)
        if about is not None:
            return _of_one(about, knowledge.community, slash)
        return Answer(
            verdict=("What you can ask for",),
            sections=(
                Section(
                    title="Commands",
                    lines=tuple(
                        (_usage(command, slash), " ", *pieces(command.help))
                        for command in knowledge.commands.values()
                    ),
                ),
            ),
            footer=(
                "With ",
                Code("--dry-run"),
                " after it, I only say what a command would do. More of one: ",
                Code(f"{slash}{next(iter(cls.verbs(knowledge.community)))} COMMAND"),
                ".",
            ),
            private=True,
        )


def _by_verb(knowledge: Knowledge) -> Mapping[str, type[Command]]:
    """Return the commands by every word they are called by here, and by their own names."""
    called = {
        verb: command
        for command in knowledge.commands.values()
        for verb in command.verbs(knowledge.community)
    }
    return {**knowledge.commands, **called}


def _of_one(command: type[Command], community: Community, slash: str) -> Answer:
    """Return all there is to say of one command: how to say it, who may, and how it is taken back."""
    verbs = command.verbs(community)
    verb = next(iter(verbs), command.name)
    lines: list[Line] = [("Say ", _usage(command, slash)), ("Example: ", _example(command, slash))]
    others = [one for one in verbs if one != command.name]
    if others:
        listed = [piece for one in others for piece in (", ", Code(f"{slash}{one}"))]
        lines.append(("Also: ", *listed[1:]))
    lines.append(("For ", *pieces(who_may(command.role, verb, community)), "."))
    if not command.irreversible:
        lines.append((Code(f"{slash}{UNDO}"), " takes it back, within ten minutes."))
    elif command.irreversible != CHANGED_NOTHING:
        lines.append(("Not taken back: ", *pieces(command.irreversible)))
    return Answer(
        verdict=pieces(command.help),
        sections=(Section(title="How it is said", lines=tuple(lines)),),
        footer=("With ", Code("--dry-run"), " after it, I only say what it would do."),
        private=True,
    )


def _usage(command: type[Command], slash: str) -> Code:
    return Code(f"{slash}{command.name} {command.usage}".strip())


def _example(command: type[Command], slash: str) -> Code:
    return Code(f"{slash}{command.example.removeprefix('/')}")
