"""`/undo`: take back what you asked for last.

Asks for:  whoever might ask for what is taken back; a command of the last ten minutes that was not taken back
Decides:   what that command says undoes it as things are now, with `command.taken_back`; or refuses with what changed
Tells:     what was taken back, and what of it could not be
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Self

import msgspec

from chatops.answers.confirmed import confirmed
from chatops.answers.nights import counted
from chatops.config import Community
from chatops.engine.answer import Answer, Code, Line, Section, Tone, pieces
from chatops.engine.authority import Role, authorise
from chatops.engine.command import CHANGED_NOTHING, UNDONE_WITHIN, Asked, Command, Knowledge, Story
from chatops.errors import Refused
from chatops.events import Event, conversation
from chatops.events.cancels import CancelRequested
from chatops.events.conversation import (
    CommandReceived,
    CommandTakenBack,
    EffectDelayed,
    EffectFailed,
    ReactionRequested,
)
from chatops.names import CommandId
from chatops.projections.commands import Command as Known
from chatops.projections.commands import (
    command_of_id,
    commands_of_person,
    commands_of_person_anywhere,
)
from chatops.projections.undone import taken_back

PREFIX = "command/"


@dataclass(frozen=True, slots=True)
class Undo(Command):
    """Take a command back."""

    command: str = ""

    name: ClassVar[str] = "undo"
    usage: ClassVar[str] = "[COMMAND-ID] [now]"
    help: ClassVar[str] = "Take back what you asked for here last, within ten minutes."
    example: ClassVar[str] = "/undo"
    role: ClassVar[Role] = Role.ANYONE
    irreversible: ClassVar[str] = "Say the command itself again to do it again."
    looks_at_head: ClassVar[bool] = True
    on_issues: ClassVar[bool] = True
    looks_at_issue: ClassVar[bool] = True
    looks_at_person: ClassVar[bool] = True

    @classmethod
    def parse(cls, words: Sequence[str]) -> Self:
        named, _ = confirmed(words)
        if len(named) > 1:
            raise Refused(
                f"`undo` takes one command's id at most, and I found `{' '.join(named)}`. "
                f"Without one it takes back what you asked for here last.",
                reason="usage",
            )
        return cls(f"{PREFIX}{named[0].removeprefix(PREFIX)}" if named else "")

    def decide(self, asked: Asked, knowledge: Knowledge) -> Sequence[Event]:
        undone = self._named(asked, knowledge) if self.command else _newest(asked, knowledge)
        kind = _kinds(knowledge).get(undone.verb)
        story = knowledge.story(undone.command)
        said = story.first(CommandReceived)
        if kind is None or said is None:
            raise Refused(f"I do not know `{undone.verb}` any more.", reason="unknown_command")
        speaking = msgspec.structs.replace(asked.received, verb=undone.verb)
        authorise(kind.role, speaking, asked.standing, knowledge.community, kind.name)
        undoing = kind.taken_back(story, asked, knowledge)
        taken = CommandTakenBack(
            command=asked.received.command,
            undone=undone.command,
            said=" ".join([said.verb, *said.words]),
        )
        return [taken, *undoing]

    def _named(self, asked: Asked, knowledge: Knowledge) -> Known:
        """Return the command that is named, or refuse what cannot be taken back here and now."""
        received, known = asked.received, command_of_id(knowledge.db, CommandId(self.command))
        if known is None or (known.repo, known.number) != (received.repo, received.number):
            raise Refused(
                f"I know no command `{self.command}` here. Say `/undo` where it was said.",
                reason="no_such_command",
            )
        if known.decision != "accepted":
            raise Refused("That was not done, so there is nothing to undo.", reason="not_accepted")
        if known.received_at is None or knowledge.now - known.received_at > UNDONE_WITHIN:
            raise Refused(
                "That was asked for more than ten minutes ago. Ask for the opposite instead.",
                reason="too_late",
            )
        if taken_back(knowledge.db, [known.command]):
            raise Refused("That has been taken back already.", reason="undone")
        return known

    @classmethod
    def tell(cls, story: Story, knowledge: Knowledge) -> Answer:
        del knowledge
        taken = story.first(CommandTakenBack)
        if taken is None:
            return Answer(verdict=("That has been taken back already.",))
        what = Code(f"/{taken.said}")
        trouble = _trouble(story)
        if trouble:
            return Answer(
                verdict=("I could not take back all of ", what, "."),
                tone=Tone.BAD,
                sections=(Section(title="What did not work", lines=trouble),),
            )
        if not _is_done(story):
            return Answer(
                verdict=("Taking back ", what, "."),
                tone=Tone.BUSY,
                counts=_wait(story),
                quiet=not story.all(CancelRequested),
            )
        stopped = story.all(CancelRequested)
        if stopped:
            return Answer(
                verdict=(
                    "What has run cannot be made undone, so I stopped what ",
                    what,
                    f" had started and still ran: {counted(len(stopped), 'workflow')}.",
                ),
                tone=Tone.GOOD,
            )
        return Answer(verdict=("I took back ", what, "."), tone=Tone.GOOD, quiet=True)


def _kinds(knowledge: Knowledge) -> Mapping[str, type[Command]]:
    """Return each command by all the words it is called by here."""
    community: Community = knowledge.community
    return {verb: kind for kind in knowledge.commands.values() for verb in kind.verbs(community)}


def _newest(asked: Asked, knowledge: Knowledge) -> Known:
    """Return what somebody asked for last here that changed anything and was not taken back."""
    received, kinds = asked.received, _kinds(knowledge)
    after = knowledge.now - UNDONE_WITHIN
    granted = commands_of_person(knowledge.db, received.repo, received.number, received.by, after)
    changing = [
        known
        for known in granted
        if (kind := kinds.get(known.verb)) is not None
        and kind is not Undo
        and kind.irreversible != CHANGED_NOTHING
    ]
    gone = taken_back(knowledge.db, [known.command for known in changing])
    newest = next(
        (
            one
            for one in _newest_first(changing, knowledge)
            if one.command not in gone and _asked_for_anything(knowledge.story(one.command))
        ),
        None,
    )
    if not received.number:
        _refuse_if_meant_elsewhere(newest, asked, knowledge)
    if newest is not None:
        return newest
    again = "Everything" if gone else "Nothing"
    what = "has been taken back already" if gone else "can be taken back"
    raise Refused(
        f"{again} you asked for here in the last ten minutes {what}.", reason="nothing_to_undo"
    )


def _refuse_if_meant_elsewhere(newest: Known | None, asked: Asked, knowledge: Knowledge) -> None:
    """Refuse a request that names no place where its person has asked for something later on a pull request.

    As things are there now has to be known before anything is taken back, so it is only said what to say.
    """
    received, kinds = asked.received, _kinds(knowledge)
    after = knowledge.now - UNDONE_WITHIN
    if newest is not None and newest.received_at is not None:
        after = max(after, newest.received_at)
    changing = [
        known
        for known in commands_of_person_anywhere(
            knowledge.db, received.community, received.by, received.surface, after
        )
        if known.number
        and (kind := kinds.get(known.verb)) is not None
        and kind is not Undo
        and kind.irreversible != CHANGED_NOTHING
    ]
    gone = taken_back(knowledge.db, [known.command for known in changing])
    last = next(
        (
            one
            for one in changing
            if one.command not in gone and _asked_for_anything(knowledge.story(one.command))
        ),
        None,
    )
    if last is not None:
        place = f"#{last.number}"
        if last.repo != received.repo:
            place = f"{last.repo}{place}"
        raise Refused(
            f"What you asked for last was `{last.verb}` on {place}. "
            f"Say `/undo {place}` to take that back.",
            reason="elsewhere",
        )


def _newest_first(commands: Sequence[Known], knowledge: Knowledge) -> Sequence[Known]:
    """Return commands as they were said; of one second, as they came into the log."""
    log = knowledge.log
    if log is None or len({known.received_at for known in commands}) == len(commands):
        return commands

    def said(known: Known) -> tuple[float, int]:
        at = known.received_at.timestamp() if known.received_at is not None else 0.0
        story = log.story(known.command, knowledge.db)
        return at, story[0].position if story else 0

    return sorted(commands, key=said, reverse=True)


def _asked_for_anything(story: Story) -> bool:
    """Return whether something came of a command but an answer: many only look, when nothing is said after them."""
    return any(type(event).__module__ != conversation.__name__ for event in story.events)


def _requests(story: Story) -> list[Event]:
    """Return what was asked for; its kinds end so, and each has an outcome in the same story.

    What only shows how things are names no command, and nobody waits for it.
    """
    return [
        event
        for event in story.events
        if event.kind.endswith(".requested")
        and "command" in event.__struct_fields__
        and not isinstance(event, ReactionRequested)
    ]


def _is_done(story: Story) -> bool:
    requests = _requests(story)
    prefixes = {event.kind.partition(".")[0] for event in requests}
    outcomes = [
        event
        for event in story.events
        if event not in requests and event.kind.partition(".")[0] in prefixes
    ]
    return len(outcomes) >= len(requests)


def _wait(story: Story) -> Line:
    delayed = story.all(EffectDelayed)
    return pieces(delayed[-1].text) if delayed else ()


def _trouble(story: Story) -> tuple[Line, ...]:
    """Return what was refused or given up, in words."""
    failed = [event.text for event in story.all(EffectFailed)]
    refused = [
        str(getattr(event, "text", "")) for event in story.events if event.kind.endswith(".refused")
    ]
    return tuple(pieces(text) for text in [*failed, *refused])
