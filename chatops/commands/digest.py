"""`/digest`: what a channel is told of the nights; now, as a preview, or when it was told last.

Asks for:  the role triage; `now` or `preview` and a channel, where it is not said in one that gets digests
Decides:   `digest.wanted` for `now`; nothing for a preview, which only who asks gets, or where nothing is said
Tells:     that it is posted; the preview; or of each channel when it got its last one, or why it did not
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Self

from chatops.answers.changes import quoted
from chatops.answers.digest import Occasion, digest_key, made_from, make_digest, read_nights
from chatops.answers.digest_clock import local_day
from chatops.config import Channel, Digest
from chatops.engine.answer import Answer, Code, Line, Section, Tone, When
from chatops.engine.authority import Role
from chatops.engine.command import Asked, Command, Knowledge, Story
from chatops.errors import Refused
from chatops.events import Event
from chatops.events.conversation import CommandReceived
from chatops.events.digests import DigestPosted, DigestRefused, DigestWanted, DigestWithheld
from chatops.projections.digests import newest_digests, refusal_of
from chatops.views.digests import digest_answer
from chatops.views.job_filters import jobs_of_channel

NOW, PREVIEW = "now", "preview"
MENTIONED = re.compile(r"<#([CG][A-Z0-9]+)(?:\|[^>]*)?>")
"""How Slack tells of a channel that was named with `#`."""


@dataclass(frozen=True, slots=True)
class TellDigest(Command):
    """Post a channel's digest, or show it."""

    what: str = ""
    channel: str = ""

    name: ClassVar[str] = "digest"
    usage: ClassVar[str] = "[now|preview [CHANNEL]]"
    help: ClassVar[str] = (
        "Post a channel's digest of the nights now, show it to you alone, or tell when it came last."
    )
    example: ClassVar[str] = "/digest preview"
    role: ClassVar[Role] = Role.TRIAGER
    on_issues: ClassVar[bool] = True
    irreversible: ClassVar[str] = (
        "The channel has been told already; delete the message in Slack if it should not stay there."
    )

    @classmethod
    def parse(cls, words: Sequence[str]) -> Self:
        if not words:
            return cls()
        what = words[0].lower()
        if what not in (NOW, PREVIEW) or len(words) > 2:  # noqa: PLR2004 - the word and a channel
            raise Refused(
                f"I expected `{NOW}` or `{PREVIEW}` and at most a channel, and found `{' '.join(words)}`.",
                reason="usage",
            )
        named = words[1] if len(words) > 1 else ""
        mentioned = MENTIONED.fullmatch(named)
        return cls(what, mentioned.group(1) if mentioned else named.lstrip("#"))

    def decide(self, asked: Asked, knowledge: Knowledge) -> Sequence[Event]:
        if not self.what:
            _channels(knowledge)
            return ()
        channel, digest = _meant(self.channel, asked.received, knowledge)
        if self.what == PREVIEW:
            return ()
        made = _made(channel, digest, knowledge, asked.received)
        return [made] if isinstance(made, DigestWanted) else []

    @classmethod
    def tell(cls, story: Story, knowledge: Knowledge) -> Answer:
        received, wanted = story.first(CommandReceived), story.first(DigestWanted)
        assert received is not None
        if wanted is not None:
            return _told(wanted, story, knowledge)
        command = cls.parse(received.words)
        if not command.what:
            return _listing(knowledge)
        channel, digest = _meant(command.channel, received, knowledge)
        made = _made(channel, digest, knowledge, received)
        assert isinstance(made, DigestWanted)
        answer = digest_answer(_without_calls(made))
        note = f"A preview for #{channel.title}; nothing is posted. "
        return Answer(
            verdict=answer.verdict,
            tone=answer.tone,
            counts=answer.counts,
            sections=answer.sections,
            footer=(note, *answer.footer),
            private=True,
        )


