"""`/subscribe`: be told when a job, the nightly or a pull request changes for the worse or the better.

Asks for:  nothing; anyone may whose accounts in Slack and on GitHub are linked, and with `here` anyone in a channel
Decides:   `subscription.begun` with what is meant; nothing where only the list is asked for
Tells:     what one is told of from now on, where, and how to end it; the list also says what was held back, and why
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Self

from chatops.answers.chains import is_private
from chatops.answers.nights import counted
from chatops.answers.subscribing import (
    Wish,
    channel_of,
    person,
    subscriber_of,
    topic_words,
    topics_meant,
)
from chatops.answers.which_pull import on_pull
from chatops.config import Community
from chatops.engine.answer import Action, Answer, Code, Line, Section, Tone, When
from chatops.engine.authority import Role
from chatops.engine.command import CHANGED_NOTHING, Asked, Command, Knowledge, Story
from chatops.errors import Refused
from chatops.events import Event
from chatops.events.conversation import CommandReceived
from chatops.events.subscriptions import SubscriptionBegun, SubscriptionEnded, Topic
from chatops.projections.notices import Withheld, newest_withheld
from chatops.projections.pulls import pull
from chatops.projections.subscriptions import (
    CHANNEL,
    NIGHTLY,
    PULL,
    Subscription,
    pull_named,
    subscription_words,
    subscriptions_of,
)

MOST = 50
LINES_SHOWN = 10
HELD_SHOWN = 5
OPEN_PLACES = ("github",)
"""Where others read along; what was said in Slack is not listed there."""


@dataclass(frozen=True, slots=True)
class Subscribe(Command):
    """Ask to be told."""

    wish: Wish

    name: ClassVar[str] = "subscribe"
    usage: ClassVar[str] = "[JOB…|nightly|#123|list] [here]"
    help: ClassVar[str] = (
        "Be told in Slack when a job of the nightly, any required one, or a pull request turns red or green; "
        "`here` tells the channel."
    )
    example: ClassVar[str] = "/subscribe nightly"
    role: ClassVar[Role] = Role.ANYONE
    looks_at_person: ClassVar[bool] = True
    looks_at_pull: ClassVar[bool] = True
    on_issues: ClassVar[bool] = True

    @classmethod
    def parse(cls, words: Sequence[str]) -> Self:
        wish = Wish.read(words)
        if wish.is_all:
            raise Refused(
                "Everything is too much to be read. Say `nightly`, a job, a pattern such as `*s390x*`, "
                "or a pull request.",
                reason="usage",
            )
        return cls(wish)

    @classmethod
    def target(cls, received: CommandReceived, community: Community) -> CommandReceived:
        """Return the request with the pull request it names."""
        return on_pull(received, community, cls.parse(received.words).wish.named)

    def decide(self, asked: Asked, knowledge: Knowledge) -> Sequence[Event]:
        subscriber = subscriber_of(asked, knowledge, self.wish)
        received = self.target(asked.received, knowledge.community)
        if self._only_lists(received):
            return ()
        topics = topics_meant(self.wish, received, knowledge)
        known = {
            one.topic for one in subscriptions_of(knowledge.db, knowledge.community.key, subscriber)
        }
        new = tuple(topic for topic in topics if topic not in known)
        if not new:
            raise Refused("I tell of that already.", reason="as_it_is")
        many = len(new) + sum(not _is_over(topic, knowledge) for topic in known)
        if many > MOST:
            raise Refused(
                f"That would be {many} things to tell of, and {MOST} are the most. "
                f"Say a pattern, or `/unsubscribe` from some.",
                reason="too_many",
            )
        return [
            SubscriptionBegun(
                command=received.command,
                community=knowledge.community.key,
                subscriber=subscriber,
                topics=new,
                by=asked.by,
                at=knowledge.now,
            )
        ]

    @classmethod
    def taken_back(cls, story: Story, asked: Asked, knowledge: Knowledge) -> Sequence[Event]:
        begun = story.first(SubscriptionBegun)
        if begun is None:
            raise Refused(CHANGED_NOTHING, reason="irreversible")
        words = subscription_words(knowledge.db, begun.command)
        if {one.topic for one in words} != set(begun.topics):
            raise Refused(
                "Some of that was ended or begun anew since. I left it as it is; say `/unsubscribe`.",
                reason="changed_since",
            )
        return [
            SubscriptionEnded(
                command=asked.received.command,
                community=begun.community,
                subscriber=begun.subscriber,
                topics=begun.topics,
                by=asked.by,
                at=knowledge.now,
            )
        ]

    @classmethod
    def tell(cls, story: Story, knowledge: Knowledge) -> Answer:
        begun, received = story.first(SubscriptionBegun), story.first(CommandReceived)
        assert received is not None
        if begun is None:
            wish = cls.parse(received.words).wish
            channel = channel_of(received) if wish.is_here else ""
            return _listing(channel or person(story.asker), received, knowledge)
        is_channel = begun.subscriber.startswith(CHANNEL)
        topics, community = begun.topics, knowledge.community
        whom = "this channel" if is_channel else "you in Slack"
        ending = " ".join(
            (community.slash_command, "unsubscribe", topic_words(topics[0], community))
        )
        return Answer(
            verdict=(f"From now on I tell {whom}, and only of changes:",),
            tone=Tone.GOOD,
            sections=(
                Section(
                    title="When it turns red or green",
                    lines=tuple(_line(topic, community) for topic in topics[:LINES_SHOWN]),
                    more=max(0, len(topics) - LINES_SHOWN),
                ),
            ),
            footer=(
                *(("I have to be a member of this channel: /invite me. ",) if is_channel else ()),
                Code(f"{ending} here" if is_channel else ending),
                " ends it.",
            ),
            private=not is_channel,
            quiet=True,
        )

    def _only_lists(self, received: CommandReceived) -> bool:
        is_bare = self.wish.is_bare and not self.wish.is_about_pull(received)
        return self.wish.is_list or is_bare


def _line(topic: Topic, community: Community) -> Line:
    """Return what is told because of a topic."""
    said = Code(topic_words(topic, community))
    if topic.what == NIGHTLY:
        return (said, ", any required job of it, at the end of each run")
    if topic.what == PULL:
        return (said, ", all its checks, once the last has ended")
    return (said, ", at the end of each nightly run")


def _listing(subscriber: str, received: CommandReceived, knowledge: Knowledge) -> Answer:
    """Return what somebody is told of, and what they were not told of lately."""
    community = knowledge.community
    found = subscriptions_of(knowledge.db, community.key, subscriber)
    is_open = received.surface in OPEN_PLACES
    shown = [one for one in found if not (is_open and is_private(one.command.split("/")[1]))]
    held = [] if is_open else newest_withheld(knowledge.db, community.key, subscriber, HELD_SHOWN)
    whom = "this channel" if subscriber.startswith(CHANNEL) else "you"
    sections = (
        Section(
            title=f"What I tell {whom} of",
            lines=tuple(_subscribed(one, knowledge) for one in shown[:LINES_SHOWN]),
            more=max(0, len(shown) - LINES_SHOWN),
        ),
        Section(title="What I held back lately", lines=tuple(_held(one) for one in held)),
    )
    elsewhere = len(found) - len(shown)
    counts = (
        (
            f"{counted(elsewhere, 'subscription')} from Slack {'is' if elsewhere == 1 else 'are'} listed there.",
        )
        if elsewhere
        else ()
    )
    return Answer(
        verdict=(f"{counted(len(found), 'subscription')}.",) if found else ("No subscriptions.",),
        counts=counts,
        sections=tuple(section for section in sections if section.lines),
        actions=knowledge.offers(
            Action(
                text="Be told of something",
                verb=Subscribe.name,
                needs=f"JOB|nightly|#123{' here' if subscriber.startswith(CHANNEL) else ''}",
            )
        ),
        footer=(
            Code(f"{community.slash_command} subscribe"),
            " with ",
            Code("nightly"),
            ", a job or ",
            Code("#123"),
            " begins one, ",
            Code(f"{community.slash_command} unsubscribe"),
            " ends it.",
        ),
        private=True,
    )


def _subscribed(one: Subscription, knowledge: Knowledge) -> Line:
    line: Line = (
        Code(topic_words(one.topic, knowledge.community)),
        ", since ",
        When(one.since),
    )
    if _is_over(one.topic, knowledge):
        return (*line, "; it is closed, so nothing more will come")
    if one.subscriber.startswith(CHANNEL):
        return (*line, f", by {one.by}")
    return line


def _held(one: Withheld) -> Line:
    names = ", ".join(one.jobs)
    more = one.count - len(one.jobs)
    about = f"{names} and {more} more" if more > 0 else names
    return (When(one.at), f": {about}. " if about else ": ", one.text)


def _is_over(topic: Topic, knowledge: Knowledge) -> bool:
    """Return whether a topic is a pull request that is not open any more."""
    known = pull(knowledge.db, *pull_named(topic.name)) if topic.what == PULL else None
    return known is not None and known.state != "open"
