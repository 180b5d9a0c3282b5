"""`chatops digest`: the digests of channels, made again as they were made, or as they would be now. Nothing is posted.

Whoever wants to know why a channel was told something puts the read models of that position together again in a file,
and lets the same rules look at them.
"""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

import chatops.projections
from chatops.answers.digest import Occasion, digest_key, made_from, make_digest, read_nights
from chatops.answers.digest_clock import local_day
from chatops.app import Service
from chatops.config import Channel, Community
from chatops.engine.answer import as_text
from chatops.engine.catalogue import catalogue
from chatops.engine.command import Knowledge
from chatops.engine.database import open_database
from chatops.engine.past import PastLog, Step, Steps, put_together
from chatops.engine.projection import Projection
from chatops.errors import BadInput
from chatops.events.digests import DigestDetailsWanted, DigestWanted, DigestWithheld
from chatops.projections.digests import Made, digests_made_from, newest_digests
from chatops.views.digests import (
    details_answer,
    digest_answer,
    has_details,
    render_details,
    render_digest,
)
from chatops.views.job_filters import jobs_of_channel

Progress = Callable[[int, int], None]


class Again(Struct, frozen=True, kw_only=True):
    """A channel's digest that was made again; `is_preview` if it was not made before."""

    channel: Channel
    event: DigestWanted | DigestWithheld
    is_preview: bool

    def as_object(self) -> dict[str, Any]:
        """Return it for programs: what Slack got, or would get, byte for byte."""
        event = self.event
        described: dict[str, Any] = {
            "channel": event.channel,
            "name": self.channel.title,
            "day": event.day,
            "position": event.position,
            "at": event.at,
            "preview": self.is_preview,
        }
        if isinstance(event, DigestWithheld):
            return {**described, "reason": event.reason, "text": event.text}
        thread = render_details(_details(event)) if has_details(event.contents) else None
        return {**described, "message": render_digest(event), "thread": thread}

    def as_text(self) -> str:
        """Return it for people."""
        event = self.event
        what = "preview" if self.is_preview else "digest"
        heading = (
            f"#{self.channel.title}, {what} of {event.day}, from log position {event.position:,}"
        )
        if isinstance(event, DigestWithheld):
            return f"{heading}\n\nNothing is posted. {event.text}"
        said = [heading, as_text(digest_answer(event))]
        if has_details(event.contents):
            said.append(as_text(details_answer(_details(event))))
        return "\n\n".join(said)


def digests(
    service: Service,
    *,
    community: str = "",
    channel: str = "",
    position: int = 0,
    is_preview: bool = False,
    step: Progress = lambda _done, _total: None,
) -> list[Again]:
    """Return the digests that were made from a position, or the last ones, or with `is_preview` those of now."""
    where = _community(service, community)
    channels = _channels(where, channel)
    if is_preview and not position:
        return _of_now(service, where, channels)
    with service.database.read() as db:
        head = service.log.head(db)
        if position > head:
            raise BadInput([f"--at: there is no event {position:,}; the log has {head:,}"])
        if position:
            made = {one.channel: one for one in digests_made_from(db, where.key, position)}
        else:
            made = {
                newest[0].channel: newest[0]
                for one in channels
                if (newest := newest_digests(db, where.key, one.key, 1))
            }
        recorded = service.log.recorded_at(db, [position])
    moments = {
        one.key: _Moment(
            position or made[one.key].position, made.get(one.key), recorded.get(position)
        )
        for one in channels
        if position or one.key in made
    }
    found = []
    for at in sorted({moment.position for moment in moments.values()}):
        with _past(service, where, at, step) as knowledge:
            found += [
                _again(knowledge, one, moments[one.key])
                for one in channels
                if one.key in moments and moments[one.key].position == at
            ]
    return found


class _Moment(Struct, frozen=True):
    """A position, the digest that was made from it, if one was, and when it was recorded."""

    position: int
    made: Made | None
    recorded_at: datetime | None


def _community(service: Service, key: str) -> Community:
    communities = service.configuration.communities
    if key and key not in communities:
        raise BadInput([f"--community: found {key!r}, expected one of {', '.join(communities)}"])
    return communities[key] if key else service.configuration.default_community


def _channels(community: Community, named: str) -> list[Channel]:
    found = [one for one in community.channels.values() if one.digest is not None]
    if not found:
        raise BadInput(
            [
                f"No channel of {community.title} gets a digest: see `channels` in docs/configuration.md."
            ]
        )
    meant = [one for one in found if not named or named.lstrip("#") in (one.key, one.name)]
    if not meant:
        names = ", ".join(one.title for one in found)
        raise BadInput([f"--channel: found {named!r}, expected one of {names}"])
    return meant


def _of_now(service: Service, community: Community, channels: list[Channel]) -> list[Again]:
    with service.database.read() as db:
        knowledge = service.knowledge(db, community)
        position = made_from(db)
        if position is None:
            raise BadInput(["The read models are not all equally far; try again in a moment."])
        return [_again(knowledge, one, _Moment(position, None, knowledge.now)) for one in channels]


@contextmanager
def _past(
    service: Service, community: Community, position: int, step: Progress
) -> Iterator[Knowledge]:
    """Put the read models of a position together, and look at them."""
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="chatops-digest-"))
        file = str(Path(folder) / "past.db")
        wanted = Steps(base=None, steps=(Step(file=file, after=0, upto=position),))
        put_together(
            service.log,
            catalogue(chatops.projections, Projection),
            wanted,
            lambda done: step(done, wanted.events),
        )
        database = stack.enter_context(closing(open_database(f"sqlite:///{file}")))
        db = stack.enter_context(database.read())
        log = PastLog(service.log, service.clock, position=position)
        yield replace(service.knowledge(db, community), log=log)


def _again(knowledge: Knowledge, channel: Channel, moment: _Moment) -> Again:
    """Make a channel's digest from the read models of a moment, for the day it was made for."""
    made, digest = moment.made, channel.digest
    assert digest is not None
    at = made.at if made is not None else moment.recorded_at or knowledge.now
    day = local_day(channel, at)
    knowledge = replace(knowledge, now=at)
    key = made.digest if made is not None else digest_key(knowledge.community.key, channel.key, day)
    event = make_digest(
        knowledge,
        read_nights(knowledge),
        channel,
        digest,
        jobs_of_channel(knowledge.community, channel),
        Occasion(
            key=key,
            day=day,
            at=at,
            position=moment.position,
            is_asked=made is not None and made.is_wanted,
        ),
    )
    return Again(channel=channel, event=event, is_preview=made is None)


def _details(event: DigestWanted) -> DigestDetailsWanted:
    return DigestDetailsWanted(
        digest=event.digest,
        community=event.community,
        channel=event.channel,
        day=event.day,
        message="",
        position=event.position,
        at=event.at,
        contents=event.contents,
        team=event.team,
    )
