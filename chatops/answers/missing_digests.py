"""Which channels should have got a digest by now, or a word why there is none, and have neither?

That is never so while the bot works: a night that is not complete is told at the deadline, and a day without news has
an event that says so. It is so where nobody goes the rounds, or where they fail.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from msgspec import Struct

from chatops.answers.digest_clock import Due, due_last
from chatops.config import Channel
from chatops.engine.command import Knowledge
from chatops.projections.canaries import canary
from chatops.projections.digests import newest_digests

MARGIN = timedelta(minutes=30)
"""A digest is made within a minute of its deadline; one that is not there after so long does not come by itself."""


class MissingDigest(Struct, frozen=True, kw_only=True):
    """A channel and the digest that it has not got; `last_at` is when it got one last, or a word why not."""

    channel: Channel
    due: Due
    last_at: datetime | None


def missing_digests(knowledge: Knowledge) -> Iterator[MissingDigest]:
    """Yield the channels of a community whose digest is missing."""
    for channel in knowledge.community.channels.values():
        if channel.digest is None or not knowledge.community.nightly:
            continue
        due = due_last(channel, channel.digest, knowledge.now - MARGIN)
        newest = newest_digests(knowledge.db, knowledge.community.key, channel.key, 1)
        if due is None or (newest and newest[0].day >= due.day.isoformat()):
            continue
        if newest:
            yield MissingDigest(channel=channel, due=due, last_at=newest[0].at)
        elif _was_there(knowledge, due):
            yield MissingDigest(channel=channel, due=due, last_at=None)


def _was_there(knowledge: Knowledge, due: Due) -> bool:
    """Return whether a channel's first digest was due lately and somebody goes the rounds: a new one waits."""
    return (
        knowledge.now - due.until < timedelta(days=1) and canary(knowledge.db).sent_at is not None
    )
