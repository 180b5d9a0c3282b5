"""`/unsubscribe`: be told of it no more.

Asks for:  nothing; anyone may for themselves, and with `here` anyone in a channel
Decides:   `subscription.ended` with those of one's subscriptions that are meant
Tells:     what one is not told of any more
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Self

from chatops.answers.nights import counted
from chatops.answers.subscribing import Wish, subscriber_of, topic_words, topics_ended
from chatops.answers.which_pull import on_pull
from chatops.config import Community
from chatops.engine.answer import Answer, Code, Section, Tone
from chatops.engine.authority import Role
from chatops.engine.command import Asked, Command, Knowledge, Story
from chatops.errors import Refused
from chatops.events import Event
from chatops.events.conversation import CommandReceived
from chatops.events.subscriptions import SubscriptionBegun, SubscriptionEnded
from chatops.projections.subscriptions import CHANNEL, subscription_words, subscriptions_of

LINES_SHOWN = 10


@dataclass(frozen=True, slots=True)
class Unsubscribe(Command):
    """Ask to be told no more."""

    wish: Wish

    name: ClassVar[str] = "unsubscribe"
    usage: ClassVar[str] = "[JOB…|nightly|#123|all] [here]"
    help: ClassVar[str] = "End what `subscribe` began: in its words, or everything."
    example: ClassVar[str] = "/unsubscribe nightly"
    role: ClassVar[Role] = Role.ANYONE
    looks_at_person: ClassVar[bool] = True
    on_issues: ClassVar[bool] = True

    @classmethod
    def parse(cls, words: Sequence[str]) -> Self:
        wish = Wish.read(words)
        if wish.is_list:
            raise Refused("`/subscribe list` tells what I tell you of.", reason="usage")
        return cls(wish)

    @classmethod
    def target(cls, received: CommandReceived, community: Community) -> CommandReceived:
        """Return the request with the pull request it names."""
        return on_pull(received, community, cls.parse(received.words).wish.named)

    def decide(self, asked: Asked, knowledge: Knowledge) -> Sequence[Event]:
        subscriber = subscriber_of(asked, knowledge, self.wish)
        received = self.target(asked.received, knowledge.community)
        if self.wish.is_bare and not self.wish.is_about_pull(received):
            raise Refused(
                "From what? Say `nightly`, a job, a pull request as `#123`, or `all`.",
                reason="usage",
            )
        known = [
            one.topic for one in subscriptions_of(knowledge.db, knowledge.community.key, subscriber)
        ]
        if not known:
            raise Refused("There is nothing that I tell of.", reason="as_it_is")
        return [
            SubscriptionEnded(
                command=received.command,
                community=knowledge.community.key,
                subscriber=subscriber,
                topics=tuple(topics_ended(self.wish, received, known, knowledge)),
                by=asked.by,
                at=knowledge.now,
            )
        ]

    @classmethod
    def taken_back(cls, story: Story, asked: Asked, knowledge: Knowledge) -> Sequence[Event]:
        ended = story.first(SubscriptionEnded)
        assert ended is not None
        words = subscription_words(knowledge.db, ended.command)
        if {one.topic for one in words} != set(ended.topics):
            raise Refused(
                "Some of that was begun anew since. I left it as it is; say `/subscribe`.",
                reason="changed_since",
            )
        return [
            SubscriptionBegun(
                command=asked.received.command,
                community=ended.community,
                subscriber=ended.subscriber,
                topics=ended.topics,
                by=asked.by,
                at=knowledge.now,
            )
        ]

    @classmethod
    def tell(cls, story: Story, knowledge: Knowledge) -> Answer:
        ended = story.first(SubscriptionEnded)
        assert ended is not None
        is_channel = ended.subscriber.startswith(CHANNEL)
        whom = "this channel" if is_channel else "you"
        lines = tuple(
            (Code(topic_words(topic, knowledge.community)),) for topic in ended.topics[:LINES_SHOWN]
        )
        return Answer(
            verdict=(f"I tell {whom} no more of {counted(len(ended.topics), 'thing')}.",),
            tone=Tone.GOOD,
            sections=(
                Section(title="Ended", lines=lines, more=max(0, len(ended.topics) - LINES_SHOWN)),
            ),
            private=not is_channel,
            quiet=True,
        )
