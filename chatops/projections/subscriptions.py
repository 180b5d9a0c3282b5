"""Who wants to be told of what?"""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any, ClassVar

from msgspec import Struct
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Index,
    Row,
    String,
    Table,
    and_,
    or_,
    select,
)

from chatops.engine.clock import from_microseconds, microseconds
from chatops.engine.projection import Projection
from chatops.engine.upsert import upsert
from chatops.events import Event, Recorded
from chatops.events.subscriptions import SubscriptionBegun, SubscriptionEnded, Topic
from chatops.names import CommandId, PullNumber, Repo

JOB, JOBS, NIGHTLY, PULL = "job", "jobs", "nightly", "pull"
"""What can be subscribed to: one job, the jobs of a pattern, the required jobs of the nightly, a pull request."""
PERSON, CHANNEL = "person/", "channel/"
"""How a subscriber's name begins."""


class Subscriptions(Projection):
    """One row per subscriber and topic, as said last; what was ended stands no more."""

    name: ClassVar[str] = "subscriptions"
    reads: ClassVar[tuple[type[Event], ...]] = (SubscriptionBegun, SubscriptionEnded)

    subscriptions: Table

    def declare(self) -> None:
        self.subscriptions = self.table(
            "subscriptions",
            Column("community", String, primary_key=True),
            Column("subscriber", String, primary_key=True),
            Column("what", String, primary_key=True),
            Column("name", String, primary_key=True),
            Column("said_at", BigInteger, nullable=False),
            Column("command", String, nullable=False),
            Column("said_by", String, nullable=False),
            Column("stands", Boolean, nullable=False),
            Index(f"{self.prefix}subscriptions_to_topic", "what", "name"),
        )

    def apply(self, facts: Sequence[Recorded], db: Connection) -> None:
        rows: dict[tuple[str, ...], dict[str, Any]] = {}
        for fact in facts:
            for row in _rows(fact.event):
                place = (row["community"], row["subscriber"], row["what"], row["name"])
                if place not in rows or _weight(row) > _weight(rows[place]):
                    rows[place] = row
        upsert(
            db,
            self.subscriptions,
            list(rows.values()),
            newer=lambda new, old: or_(
                new.said_at > old.said_at,
                and_(new.said_at == old.said_at, new.command > old.command),
            ),
        )


LIVE = Subscriptions()


class Subscription(Struct, frozen=True, kw_only=True):
    """That a subscriber wants to be told of a topic."""

    subscriber: str
    topic: Topic
    command: CommandId
    by: str
    since: datetime
    stands: bool


def subscriptions_of(db: Connection, community: str, subscriber: str) -> list[Subscription]:
    """Return what a subscriber is told of, the oldest first."""
    subscriptions = LIVE.subscriptions.c
    query = (
        select(LIVE.subscriptions)
        .where(
            subscriptions.community == community,
            subscriptions.subscriber == subscriber,
            subscriptions.stands,
        )
        .order_by(subscriptions.said_at, subscriptions.what, subscriptions.name)
    )
    return [_subscription(row) for row in db.execute(query)]


def subscriptions_to(db: Connection, community: str, whats: Sequence[str]) -> list[Subscription]:
    """Return everybody's subscriptions to topics of these kinds, each subscriber's together."""
    subscriptions = LIVE.subscriptions.c
    query = (
        select(LIVE.subscriptions)
        .where(
            subscriptions.community == community,
            subscriptions.what.in_(whats),
            subscriptions.stands,
        )
        .order_by(
            subscriptions.subscriber,
            subscriptions.said_at,
            subscriptions.what,
            subscriptions.name,
        )
    )
    return [_subscription(row) for row in db.execute(query)]


def subscription_words(db: Connection, command: CommandId) -> list[Subscription]:
    """Return the topics of which a command said the last word, whether it began or ended them."""
    subscriptions = LIVE.subscriptions.c
    query = select(LIVE.subscriptions).where(subscriptions.command == command)
    return [_subscription(row) for row in db.execute(query)]


def pull_topic(repo: Repo, number: PullNumber) -> Topic:
    """Return the topic that a pull request is."""
    return Topic(what=PULL, name=f"{repo}#{number}")


def followers(db: Connection, community: str, topic: Topic) -> list[Subscription]:
    """Return who of a community is told of a topic."""
    subscriptions = LIVE.subscriptions.c
    query = (
        select(LIVE.subscriptions)
        .where(
            subscriptions.what == topic.what,
            subscriptions.name == topic.name,
            subscriptions.community == community,
            subscriptions.stands,
        )
        .order_by(subscriptions.subscriber)
    )
    return [_subscription(row) for row in db.execute(query)]


def followed_pulls(
    db: Connection, pulls: Collection[tuple[Repo, PullNumber]]
) -> set[tuple[Repo, PullNumber]]:
    """Return those of a few pull requests that anybody is told of."""
    subscriptions = LIVE.subscriptions.c
    names = [pull_topic(repo, number).name for repo, number in pulls]
    query = (
        select(subscriptions.name)
        .distinct()
        .where(subscriptions.what == PULL, subscriptions.name.in_(names), subscriptions.stands)
    )
    return {pull_named(name) for name in db.scalars(query)} if names else set()


def pull_named(name: str) -> tuple[Repo, PullNumber]:
    """Return the pull request that a topic names."""
    repo, _, number = name.rpartition("#")
    return Repo(repo), PullNumber(int(number))


def _weight(row: dict[str, Any]) -> tuple[int, str]:
    return row["said_at"], row["command"]


def _rows(event: Event) -> Iterable[dict[str, Any]]:
    assert isinstance(event, SubscriptionBegun | SubscriptionEnded)
    return [
        {
            "community": event.community,
            "subscriber": event.subscriber,
            "what": topic.what,
            "name": topic.name,
            "said_at": microseconds(event.at),
            "command": event.command,
            "said_by": event.by,
            "stands": isinstance(event, SubscriptionBegun),
        }
        for topic in event.topics
    ]


def _subscription(row: Row[Any]) -> Subscription:
    return Subscription(
        subscriber=row.subscriber,
        topic=Topic(what=row.what, name=row.name),
        command=CommandId(row.command),
        by=row.said_by,
        since=from_microseconds(row.said_at),
        stands=bool(row.stands),
    )
