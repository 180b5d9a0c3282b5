"""Posts a channel's digest in Slack.

On:        `digest.wanted`
Calls:     post a message. Before that, looks whether the channel has it already, by a mark that the message carries: a
           process may have died after the call. Where Slack does not let us read the channel, it is posted without a
           look
Reports:   `digest.posted`, or `digest.refused` with what Slack said
"""

from collections.abc import Sequence
from typing import ClassVar

from chatops.engine.effect import Effect
from chatops.engine.posting import post_once
from chatops.errors import Refused
from chatops.events import Event
from chatops.events.digests import DigestPosted, DigestRefused, DigestWanted
from chatops.ports import Ports
from chatops.views.digests import digest_mark, render_digest


class PostDigest(Effect[DigestWanted]):
    """Tell a channel, once."""

    name: ClassVar[str] = "post_digest"
    on: ClassVar[type[Event]] = DigestWanted
    tells: ClassVar[bool] = True

    async def perform(self, event: DigestWanted, ports: Ports) -> Sequence[Event]:
        posted = await post_once(
            ports,
            event.team,
            event.channel,
            render_digest(event),
            mark=digest_mark(event.digest),
            wanted_at=event.at,
        )
        return [
            DigestPosted(
                digest=event.digest,
                community=event.community,
                channel=event.channel,
                day=event.day,
                message=posted.name,
                found=posted.found,
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
