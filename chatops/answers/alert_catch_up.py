"""What was held back from a channel and can be told now, in one message: of it, what is still wrong.

What a mute or a rest held back comes due at a moment that was known then. Until a minute after it nothing more can be
added to it, so that the message of a moment is one, whoever looks.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from msgspec import structs

from chatops.answers.alert_audience import (
    Kept,
    called_for,
    held_words,
    is_empty,
    muted_parts,
    rest_of,
)
from chatops.answers.short_names import pages_of_tests
from chatops.config import Channel
from chatops.engine.clock import microseconds
from chatops.engine.command import Knowledge
from chatops.events import Event
from chatops.events.alerts import Alert, AlertMessageWanted, AlertMessageWithheld, AlertNews
from chatops.projections.alert_messages import (
    Held,
    held_until,
    message_called,
    messages_of_alerts,
)
from chatops.projections.alerts import alerts_named
from chatops.projections.mutes import muted_jobs

SETTLED = timedelta(minutes=1)
REACH = timedelta(days=7)
"""What came due longer ago is history."""


def caught_up(knowledge: Knowledge) -> list[Event]:
    """Return what the channels of a community are to be told now that had been held back."""
    community, now = knowledge.community, knowledge.now
    due: dict[tuple[str, datetime], list[Held]] = defaultdict(list)
    for held in held_until(knowledge.db, community.key, now - REACH, now - SETTLED):
        assert held.until is not None
        due[held.channel, held.until].append(held)
    return [
        event
        for (key, until), those in due.items()
        if (channel := community.channels.get(key)) is not None and channel.hears_alerts
        for event in _told(channel, until, those, knowledge)
    ]


def _told(
    channel: Channel, until: datetime, held: Sequence[Held], knowledge: Knowledge
) -> Iterator[Event]:
    community = knowledge.community
    message = f"alerts/{community.key}/{channel.key}/caught_up/{microseconds(until)}"
    if message_called(knowledge.db, message) is not None:
        return
    news = _news(channel, held, knowledge)
    news, kept = muted_parts(news, muted_jobs(knowledge.db, community.key, knowledge.now))
    rest = None if is_empty(news) else rest_of(news, channel, knowledge.now)
    for one in (*kept, *((rest,) if rest else ())):
        yield withheld(message, channel, community.key, one, knowledge.now)
    if is_empty(news) or rest:
        return
    mentions = channel.alerts is not None and channel.alerts.mentions
    alerts = (*news.opened, *news.changed)
    yield AlertMessageWanted(
        message=message,
        community=community.key,
        channel=channel.key,
        news=structs.replace(news, called=called_for(alerts, knowledge) if mentions else ()),
        wanted_at=knowledge.now,
        team=community.slack_team,
    )


def withheld(
    message: str, channel: Channel, community: str, kept: Kept, at: datetime
) -> AlertMessageWithheld:
    """Return what is to be recorded of something that is held back."""
    return AlertMessageWithheld(
        message=f"{message}/{kept.until:%Y%m%dT%H%M%S}",
        community=community,
        channel=channel.key,
        opened=kept.news.opened,
        changed=kept.news.changed,
        closed=kept.news.closed,
        reason=kept.reason,
        text=kept.text,
        until=kept.until,
        withheld_at=at,
    )


def _news(channel: Channel, held: Sequence[Held], knowledge: Knowledge) -> AlertNews:
    """Return what is still to be told: not what was over before, nor what the channel was told since."""
    community = knowledge.community
    opened = _each([alert for one in held for alert in one.news.opened])
    changed = _each([alert for one in held for alert in one.news.changed])
    closed = _each([alert for one in held for alert in one.news.closed])
    known = alerts_named(knowledge.db, community.key, [*opened, *changed])
    told = {
        alert
        for key, alert in messages_of_alerts(knowledge.db, community.key, [*opened, *closed])
        if key == channel.key
    }
    is_open = {name for name, one in known.items() if one.is_open}
    page = f"{knowledge.base_url}/{community.key}/nightly" if knowledge.base_url else ""
    return AlertNews(
        opened=tuple(one for name, one in opened.items() if name in is_open - told),
        changed=tuple(
            one for name, one in changed.items() if name in is_open and name not in opened
        ),
        closed=tuple(one for name, one in closed.items() if name in told),
        over="passed",
        held=held_words([one.news for one in held], held[0].reason),
        come_and_gone=sum(name not in is_open for name in opened),
        url=page,
        pages=pages_of_tests(knowledge),
        home=community.repositories[0],
        slash_command=community.slash_command,
    )


def _each(alerts: Sequence[Alert]) -> dict[str, Alert]:
    return {alert.alert: alert for alert in alerts}
