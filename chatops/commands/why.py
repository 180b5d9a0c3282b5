"""`why`: whose is this failure, or what led to this event?

Asks for:  nothing; anyone may
Decides:   nothing
Tells:     of a job whether its failure is the change's, the base branch's, a flake or the machine's, with what speaks
           for it and how sure that is; of an event or command what led to what, with times; after `not told` why a
           channel was not told of something; without a word what failed on this pull request or, where nothing has, the
           last command
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Self

import msgspec
from msgspec.structs import replace

from chatops.answers.alerts_told import untold
from chatops.answers.blame_answer import blame_answer
from chatops.answers.chain_answer import chain_answer
from chatops.answers.chains import chain_of, names_an_event
from chatops.answers.meant_jobs import Both, Places, places
from chatops.answers.which_pull import named_pull, on_pull
from chatops.config import Community
from chatops.engine.answer import Answer
from chatops.engine.authority import Role
from chatops.engine.command import CHANGED_NOTHING, Asked, Command, Knowledge, Story
from chatops.errors import Refused
from chatops.events import Event
from chatops.events.conversation import CommandReceived
from chatops.names import PullNumber
from chatops.projections.commands import Asking, newest_commands

LOOKED_THROUGH = 20
NOT_TOLD = ("not", "told")


@dataclass(frozen=True, slots=True)
class Why(Command):
    """Explain a failure, or an event. `about` is what is asked about, empty for what is newest here."""

    about: str = ""
    named: tuple[str, int] | None = None
    is_untold: bool = False

    name: ClassVar[str] = "why"
    usage: ClassVar[str] = "[JOB|EVENT|not told [JOB]]"
    help: ClassVar[str] = (
        "Say whose a failure is, with what speaks for it; what led to an event or command; "
        "or why a channel was not told of something."
    )
    example: ClassVar[str] = "/why *s390x*"
    role: ClassVar[Role] = Role.ANYONE
    looks_at_head: ClassVar[bool] = True
    looks_at_all: ClassVar[bool] = True
    irreversible: ClassVar[str] = CHANGED_NOTHING

    @classmethod
    def parse(cls, words: Sequence[str]) -> Self:
        if [word.lower() for word in words[: len(NOT_TOLD)]] == list(NOT_TOLD):
            return cls(about=" ".join(words[len(NOT_TOLD) :]), is_untold=True)
        named, rest = named_pull(words)
        return cls(about=" ".join(rest), named=named)

    @classmethod
    def target(cls, received: CommandReceived, community: Community) -> CommandReceived:
        """Return the request with the pull request it names; one about an event has none."""
        wanted = cls.parse(received.words)
        if wanted.is_untold or names_an_event(wanted.about):
            return msgspec.structs.replace(received, number=PullNumber(0))
        return on_pull(received, community, wanted.named)

    def decide(self, asked: Asked, knowledge: Knowledge) -> Sequence[Event]:
        self.answer(self.target(asked.received, knowledge.community), knowledge)
        return ()

    @classmethod
    def tell(cls, story: Story, knowledge: Knowledge) -> Answer:
        received = story.first(CommandReceived)
        assert received is not None
        wanted = cls.parse(received.words)
        return wanted.answer(cls.target(received, knowledge.community), knowledge)

    def answer(self, received: CommandReceived, knowledge: Knowledge) -> Answer:
        """Return the explanation, or refuse where there is nothing to explain."""
        if self.is_untold:
            return untold(self.about, knowledge)
        if names_an_event(self.about):
            return _event(self.about, knowledge)
        where = places(received, knowledge)
        if self.about:
            return blame_answer(where.called(self.about, knowledge), where, received, knowledge)
        failed = _failed(where)
        if failed:
            return blame_answer(failed, where, received, knowledge)
        return _last_command(received, knowledge)


def _event(name: str, knowledge: Knowledge) -> Answer:
    assert knowledge.log is not None
    chain = chain_of(knowledge.log, knowledge.db, knowledge.community, name)
    if chain is None:
        shown = name.replace("`", "'")
        raise Refused(
            f"I know no event or command `{shown}` here. An event is named by its position, as in "
            f"`e123`, a command by its id from the page of all commands.",
            reason="no_event",
        )
    return chain_answer(chain, knowledge)


def _failed(where: Places) -> list[Both]:
    """Return what failed on the pull request, the required ones first."""
    if where.checks is None:
        return []
    return [where.both(check) for check in where.checks.failed if check.workflow]


def _last_command(received: CommandReceived, knowledge: Knowledge) -> Answer:
    asking = (
        Asking(community=received.community, repo=received.repo, number=received.number)
        if received.number
        else Asking(community=received.community, by=received.by)
    )
    found = newest_commands(knowledge.db, asking, LOOKED_THROUGH)
    last = next((one for one in found if one.verb != Why.name), None)
    if last is None:
        here = f"on #{received.number}" if received.number else "in what you asked for"
        raise Refused(
            f"Nothing has failed {here}, and there is no command to explain. "
            f"Name a job, or an event such as `e123`.",
            reason="nothing_to_explain",
        )
    # Many a command is answered to one person alone, and so is what came of it, where others do not look on.
    return replace(_event(last.command, knowledge), private=not received.number)
