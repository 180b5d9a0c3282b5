"""Posts a channel's digest in Slack.

On:        `digest.wanted`
Calls:     post a message. Before that, looks whether the channel has it already, by a mark that the message carries: a
           process may have died after the call. Where Slack does not let us read the channel, it is posted without a
           look
Reports:   `digest.posted`, or `digest.refused` with what Slack said
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import ClassVar

from chatops.engine.effect import Effect
from chatops.errors import Refused
from chatops.events import Event
from chatops.events.digests import DigestPosted, DigestRefused, DigestWanted
from chatops.ports import Ports, Slack
from chatops.views.digests import digest_mark, render_digest

CLOCKS_DIFFER = timedelta(hours=1)
MAY_NOT_LOOK = "credentials"


class PostDigest(Effect[DigestWanted]):
    """Tell a channel, once."""

    name: ClassVar[str] = "post_digest"
    on: ClassVar[type[Event]] = DigestWanted
    tells: ClassVar[bool] = True

    async def perform(self, event: DigestWanted, ports: Ports) -> Sequence[Event]:
        if ports.slack is None:
            raise Refused("Slack is not set up for this bot any more.", reason="not_configured")
        there = await _found(event, ports.slack)
        message = there or await ports.slack.post(event.channel, render_digest(event))
        return [
            DigestPosted(
                digest=event.digest,
                community=event.community,
                channel=event.channel,
                day=event.day,
                message=message,
                found=there is not None,
            )
        ]

    def describe(self, event: DigestWanted) -> str:
        """Return what the call would do."""
        return f"Would post the digest of {event.day} in the channel {event.channel} in Slack."

    def refused(self, event: DigestWanted, refusal: Refused) -> Sequence[Event]:
        return [
            DigestRefused(
                digest=event.digest,
                community=event.community,
                channel=event.channel,
                day=event.day,
                reason=refusal.reason,
                text=refusal.text,
            )
        ]


async def _found(event: DigestWanted, slack: Slack) -> str | None:
    since = event.at - CLOCKS_DIFFER
    try:
        return await slack.find(event.channel, digest_mark(event.digest), since=since)
    except Refused as refusal:
        if refusal.reason != MAY_NOT_LOOK:
            raise
        return None
