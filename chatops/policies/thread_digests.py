"""Puts the details of each digest into the thread under it, where they are in nobody's way.

Whenever:  Slack has the message of a digest
Asks for:  `digest.details_wanted`, once for each digest of which there is more to say
"""

from collections.abc import Sequence
from typing import ClassVar

from chatops.engine.policy import Policy, Scene, Wanted
from chatops.events import Event, Recorded
from chatops.events.digests import DigestDetailsWanted, DigestPosted, DigestWanted
from chatops.views.digests import has_details


class ThreadDigests(Policy):
    """Follow each digest with what it is about."""

    name: ClassVar[str] = "thread_digests"
    reads: ClassVar[tuple[type[Event], ...]] = (DigestPosted,)

    def decide(self, fact: Recorded, scene: Scene) -> Sequence[Wanted]:
        posted = fact.event
        assert isinstance(posted, DigestPosted)
        wanted = scene.keyed(posted.digest)
        if not isinstance(wanted, DigestWanted) or not has_details(wanted.contents):
            return []
        return [
            Wanted(
                DigestDetailsWanted(
                    digest=posted.digest,
                    community=posted.community,
                    channel=posted.channel,
                    day=posted.day,
                    message=posted.message,
                    position=wanted.position,
                    at=wanted.at,
                    contents=wanted.contents,
                    team=wanted.team,
                )
            )
        ]
