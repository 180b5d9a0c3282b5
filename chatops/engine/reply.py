"""Replies: one message per command, rendered from its story and edited as the story grows."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from hashlib import blake2b
from typing import Protocol

import structlog
from sqlalchemy import Column, Connection, String, Table, select

from chatops.config import Community, Configuration
from chatops.engine.answer import Answer, Tone, pieces
from chatops.engine.bus import SOURCE, Append, Command, Knowledge, Story
from chatops.engine.log import METADATA, Batch, Log
from chatops.engine.projection import upsert
from chatops.engine.work import Item
from chatops.errors import Refused
from chatops.events import Event, Fact, Recorded
from chatops.events.conversation import (
    CommandAccepted,
    CommandReceived,
    CommandRefused,
    EffectDelayed,
    EffectFailed,
    ReplyPosted,
)
from chatops.events.reruns import (
    RerunFinished,
    RerunRefused,
    RerunRequested,
    RerunStarted,
    RetestFinished,
)
from chatops.names import CommandId

logger = structlog.get_logger(__name__)

REPLIES = Table(
    "replies",
    METADATA,
    Column("command", String, primary_key=True),
    Column("digest", String, nullable=False),
)
"""What each reply said when it was last written: a reply that would say the same is not written again."""


class Surface(Protocol):
    """A place where a reply can be written and, where the place allows it, changed."""

    def render(self, answer: Answer, received: CommandReceived) -> str:
        """Return the answer in the words and markup of this place."""
        ...

    async def find(self, received: CommandReceived) -> str | None:
        """Return the name of the reply that is there already, where that can be told."""
        ...

    async def post(self, received: CommandReceived, rendered: str) -> str:
        """Write the reply; return its name."""
        ...

    async def edit(self, received: CommandReceived, message: str, rendered: str) -> None:
        """Replace the reply. A place that cannot be edited does nothing."""
        ...


class Replier:
    """Keeps one message per command up to date: a worker of the crew."""

    name = "reply"
    kinds: Sequence[type[Event]] = (
        CommandAccepted, CommandRefused, EffectDelayed, EffectFailed,
        RerunRequested, RerunStarted, RerunRefused, RerunFinished, RetestFinished,
    )  # fmt: skip

    def __init__(
        self,
        log: Log,
        commands: Mapping[str, type[Command]],
        configuration: Configuration,
        surfaces: Mapping[str, Surface],
        *,
        append: Append,
        knowledge: Callable[[Connection, Community], Knowledge],
    ) -> None:
        self._log = log
        self._commands = commands
        self._configuration = configuration
        self._surfaces = surfaces
        self._append = append
        self._knowledge = knowledge

    def subject(self, fact: Recorded) -> str | None:
        """Return the command whose reply has to be looked at."""
        return fact.correlation_id if fact.correlation_id.startswith("command/") else None

    async def perform(self, item: Item) -> None:
        """Render one reply, and write or change it if it says something new."""
        command = CommandId(item.subject)
        recorded = await asyncio.to_thread(self._log.story, command)
        story = Story(tuple(fact.event for fact in recorded))
        received = story.first(CommandReceived)
        if received is None:
            return
        surface = self._surfaces.get(received.surface)
        if surface is None:
            return
        answer = await asyncio.to_thread(self._answer, received, story)
        if answer is None:
            return
        rendered = surface.render(answer, received)
        digest = blake2b(rendered.encode(), digest_size=16).hexdigest()
        if digest == await asyncio.to_thread(self._written, command):
            return
        posted = story.first(ReplyPosted)
        message = posted.message if posted is not None else await surface.find(received)
        if message is None:
            message = await surface.post(received, rendered)
        else:
            await surface.edit(received, message, rendered)
        await asyncio.to_thread(self._note, command, digest)
        if posted is None:
            fact = Fact(
                event=ReplyPosted(command=command, message=message),
                source=SOURCE,
                correlation_id=command,
                causation_id=recorded[-1].id,
            )
            await self._append(Batch(facts=[fact]))

    async def give_up(self, item: Item, problem: str) -> None:
        """Leave a trace; a reply that cannot be written cannot say so."""
        logger.error("reply not written", command=item.subject, problem=problem)

    async def delayed(self, item: Item, problem: str, wait: timedelta) -> None:
        """Leave a trace."""
        logger.info(
            "reply waits", command=item.subject, problem=problem, seconds=wait.total_seconds()
        )

    def _answer(self, received: CommandReceived, story: Story) -> Answer | None:
        failed = story.first(EffectFailed)
        if failed is not None and failed.effect == "decide":
            return undecided(failed)
        refused = story.first(CommandRefused)
        if refused is not None:
            return refusal(refused)
        if story.first(CommandAccepted) is None:
            delayed = story.all(EffectDelayed)
            return waiting(delayed[-1]) if delayed else None
        kind = self._commands[received.verb]
        community = self._configuration.communities[received.community]
        with self._log.database.read() as db:
            try:
                return kind.tell(story, self._knowledge(db, community))
            except Refused as problem:
                return Answer(verdict=pieces(problem.text), tone=Tone.UNKNOWN, private=True)

    def _written(self, command: CommandId) -> str | None:
        with self._log.database.read() as db:
            return db.scalar(select(REPLIES.c.digest).where(REPLIES.c.command == command))

    def _note(self, command: CommandId, digest: str) -> None:
        with self._log.database.write(durable=False) as db:
            upsert(
                db, REPLIES, [{"command": command, "digest": digest}],
                newer=lambda new, _old: new.command == command,
            )  # fmt: skip


def refusal(refused: CommandRefused) -> Answer:
    """Return the message of a refusal: one clear sentence, nothing else."""
    return Answer(verdict=pieces(refused.text), tone=Tone.NEUTRAL, private=True)


def waiting(delayed: EffectDelayed) -> Answer:
    """Return the message while a decision has to wait."""
    minutes = max(1, round(delayed.seconds / 60))
    return Answer(
        verdict=(f"Not decided yet: {delayed.text} I try again in about {minutes} min.",),
        tone=Tone.BUSY,
    )


def undecided(failed: EffectFailed) -> Answer:
    """Return the message when a decision was given up."""
    reference = failed.request[:8]
    return Answer(
        verdict=(
            f"I could not decide this: {failed.text} Nothing was started. Reference {reference}.",
        ),
        tone=Tone.UNKNOWN,
    )
