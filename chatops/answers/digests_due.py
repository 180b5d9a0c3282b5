"""Which channels of a community get their digest now?

Each once a day: when its time has come and its night is complete, or has been waited for in vain.
"""

from collections.abc import Callable, Iterator

from chatops.answers.digest import (
    IsAbout,
    Nights,
    Occasion,
    digest_key,
    made_from,
    make_digest,
    read_nights,
    waits_for,
)
from chatops.answers.digest_clock import Due, due_today
from chatops.config import Channel, Community, Digest
from chatops.engine.command import Knowledge
from chatops.events.digests import DigestWanted, DigestWithheld
from chatops.projections.digests import newest_digests

DAYS_LOOKED_AT = 3
"""Digests of a channel among which that of today would be: there are more only where somebody asked for some."""


def due_digests(
    knowledge: Knowledge, jobs_of: Callable[[Community, Channel], IsAbout]
) -> Iterator[DigestWanted | DigestWithheld]:
    """Yield the digests that are due, or why there is none; nothing while the read models are not all equally far."""
    due = [one for one in _channels(knowledge) if not _is_made(knowledge, *one)]
    at = made_from(knowledge.db) if due else None
    if at is None:
        return
    nights: Nights | None = None
    for channel, digest, today in due:
        nights = nights or read_nights(knowledge)
        is_about = jobs_of(knowledge.community, channel)
        if not today.is_over(knowledge.now) and waits_for(knowledge, nights, is_about):
            continue
        occasion = Occasion(
            key=digest_key(knowledge.community.key, channel.key, today.day),
            day=today.day,
            at=knowledge.now,
            position=at,
        )
        yield make_digest(knowledge, nights, channel, digest, is_about, occasion)


def _channels(knowledge: Knowledge) -> Iterator[tuple[Channel, Digest, Due]]:
    if not knowledge.community.nightly:
        return
    for channel in knowledge.community.channels.values():
        if channel.digest is not None:
            due = due_today(channel, channel.digest, knowledge.now)
            if due is not None:
                yield channel, channel.digest, due


def _is_made(knowledge: Knowledge, channel: Channel, _digest: Digest, due: Due) -> bool:
    newest = newest_digests(knowledge.db, knowledge.community.key, channel.key, DAYS_LOOKED_AT)
    return any(made.day == due.day.isoformat() for made in newest)
