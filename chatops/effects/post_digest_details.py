"""Puts the details of a digest into the thread under it.

On:        `digest.details_wanted`
Calls:     post a message in a thread. Before that, looks whether the thread has it already, by a mark that the message
           carries; where Slack does not let us read the channel, it is posted without a look
Reports:   `digest.details_posted`; what Slack says against it is written down as a failure
"""

from collections.abc import Sequence
from typing import ClassVar

from chatops.engine.effect import Effect
from chatops.engine.posting import post_once
from chatops.events import Event
from chatops.events.digests import DigestDetailsPosted, DigestDetailsWanted
from chatops.ports import Ports
from chatops.views.digests import details_mark, render_details


class PostDigestDetails(Effect[DigestDetailsWanted]):
    """Tell the thread, once."""

    name: ClassVar[str] = "post_digest_details"
    on: ClassVar[type[Event]] = DigestDetailsWanted
    tells: ClassVar[bool] = True

    async def perform(self, event: DigestDetailsWanted, ports: Ports) -> Sequence[Event]:
        posted = await post_once(
            ports,
            event.team,
            event.channel,
            render_details(event),
            mark=details_mark(event.digest),
            wanted_at=event.at,
            thread=_thread(event),
        )
        return [
            DigestDetailsPosted(
                digest=event.digest,
                community=event.community,
                channel=event.channel,
                day=event.day,
                message=posted.name,
                found=posted.found,
            )
        ]

    def describe(self, event: DigestDetailsWanted) -> str:
        """Return what the call would do."""
        return f"Would put the details of the digest of {event.day} into its thread in Slack."


def _thread(event: DigestDetailsWanted) -> str:
    """Return the time stamp of the message; its place stands before it where Slack had put it elsewhere."""
    return event.message.rpartition("/")[2]