def _channels(knowledge: Knowledge) -> list[tuple[Channel, Digest]]:
    """Return the channels that get digests; refuse where there are none, or no nights."""
    found = [
        (channel, channel.digest)
        for channel in knowledge.community.channels.values()
        if channel.digest is not None
    ]
    if not found or not knowledge.community.nightly:
        raise Refused(
            f"No channel of {knowledge.community.title} gets a digest: its configuration says under `channels` "
            "which do.",
            reason="not_configured",
        )
    return found


def _meant(named: str, received: CommandReceived, knowledge: Knowledge) -> tuple[Channel, Digest]:
    """Return the channel that is named, in which it is said, or the only one there is."""
    found = _channels(knowledge)
    wanted = named.lower() or received.channel.lower()
    meant = [
        pair for pair in found if wanted and wanted in (pair[0].key.lower(), pair[0].name.lower())
    ]
    if not meant and not named and len(found) == 1:
        meant = found
    if len(meant) != 1:
        names = quoted(channel.title for channel, _ in found)
        raise Refused(
            f"Which channel do you mean? These get digests: {names}.", reason="which_channel"
        )
    return meant[0]


def _made(
    channel: Channel, digest: Digest, knowledge: Knowledge, received: CommandReceived
) -> DigestWanted | DigestWithheld:
    position = made_from(knowledge.db)
    if position is None:
        raise Refused(
            "My read models are being put together anew, so I cannot say how the nights are. Ask again in a minute.",
            reason="not_ready",
        )
    day = local_day(channel, knowledge.now)
    return make_digest(
        knowledge,
        read_nights(knowledge),
        channel,
        digest,
        jobs_of_channel(knowledge.community, channel),
        Occasion(
            key=f"{digest_key(knowledge.community.key, channel.key, day)}/{received.command}",
            day=day,
            at=knowledge.now,
            position=position,
            is_asked=True,
        ),
    )


def _without_calls(made: DigestWanted) -> DigestWanted:
    """Return a digest in which nobody is called."""
    return DigestWanted(
        digest=made.digest,
        community=made.community,
        channel=made.channel,
        day=made.day,
        position=made.position,
        at=made.at,
        contents=made.contents,
        calls=False,
    )


def _told(wanted: DigestWanted, story: Story, knowledge: Knowledge) -> Answer:
    channel = knowledge.community.channels.get(wanted.channel)
    name = f"#{channel.title}" if channel is not None else wanted.channel
    refused = story.first(DigestRefused)
    if story.first(DigestPosted) is not None:
        return Answer(verdict=(f"The digest is posted in {name}.",), tone=Tone.GOOD, quiet=True)
    if refused is not None:
        return Answer(verdict=(f"The digest is not in {name}: {refused.text}",), tone=Tone.BAD)
    return Answer(verdict=(f"The digest is on its way to {name}.",), tone=Tone.BUSY)


def _listing(knowledge: Knowledge) -> Answer:
    lines = [_line(channel, digest, knowledge) for channel, digest in _channels(knowledge)]
    slash = knowledge.community.slash_command or "/"
    said = f"{slash} digest" if slash != "/" else "/digest"
    return Answer(
        verdict=(f"These channels of {knowledge.community.title} are told of the nights.",),
        sections=(Section(title="Channels", lines=tuple(lines)),),
        footer=(Code(f"{said} preview"), " shows what one would be told now."),
        private=True,
    )


def _line(channel: Channel, digest: Digest, knowledge: Knowledge) -> Line:
    """Return when a channel is told, and when it was, or why it was not."""
    due = f"#{channel.title}, at {digest.time} ({channel.zone}): "
    newest = newest_digests(knowledge.db, knowledge.community.key, channel.key, 1)
    if not newest:
        return (f"{due}it has had none yet",)
    (made,) = newest
    if not made.is_wanted:
        return (f"{due}nothing was posted on ", When(made.at), ", for nothing had changed")
    refusal = refusal_of(knowledge.db, made.digest)
    if refusal:
        return (f"{due}that of ", When(made.at), f" is not there: {refusal}")
    return (f"{due}last on ", When(made.at))
