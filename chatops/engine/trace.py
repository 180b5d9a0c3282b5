"""Traces: what was asked elsewhere and changes a pull request is told on the pull request too, in one comment.

The people there see why something happened. The comment is the reply, rendered from the same story and edited as that
grows; who wrote it is found again by its mark, so that it is there once after any crash.
"""

import asyncio
import re
from collections.abc import Callable, Collection, Mapping
from hashlib import blake2b

import msgspec
from msgspec.structs import replace
from sqlalchemy import Connection

from chatops.config import Community, Configuration
from chatops.engine.answer import Answer, Code, Line, Strong
from chatops.engine.bus import SOURCE, Append
from chatops.engine.command import SOMEBODY, Command, Knowledge, Story
from chatops.engine.log import Batch, Log
from chatops.engine.posting import CLOCKS_DIFFER
from chatops.engine.reply import Replier, Surface
from chatops.engine.work import Item
from chatops.events import Event, Fact, Recorded
from chatops.events.conversation import (
    CommandAccepted,
    CommandReceived,
    ReactionRequested,
    TracePosted,
)
from chatops.names import CommandId

ELSEWHERE: Mapping[str, str] = {"slack": "Slack", "web": "the dashboard"}
"""The surfaces whose commands leave a trace, with what people call them."""

_MEMBER = re.compile(r"<@\w{1,40}(?:\|[^>]*)?>")
"""A member of Slack, whose id is nobody's business elsewhere."""

SILENT_ASKS = (CommandReceived, ReactionRequested)
"""What effects wait for and changes nothing: that a request was heard."""


class Tracer(Replier):
    """Keeps one comment per command that was given elsewhere up to date: a worker of the crew."""

    name = "trace"
    tells = True

    def __init__(
        self,
        log: Log,
        commands: Mapping[str, type[Command]],
        configuration: Configuration,
        *,
        append: Append,
        knowledge: Callable[[Connection, Community], Knowledge],
        pull: Surface,
        asking: Collection[type[Event]],
    ) -> None:
        super().__init__(log, commands, configuration, {}, append=append, knowledge=knowledge)
        self._pull = pull
        self._asking = tuple(kind for kind in asking if kind not in SILENT_ASKS)

    def subject(self, fact: Recorded) -> str | None:
        """Return the command whose trace has to be looked at: of those that were given elsewhere."""
        kind, _, rest = fact.correlation_id.partition("/")
        is_elsewhere = kind == "command" and rest.partition("/")[0] in ELSEWHERE
        return fact.correlation_id if is_elsewhere else None

    async def perform(self, item: Item) -> None:
        """Render one trace, and write or change it if it says something new."""
        command = CommandId(item.subject)
        recorded = await asyncio.to_thread(self._log.story, command)
        story = Story(tuple(fact.event for fact in recorded))
        received = story.first(CommandReceived)
        if received is None or not self._leaves_one(received, story):
            return
        answer = await asyncio.to_thread(self._answer, received, story)
        if answer is None:
            return
        rendered = self._pull.render(_traced(answer, received, story), received)
        noted = CommandId(f"{command}/trace")
        digest = blake2b(rendered.encode(), digest_size=16).hexdigest()
        if digest == await asyncio.to_thread(self._written, noted):
            return
        posted = story.first(TracePosted)
        # So that not all comments there are have to be looked at; clocks may differ by an hour.
        since = msgspec.structs.replace(received, said_at=recorded[0].occurred_at - CLOCKS_DIFFER)
        message = (
            posted.message if posted is not None else await self._pull.find(since, again=item.again)
        )
        if message is None:
            message = await self._pull.post(received, rendered)
        else:
            await self._pull.edit(received, message, rendered)
        await asyncio.to_thread(self._note, noted, digest)
        if posted is None:
            fact = Fact(
                event=TracePosted(command=command, message=message),
                source=SOURCE,
                correlation_id=command,
                causation_id=recorded[-1].id,
            )
            await self._append(Batch(facts=[fact]))

    def _leaves_one(self, received: CommandReceived, story: Story) -> bool:
        """Return whether a command was given elsewhere, is about a pull request, and changes something."""
        return (
            received.surface in ELSEWHERE
            and bool(received.number)
            and story.first(CommandAccepted) is not None
            and any(isinstance(event, self._asking) for event in story.events)
        )


def _traced(answer: Answer, received: CommandReceived, story: Story) -> Answer:
    """Return the answer as those read it who were not there: who asked, where, and for what."""
    said = _MEMBER.sub(SOMEBODY, " ".join((received.verb, *received.words)))
    asked: Line = (
        f"Asked from {ELSEWHERE[received.surface]} by ",
        Strong(story.asker),
        ": ",
        Code(said),
    )
    return replace(answer, counts=(*answer.counts, *((" ",) if answer.counts else ()), *asked))
