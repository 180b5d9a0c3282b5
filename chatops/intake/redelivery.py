"""Compares what GitHub says it delivered with what came, and asks again for what did not.

GitHub sends a webhook once. What it could not deliver, because nobody answered or because it was turned away, it keeps
for three days and sends again only when it is asked to. So its list is looked through every so often: what is on it and
not in our ledger is a gap; it is asked for at once, then later and later; and what has come is mended. Nothing is done
twice by that, since a delivery is known by its GUID.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Collection, Sequence
from contextlib import aclosing
from datetime import datetime, timedelta

import structlog
from msgspec import Struct

from chatops.engine.log import Batch
from chatops.engine.round import of_ours
from chatops.errors import Refused
from chatops.events import Event
from chatops.events.deliveries import (
    DeliveriesAudited,
    DeliveryAskedAgain,
    DeliveryMended,
    DeliveryMissed,
)
from chatops.intake.objects import is_id, moment
from chatops.ports import GitHub, Json
from chatops.projections.gaps import REMEMBERED, Gap

logger = structlog.get_logger(__name__)

OVERLAP = timedelta(minutes=10)
"""So much of the look before is looked at again: what is listed late is not overlooked."""
UNDER_WAY = timedelta(minutes=2)
"""A delivery that is younger may still be on its way."""
MOST_TIMES = 8
PAUSE = timedelta(minutes=5)
"""Before it is asked for the second time; each further pause is twice as long, and all together last eleven hours."""
MOST_ASKED = 100
"""In one look; what is left is asked for in the next ones."""
LONGEST_SAID = 100

Known = Callable[[Sequence[str]], Collection[str]]
"""Returns which GUIDs are in the ledger. It is asked in a thread, so it may look into the database."""


class Listed(Struct, frozen=True, kw_only=True):
    """A try to deliver, as GitHub lists it."""

    guid: str
    number: int
    event: str
    said: str
    at: datetime


class Audited(Struct, frozen=True, kw_only=True):
    """What a look found: so many deliveries listed, missed for the first time, asked for again, and come after all."""

    listed: int
    missed: int
    asked: int
    mended: int


async def audit(
    github: GitHub,
    append: Callable[[Batch], Awaitable[object]],
    *,
    since: datetime,
    now: datetime,
    gaps: Sequence[Gap],
    known: Known,
) -> Audited:
    """Look through GitHub's list back to a moment; `gaps` are what had not come when that was done before.

    It raises `Refused` where GitHub has no list for us, and `Transient` where it stumbles; then nothing was compared.
    """
    listed = await _listed(github, since)
    here = set(await asyncio.to_thread(known, list({*listed, *(gap.guid for gap in gaps)})))
    had = {gap.guid for gap in gaps}
    found = [
        _gap(one)
        for guid, one in listed.items()
        if guid not in here and guid not in had and one.at < now - UNDER_WAY
    ]
    mended = [DeliveryMended(guid=guid, at=now) for guid in sorted(had & here)]
    events: list[Event] = [_missed(gap) for gap in found]
    events += mended
    asked = await _asked_again(
        github, [gap for gap in (*found, *gaps) if gap.guid not in here and _is_due(gap, now)], now
    )
    events += asked
    events.append(DeliveriesAudited(since=since, until=now, listed=len(listed), missed=len(found)))
    because = f"audit/{now.isoformat()}"
    await append(Batch(facts=[of_ours(one, because) for one in events]))
    return Audited(listed=len(listed), missed=len(found), asked=len(asked), mended=len(mended))


def looked_at_from(now: datetime, last: datetime, kept: timedelta) -> datetime:
    """Return from when on the list is compared: since the look before, and never longer than both sides remember."""
    return max(now - min(REMEMBERED, kept), last - OVERLAP)


async def _listed(github: GitHub, since: datetime) -> dict[str, Listed]:
    """Return the newest try of each delivery, back to a moment."""
    found: dict[str, Listed] = {}
    async with aclosing(_tries(github)) as tries:
        async for one in tries:
            if one.at < since:
                break
            found.setdefault(one.guid, one)
    return found


async def _tries(github: GitHub) -> AsyncGenerator[Listed, None]:
    async for told in github.deliveries():
        one = _read(told)
        if one is not None:
            yield one


def _read(told: Json) -> Listed | None:
    """Return a try of GitHub's list; nothing if it cannot be one, or has not been made yet."""
    guid, number, at = told.get("guid"), told.get("id"), moment(told.get("delivered_at"))
    if not isinstance(guid, str) or not isinstance(number, int) or not is_id(number) or at is None:
        return None
    event, said = told.get("event"), told.get("status")
    return Listed(
        guid=guid[:LONGEST_SAID],
        number=number,
        event=event[:LONGEST_SAID] if isinstance(event, str) else "",
        said=said[:LONGEST_SAID] if isinstance(said, str) else "",
        at=at,
    )


def _gap(one: Listed) -> Gap:
    return Gap(
        guid=one.guid, number=one.number, event=one.event, said=one.said, delivered_at=one.at
    )


def _missed(gap: Gap) -> DeliveryMissed:
    return DeliveryMissed(
        guid=gap.guid, number=gap.number, event=gap.event, said=gap.said,
        delivered_at=gap.delivered_at,
    )  # fmt: skip


def _is_due(gap: Gap, now: datetime) -> bool:
    if gap.times >= MOST_TIMES or gap.delivered_at < now - REMEMBERED:
        return False
    return gap.asked_at is None or now - gap.asked_at >= PAUSE * 2 ** (gap.times - 1)


async def _asked_again(
    github: GitHub, gaps: Sequence[Gap], now: datetime
) -> list[DeliveryAskedAgain]:
    """Ask for some deliveries once more; one that GitHub refuses to send counts as asked for."""
    found = []
    for gap in gaps[:MOST_ASKED]:
        try:
            await github.deliver_again(gap.number)
        except Refused as problem:
            logger.warning("not sent again", delivery=gap.guid, problem=problem.text)
        found.append(DeliveryAskedAgain(guid=gap.guid, time=gap.times + 1, at=now))
    return found
