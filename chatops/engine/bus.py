"""The one way from a request to a decision, whatever the surface it came from.

A request is recorded first (`command.received`); the bus then asks what the person may do, brings what we know up to
date, lets the command decide, and records the decision and everything it asks for in one append. With `--dry-run` it
does all of that, and then records only what would have been asked for, in words. The commands of one comment take
turns, so that each is decided by what the one before has changed.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import timedelta

import structlog
from msgspec.structs import replace
from sqlalchemy import Connection

from chatops.config import Community, Configuration
from chatops.engine.authority import Role, Standing, authorise, least_asked
from chatops.engine.command import Asked, Command, Knowledge
from chatops.engine.log import Batch, Log
from chatops.engine.vocabulary import unknown, vocabularies
from chatops.engine.work import Item
from chatops.errors import Refused
from chatops.events import Event, Fact, Recorded
from chatops.events.conversation import (
    CommandAccepted,
    CommandExplained,
    CommandReceived,
    CommandRefused,
    EffectDelayed,
    EffectFailed,
)
from chatops.ports import IssueState

logger = structlog.get_logger(__name__)

SOURCE = "chatops"
NUMBER = re.compile(r"[1-9][0-9]{0,8}", re.ASCII)
"""The source of facts that this program itself is the cause of."""


Look = Callable[[CommandReceived], Awaitable[Standing]]
"""Asks GitHub who somebody is."""

Refresh = Callable[[CommandReceived], Awaitable[int]]
"""Fetches the newest state of what a command is about; returns the log position that holds it."""

SpokenOf = Callable[[CommandReceived], Awaitable[IssueState]]
"""Asks GitHub how the issue or pull request is that a command was said on."""

Append = Callable[[Batch], Awaitable[object]]

BringUp = Callable[[int], Awaitable[object]]
"""Waits a little until the read models know what is recorded up to a position; goes on where they are far behind."""

TakeTurn = Callable[[Recorded], int]
"""Returns the log position of what was done because of the command before in the same comment; not yet: `NotYet`."""

Describe = Callable[[Event], str]
"""Says in a sentence what an event would lead to."""

DRY_RUN = frozenset({"--dry-run", "-dry-run"})
"""The word that asks what a command would do. Phones make one dash of two."""

CATCH_UP = timedelta(seconds=20)


class Bus:
    """Decides every command that was received: a worker of the crew."""

    name = "decide"
    tells = False
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
        issue: SpokenOf,
        knowledge: Callable[[Connection, Community], Knowledge],
        caught_up: Callable[[int], Awaitable[None]],
        bring_up: BringUp,
        describe: Describe,
        take_turn: TakeTurn,
        is_closed: Callable[[Community], bool] = lambda community: community.private,
    ) -> None:
        self._log = log
        self._vocabularies = vocabularies(commands, configuration)
        self._configuration = configuration
        self._append = append
        self._look = look
        self._refresh = refresh
        self._issue = issue
        self._knowledge = knowledge
        self._caught_up = caught_up
        self._bring_up = bring_up
        self._describe = describe
        self._take_turn = take_turn
        self._is_closed = is_closed

    def subject(self, fact: Recorded) -> str | None:
        """Return the position of the request; each is its own piece of work."""
        return str(fact.position)

    async def perform(self, item: Item) -> None:
        """Decide one request and record the decision, once."""
        fact = await asyncio.to_thread(self._log.at, int(item.subject))
        assert fact is not None
        assert isinstance(fact.event, CommandReceived)
        received = fact.event
        if before := await asyncio.to_thread(self._take_turn, fact):
            await self._caught_up(before)
        await self._bring_up(fact.position)
        if is_explained(received):
            events = [await self._explanation(received)]
        else:
            events = await self._answer(received)
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

    async def _answer(self, received: CommandReceived) -> list[Event]:
        try:
            accepted, events = await self._decision(received)
        except Refused as refusal:
            return [
                CommandRefused(command=received.command, reason=refusal.reason, text=refusal.text)
            ]
        return [accepted, *events]

    async def _explanation(self, received: CommandReceived) -> Event:
        """Decide as ever, and tell instead of asking."""
        words = tuple(word for word in received.words if word.lower() not in DRY_RUN)
        try:
            _, events = await self._decision(replace(received, words=words))
        except Refused as refusal:
            return CommandExplained(
                command=received.command, sentences=(refusal.text,), reason=refusal.reason
            )
        told = tuple(self._describe(event) for event in events)
        return CommandExplained(command=received.command, sentences=told)

    async def _decision(self, received: CommandReceived) -> tuple[CommandAccepted, Sequence[Event]]:
        community = self._configuration.communities.get(received.community)
        if community is None:
            raise unknown(received.verb, ())
        vocabulary = self._vocabularies[received.community].within(received.repo)
        community = community.within(received.repo)
        meaning = vocabulary.meaning(received.verb)
        if meaning is None:
            raise unknown(received.verb, vocabulary.verbs)
        kind = meaning.command
        command = kind.parse((*meaning.words, *received.words))
        target = kind.target(received, community)
        try:
            issue = await self._spoken_of(kind, received)
        except Refused as refusal:
            raise _naming(refusal, received) from refusal
        if kind.needs_pull and not target.number:
            raise which_pull(received.verb, received.words)
        is_pull = not received.on_issue if issue is None else issue.is_pull
        if kind.looks() and target.number and is_pull:
            try:
                await self._caught_up(await self._refresh(target))
            except Refused as refusal:
                raise _naming(refusal, target) from refusal
        has_to_look = (
            kind.looks_at_person
            or asks_for_standing(kind, received.verb, community)
            or bool(kind.names(community))
            or (not kind.for_strangers and await asyncio.to_thread(self._is_closed, community))
        )
        standing = await self._look(received) if has_to_look else Standing()
        if issue is not None:
            standing = standing.speaking_of(issue)
        return await asyncio.to_thread(self._decide, command, received, standing, community)

    async def _spoken_of(self, kind: type[Command], received: CommandReceived) -> IssueState | None:
        """Return what a command was said on, if it looks at that; refuse on an issue what needs a pull request."""
        if received.on_issue and not kind.on_issues:
            raise Refused(
                f"`{received.verb}` is about a pull request, and this is an issue. Say it on the pull request.",
                reason="not_a_pull",
            )
        if not (kind.looks_at_issue and received.number):
            return None
        return await self._issue(received)

    def _decide(
        self, command: Command, received: CommandReceived, standing: Standing, community: Community
    ) -> tuple[CommandAccepted, Sequence[Event]]:
        with self._log.database.read() as db:
            knowledge = self._knowledge(db, community)
            grant = authorise(command.role, received, standing, community, command.name)
            asked = Asked(received=received, standing=standing, grant=grant)
            events = command.decide(asked, knowledge)
        accepted = CommandAccepted(
            command=received.command, role=grant.ground, login=standing.login
        )
        return accepted, events


def is_explained(received: CommandReceived) -> bool:
    """Return whether somebody only wants to know what would happen."""
    return any(word.lower() in DRY_RUN for word in received.words)


def which_pull(verb: str, words: Sequence[str]) -> Refused:
    """Return the refusal of what is about a pull request, where none is named, or only a bare number was."""
    number = next((word for word in words if NUMBER.fullmatch(word)), "123")
    return Refused(
        f"Which pull request? Say its number or its address: `/{verb} #{number}`.",
        reason="no_pull",
    )


def _naming(refusal: Refused, target: CommandReceived) -> Refused:
    """Return a refusal that says what GitHub does not know: whoever reads it may not see what they asked."""
    if refusal.reason != "not_found":
        return refusal
    return Refused(
        f"GitHub knows no #{target.number} in {target.repo}, or does not show it to me.",
        reason=refusal.reason,
    )


def asks_for_standing(kind: type[Command], verb: str, community: Community) -> bool:
    """Return whether it has to be known who asks: anyone may say it, unless the community says otherwise."""
    least = least_asked(community, verb, kind.name)
    return least != "anyone" and (least is not None or kind.role is not Role.ANYONE)


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
