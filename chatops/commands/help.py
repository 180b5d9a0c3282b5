"""`help`: what can I say?

Asks for:  nothing; anyone may
Decides:   nothing
Tells:     every command with its words and one sentence; of one also an example, who may, and how it is taken back;
           of the beginning of a word, or of a slip, the commands that can be meant, by which word of theirs
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
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
TO_ASK, ON_PULLS, BESIDES = "To ask", "To do on a pull request or issue", "To do besides"
MOST_ALIKE = 5
ALIKE = 0.6
"""How alike a word must be to one of ours to be shown for it: here somebody asks what there is."""


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
        if self.about and not _meant(self.about, knowledge):
            listing = next(iter(self.verbs(knowledge.community)))
            raise Refused(
                f"There is no command `{self.about}`. `/{listing}` lists those there are.",
                reason="unknown_command",
            )
        return ()

    @classmethod
    def tell(cls, story: Story, knowledge: Knowledge) -> Answer:
        received = story.first(CommandReceived)
        assert received is not None
        slash = f"{knowledge.community.slash_command} " if received.surface == "slack" else "/"
        about = cls.parse(received.words).about
        every = {command: command.name for command in knowledge.commands.values()}
        meant = _meant(about, knowledge) if about else every
        if about and len(meant) == 1:
            return _of_one(next(iter(meant)), knowledge.community, slash)
        more = f"{slash}{next(iter(cls.verbs(knowledge.community)))} COMMAND"
        return Answer(
            verdict=("What you may mean by ", Code(about)) if about else ("What you can ask for",),
            sections=tuple(
                Section(
                    title=title,
                    lines=tuple(
                        (*_called(command, verb, slash), " ", *pieces(command.help))
                        for command, verb in some.items()
                    ),
                    whole=True,
                )
                for title, some in ([("Commands", meant)] if about else _by_use(meant))
            ),
            footer=(
                "With ",
                Code("--dry-run"),
                " after it, I only say what a command would do. More of one: ",
                Code(more),
                "; its first letters do.",
            ),
            private=True,
        )


def _by_use(
    commands: Mapping[type[Command], str],
) -> Sequence[tuple[str, Mapping[type[Command], str]]]:
    """Return commands under titles: what only answers first, for that is what most people come for."""
    found: dict[str, dict[type[Command], str]] = {TO_ASK: {}, ON_PULLS: {}, BESIDES: {}}
    for command, verb in commands.items():
        if command.irreversible == CHANGED_NOTHING:
            found[TO_ASK][command] = verb
        else:
            is_on_pulls = command.needs_pull or command.looks_at_issue
            found[ON_PULLS if is_on_pulls else BESIDES][command] = verb
    return [(title, some) for title, some in found.items() if some]


def _by_verb(knowledge: Knowledge) -> Mapping[str, type[Command]]:
    """Return the commands by every word they are called by here, and by their own names."""
    called = {
        verb: command
        for command in knowledge.commands.values()
        for verb in command.verbs(knowledge.community)
    }
    return {**knowledge.commands, **called}


def _meant(about: str, knowledge: Knowledge) -> Mapping[type[Command], str]:
    """Return the commands that a word can mean, by what word of theirs.

    That is the one that is called so, else those that begin so, first by their own names, else those like it.
    """
    known = _by_verb(knowledge)
    if about in known:
        return {known[about]: about}
    begun = [verb for verb in known if verb.startswith(about)]
    begun.sort(key=lambda verb: (known[verb].name != verb, known[verb].name))
    found: dict[type[Command], str] = {}
    for verb in begun or get_close_matches(about, known, n=MOST_ALIKE, cutoff=ALIKE):
        found.setdefault(known[verb], verb)
    return found


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


def _called(command: type[Command], verb: str, slash: str) -> Line:
    """Return how a command is said; another word of it goes before that."""
    usage = _usage(command, slash)
    return (usage,) if verb == command.name else (Code(f"{slash}{verb}"), " goes with ", usage)


def _usage(command: type[Command], slash: str) -> Code:
    return Code(f"{slash}{command.name} {command.usage}".strip())


def _example(command: type[Command], slash: str) -> Code:
    return Code(f"{slash}{command.example.removeprefix('/')}")
