"""What people want to be told of without asking."""

from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar

import msgspec

from chatops.events import Event, in_code
from chatops.names import CommandId


class Topic(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Something to be told of.

    `what` is `job`, `jobs`, `nightly` or `pull`; `name` the full name of the job, the pattern that means the jobs, or
    the pull request as `owner/name#7`.
    """

    what: str
    name: str = ""


class _Subscription(Event, frozen=True, kw_only=True):
    """What somebody says of being told of these topics."""

    command: CommandId
    community: str
    subscriber: str
    topics: tuple[Topic, ...]
    by: str
    at: datetime

    def stream(self) -> str:
        return f"subscriber/{self.community}/{self.subscriber}"

    def happened_at(self) -> datetime | None:
        return self.at


class SubscriptionBegun(_Subscription, frozen=True, kw_only=True):
    """Somebody wants to be told of these topics, or wants a Slack channel to be told.

    `subscriber` is `person/` with a GitHub login in lower case, or `channel/` with a workspace's and a channel's id.
    """

    kind: ClassVar[str] = "subscription.begun"

    def key(self) -> str:
        return f"{self.command}/subscribed"

    def would(self) -> str:
        return f"Would tell {_whom(self.subscriber)} in Slack what changes with {_topics(self.topics)}."


class SubscriptionEnded(_Subscription, frozen=True, kw_only=True):
    """Somebody does not want to be told of these topics any more, or does not want the channel to be told."""

    kind: ClassVar[str] = "subscription.ended"

    def key(self) -> str:
        return f"{self.command}/unsubscribed"

    def would(self) -> str:
        return f"Would tell {_whom(self.subscriber)} nothing more of {_topics(self.topics)}."


def _whom(subscriber: str) -> str:
    return "this channel" if subscriber.startswith("channel/") else "you"


def _topics(topics: Sequence[Topic]) -> str:
    return in_code([topic.name or topic.what for topic in topics])
