"""Effects: one call to the outside each, at least once, with an outcome that goes back into the log.

An effect looks before it acts where a call cannot be repeated, so that a process that dies between the call and the
outcome does not do it twice.
"""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from typing import Any, ClassVar, Generic, TypeVar

import structlog

from chatops.engine.bus import Append, caused_by, note_delay
from chatops.engine.log import Batch, Log
from chatops.engine.work import Item
from chatops.errors import Refused
from chatops.events import Event, Recorded
from chatops.events.conversation import EffectFailed
from chatops.ports import Ports

logger = structlog.get_logger(__name__)

Asking = TypeVar("Asking", bound=Event)


class Effect(ABC, Generic[Asking]):
    """What we do to the world when an event of the kind `on` asks for it."""

    name: ClassVar[str]
    on: ClassVar[type[Event]]
    tells: ClassVar[bool] = False
    """Whether it only tells people something: then others come first."""

    @abstractmethod
    async def perform(self, event: Asking, ports: Ports) -> Sequence[Event]:
        """Make the call, unless it took effect already, and return what came of it."""

    @abstractmethod
    def describe(self, event: Asking) -> str:
        """Return one sentence about what the call would do, for somebody who only wants to know."""

    def refused(self, event: Asking, refusal: Refused) -> Sequence[Event]:
        """Return the outcome when the outside says no; by default the generic one."""
        del event, refusal
        return []


def describer(effects: Iterable[Effect[Any]]) -> Callable[[Event], str]:
    """Return what tells of an event what the effect that waits for it would do; others are only written down."""
    by_kind: dict[type[Event], Effect[Any]] = {effect.on: effect for effect in effects}

    def describe(event: Event) -> str:
        effect = by_kind.get(type(event))
        if effect is None and (said := event.would()):
            return said
        if effect is None:
            return f"Would write down “{event.kind.replace('.', ' ').replace('_', ' ')}”, and call nobody."
        return effect.describe(event)

    return describe


class Effector:
    """Lets one effect do what the log asks of it: a worker of the crew."""

    def __init__(self, effect: Effect[Event], log: Log, ports: Ports, append: Append) -> None:
        self._effect = effect
        self._log = log
        self._ports = ports
        self._append = append

    @property
    def name(self) -> str:
        """Return the effect's name."""
        return self._effect.name

    @property
    def tells(self) -> bool:
        """Return whether the effect only tells people something."""
        return self._effect.tells

    @property
    def kinds(self) -> Sequence[type[Event]]:
        """Return the one kind of event the effect waits for."""
        return (self._effect.on,)

    def subject(self, fact: Recorded) -> str | None:
        """Return the position of the asking event; each is its own piece of work."""
        return str(fact.position)

    async def perform(self, item: Item) -> None:
        """Perform one effect and record its outcome, once."""
        fact = await self._fact(item)
        try:
            outcome = await self._effect.perform(fact.event, self._ports)
        except Refused as refusal:
            outcome = self._effect.refused(fact.event, refusal) or [
                self._failed(fact, item, str(refusal))
            ]
        logger.info(
            "performed",
            effect=self.name,
            command=fact.correlation_id,
            outcome=[event.kind for event in outcome],
        )
        if outcome:
            await self._append(Batch(facts=caused_by(fact, outcome), guarded=True))

    async def give_up(self, item: Item, problem: str) -> None:
        """Record that the effect is parked, so that the reply and the operator see it."""
        fact = await self._fact(item)
        failed = self._failed(fact, item, problem, parked=True)
        await self._append(Batch(facts=caused_by(fact, [failed])))

    async def delayed(self, item: Item, problem: str, wait: timedelta) -> None:
        """Record that the effect waits."""
        await note_delay(self._log, self._append, self.name, item, problem, wait)

    async def _fact(self, item: Item) -> Recorded:
        fact = await asyncio.to_thread(self._log.at, int(item.subject))
        assert fact is not None
        return fact

    def _failed(
        self, fact: Recorded, item: Item, text: str, *, parked: bool = False
    ) -> EffectFailed:
        return EffectFailed(
            effect=self.name,
            request=fact.id,
            stream_of=fact.correlation_id,
            text=text,
            parked=parked,
            tries=item.tries + 1,
        )
