"""Which channel was told of which alerts, in which message, and what was held back from it and why?"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, ClassVar

import msgspec
from msgspec import Struct
from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Index,
    Row,
    String,
    Table,
    Text,
    and_,
    or_,
    select,
)

from chatops.engine.clock import from_microseconds, microseconds
from chatops.engine.projection import Projection
from chatops.engine.upsert import upsert
from chatops.events import Event, Recorded
from chatops.events.alerts import (
    AlertMessageSent,
    AlertMessageWanted,
    AlertMessageWithheld,
    AlertNews,
)

_NEWS = msgspec.json.Decoder(AlertNews)


class AlertMessages(Projection):
    """Each message with what it says and its name in Slack, which told an alert first, and what was held back."""

    name: ClassVar[str] = "alert_messages"
    reads: ClassVar[tuple[type[Event], ...]] = (
        AlertMessageWanted, AlertMessageSent, AlertMessageWithheld,
    )  # fmt: skip

    messages: Table
    told: Table
    withheld: Table

    def declare(self) -> None:
        self.messages = self.table(
            "alert_messages",
            Column("message", String, primary_key=True),
            Column("community", String, nullable=False),
            Column("channel", String, nullable=False),
            Column("news", Text),
            Column("name", String),
        )
        self.told = self.table(
            "alert_messages_of_alerts",
            Column("community", String, primary_key=True),
            Column("channel", String, primary_key=True),
            Column("alert", String, primary_key=True),
            Column("message", String, nullable=False),
            Column("at", BigInteger, nullable=False),
            Index(f"{self.prefix}alert_messages_of_one_alert", "community", "alert"),
        )
        self.withheld = self.table(
            "alert_messages_withheld",
            Column("key", String, primary_key=True),
            Column("community", String, nullable=False),
            Column("channel", String, nullable=False),
            Column("reason", String, nullable=False),
            Column("text", Text, nullable=False),
            Column("news", Text, nullable=False),
            Column("until", BigInteger),
            Column("withheld_at", BigInteger, nullable=False),
            Index(f"{self.prefix}alert_messages_withheld_until", "community", "until"),
            Index(f"{self.prefix}alert_messages_withheld_newest", "community", "withheld_at"),
        )

    def apply(self, facts: Sequence[Recorded], db: Connection) -> None:
        events = [(fact.key, fact.event) for fact in facts]
        for kind in (AlertMessageWanted, AlertMessageSent):
            rows = [_message(event) for _, event in events if isinstance(event, kind)]
            upsert(db, self.messages, rows, merge=True)
        told: dict[tuple[str, ...], dict[str, Any]] = {}
        for _, event in events:
            for row in _told(event):
                place = (row["community"], row["channel"], row["alert"])
                known = told.setdefault(place, row)
                if (row["at"], row["message"]) < (known["at"], known["message"]):
                    told[place] = row
        upsert(
            db,
            self.told,
            list(told.values()),
            newer=lambda new, old: or_(
                new.at < old.at, and_(new.at == old.at, new.message < old.message)
            ),
        )
        upsert(
            db,
            self.withheld,
            [_held(key, event) for key, event in events if isinstance(event, AlertMessageWithheld)],
        )


LIVE = AlertMessages()


class Message(Struct, frozen=True, kw_only=True):
    """A message about alerts; `name` is what it is called in Slack, empty until it is there."""

    message: str
    channel: str
    news: AlertNews
    name: str


class Held(Struct, frozen=True, kw_only=True):
    """That a channel was not told of something; where it is told later, `until` says when."""

    channel: str
    reason: str
    text: str
    news: AlertNews
    until: datetime | None
    at: datetime


def messages_of_alerts(
    db: Connection, community: str, alerts: Collection[str]
) -> dict[tuple[str, str], Message]:
    """Return the message that told an alert first, by channel and alert."""
    told, messages = LIVE.told.c, LIVE.messages.c
    query = (
        select(told.alert, LIVE.messages)
        .join(LIVE.messages, messages.message == told.message)
        .where(told.community == community, told.alert.in_(sorted(set(alerts))))
    )
    return {(row.channel, row.alert): _read(row) for row in db.execute(query)}


def message_called(db: Connection, message: str) -> Message | None:
    """Return a message by the name that we gave it."""
    row = db.execute(select(LIVE.messages).where(LIVE.messages.c.message == message)).first()
    return None if row is None or row.news is None else _read(row)


def held_until(db: Connection, community: str, since: datetime, now: datetime) -> list[Held]:
    """Return what was held back until a moment between two, the first first."""
    withheld = LIVE.withheld.c
    query = (
        select(LIVE.withheld)
        .where(
            withheld.community == community,
            withheld.until > microseconds(since),
            withheld.until <= microseconds(now),
        )
        .order_by(withheld.until, withheld.withheld_at, withheld.key)
    )
    return [_withheld(row) for row in db.execute(query)]


def held_since(db: Connection, community: str, channel: str, since: datetime) -> list[Held]:
    """Return what a channel was not told of after a moment, the newest first."""
    withheld = LIVE.withheld.c
    query = (
        select(LIVE.withheld)
        .where(
            withheld.community == community,
            withheld.channel == channel,
            withheld.withheld_at > microseconds(since),
        )
        .order_by(withheld.withheld_at.desc(), withheld.key)
    )
    return [_withheld(row) for row in db.execute(query)]


def newest_held(db: Connection, community: str, limit: int) -> list[Held]:
    """Return what channels were not told of, the newest first."""
    withheld = LIVE.withheld.c
    query = (
        select(LIVE.withheld)
        .where(withheld.community == community)
        .order_by(withheld.withheld_at.desc(), withheld.key)
        .limit(limit)
    )
    return [_withheld(row) for row in db.execute(query)]


def _read(row: Row[Any]) -> Message:
    return Message(
        message=row.message,
        channel=row.channel,
        news=_NEWS.decode(row.news) if row.news else AlertNews(),
        name=row.name or "",
    )


def _withheld(row: Row[Any]) -> Held:
    return Held(
        channel=row.channel,
        reason=row.reason,
        text=row.text,
        news=_NEWS.decode(row.news),
        until=from_microseconds(row.until) if row.until is not None else None,
        at=from_microseconds(row.withheld_at),
    )


def _message(event: AlertMessageWanted | AlertMessageSent) -> dict[str, Any]:
    wanted = event if isinstance(event, AlertMessageWanted) else None
    return {
        "message": event.message,
        "community": event.community,
        "channel": event.channel,
        "news": msgspec.json.encode(wanted.news).decode() if wanted else None,
        "name": event.name if isinstance(event, AlertMessageSent) else None,
    }


def _told(event: Event) -> list[dict[str, Any]]:
    if not isinstance(event, AlertMessageWanted):
        return []
    return [
        {
            "community": event.community,
            "channel": event.channel,
            "alert": alert.alert,
            "message": event.message,
            "at": microseconds(event.wanted_at),
        }
        for alert in event.news.opened
    ]


def _held(key: str, event: AlertMessageWithheld) -> dict[str, Any]:
    news = AlertNews(opened=event.opened, changed=event.changed, closed=event.closed)
    return {
        "key": key,
        "community": event.community,
        "channel": event.channel,
        "reason": event.reason,
        "text": event.text,
        "news": msgspec.json.encode(news).decode(),
        "until": microseconds(event.until) if event.until else None,
        "withheld_at": microseconds(event.withheld_at),
    }
