"""The one way from a request to a decision, whatever the surface it came from.

A request is recorded first (`command.received`); the bus then asks what the person may do, brings what we know up to
date, lets the command decide, and records the decision and everything it asks for in one append.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import timedelta

import structlog
from sqlalchemy import Connection

from chatops.config import Community, Configuration
from chatops.engine.authority import Role, Standing, authorise
from chatops.engine.command import Asked, Command, Knowledge
from chatops.engine.log import Batch, Log
from chatops.engine.vocabulary import unknown, vocabularies
from chatops.engine.work import Item
from chatops.errors import Refused
from chatops.events import Event, Fact, Recorded
from chatops.events.conversation import (
    CommandAccepted,
    CommandReceived,
    CommandRefused,
    EffectDelayed,
    EffectFailed,
)

logger = structlog.get_logger(__name__)

SOURCE = "chatops"
"""The source of facts that this program itself is the cause of."""


Look = Callable[[CommandReceived], Awaitable[Standing]]
"""Asks GitHub who somebody is."""

Refresh = Callable[[CommandReceived], Awaitable[int]]
"""Fetches the newest state of what a command is about; returns the log position that holds it."""

Append = Callable[[Batch], Awaitable[object]]
CATCH_UP = timedelta(seconds=20)


class Bus:
    """Decides every command that was received: a worker of the crew."""

    name = "decide"
    kinds = (CommandReceived,)

    def __init__(
        self,
        log: Log,
        commands: Mapping[str, type[Command]],
        configuration: Configuration,
        *,
        append: Append,
        look: Look,
        refresh: Refresh,
        knowledge: Callable[[Connection, Community], Knowledge],
        caught_up: Callable[[int], Awaitable[None]],
    ) -> None:
        self._log = log
        self._vocabularies = vocabularies(commands, configuration)
        self._configuration = configuration
        self._append = append
        self._look = look
        self._refresh = refresh
        self._knowledge = knowledge
        self._caught_up = caught_up

    def subject(self, fact: Recorded) -> str | None:
        """Return the position of the request; each is its own piece of work."""
        return str(fact.position)

    async def perform(self, item: Item) -> None:
        """Decide one request and record the decision, once."""
        fact = await asyncio.to_thread(self._log.at, int(item.subject))
        assert fact is not None
        assert isinstance(fact.event, CommandReceived)
        received = fact.event
        try:
            events = await self._decision(received)
        except Refused as refusal:
            events = [
                CommandRefused(command=received.command, reason=refusal.reason, text=refusal.text)
            ]
        logger.info(
            "decided",
            command=received.command,
            verb=received.verb,
            by=received.by,
            decision=events[0].kind,
        )
        await self._append(Batch(facts=caused_by(fact, events), guarded=True))

    async def give_up(self, item: Item, problem: str) -> None:
        """Tell the person that their request could not be decided."""
        fact = await asyncio.to_thread(self._log.at, int(item.subject))
        assert fact is not None
        await self._append(
            Batch(
                facts=caused_by(
                    fact,
                    [
                        EffectFailed(
                            effect=self.name, request=fact.id, stream_of=fact.correlation_id,
                            text=problem, parked=True, tries=item.tries + 1,
                        )
                    ],
                )
            )
        )  # fmt: skip

    async def delayed(self, item: Item, problem: str, wait: timedelta) -> None:
        """Tell the person that their request waits."""
        await note_delay(self._log, self._append, self.name, item, problem, wait)

    async def _decision(self, received: CommandReceived) -> list[Event]:
        community = self._configuration.communities.get(received.community)
        if community is None:
            raise unknown(received.verb, ())
        vocabulary = self._vocabularies[received.community]
        meaning = vocabulary.meaning(received.verb)
        if meaning is None:
            raise unknown(received.verb, vocabulary.verbs)
        kind = meaning.command
        command = kind.parse((*meaning.words, *received.words))
        if kind.looks() and received.number:
            await self._caught_up(await self._refresh(received))
        standing = await self._look(received) if kind.role is not Role.ANYONE else Standing()
        return await asyncio.to_thread(self._decide, command, received, standing, community)

    def _decide(
        self, command: Command, received: CommandReceived, standing: Standing, community: Community
    ) -> list[Event]:
        with self._log.database.read() as db:
            knowledge = self._knowledge(db, community)
            grant = authorise(command.role, received, standing, community)
            asked = Asked(received=received, standing=standing, grant=grant)
            events = command.decide(asked, knowledge)
        accepted = CommandAccepted(command=received.command, role=grant.ground)
        return [accepted, *events]


def caused_by(cause: Recorded, events: Sequence[Event], *, actor: str | None = None) -> list[Fact]:
    """Return facts of ours that follow from another one: the same story, the next link of the chain."""
    return [
        Fact(
            event=event,
            source=SOURCE,
            actor=actor,
            correlation_id=cause.correlation_id,
            causation_id=cause.id,
        )
        for event in events
    ]


SHORT_WAIT = timedelta(seconds=15)


async def note_delay(
    log: Log, append: Append, name: str, item: Item, problem: str, wait: timedelta
) -> None:
    """Record that something a command asked for waits noticeably long, so that its reply can say so."""
    fact = await asyncio.to_thread(log.at, int(item.subject))
    if fact is None or wait < SHORT_WAIT:
        return
    event = EffectDelayed(
        effect=name, request=fact.id, stream_of=fact.correlation_id, text=problem,
        seconds=int(wait.total_seconds()), tries=item.tries + 1,
    )  # fmt: skip
    await append(Batch(facts=caused_by(fact, [event])))
