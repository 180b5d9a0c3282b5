"""Does the bot itself still do its work? What does not work does not say so, so its silence is looked for.

Five things are looked at: a canary that is sent every hour and has to come back, what GitHub delivers, of which all
has to come, what is heard of a community, which is never silent for more than a day, the nights, of which each is
judged when it has ended or does not come, and the digests, of which each day has one or a word why not. What is wrong
is an alert for those who run the bot, and is seen on the page of its status and in its metrics, too: a process that is
down tells nobody.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from msgspec import Struct

from chatops.answers.missing_digests import MissingDigest, missing_digests
from chatops.answers.nights import counted
from chatops.answers.unjudged import unjudged
from chatops.config import Operators
from chatops.engine.command import Knowledge
from chatops.events import Event
from chatops.events.alerts import Alert, AlertMessageWanted, AlertNews, AlertsTurned
from chatops.events.canaries import CanarySent
from chatops.projections.alerts import Known, open_alerts
from chatops.projections.canaries import Canary, canary
from chatops.projections.freshness import last_heard
from chatops.projections.gaps import REMEMBERED, open_gaps

BOT = "bot"
"""The kind of alerts that are about the bot itself."""
CANARY, SILENCE, DIGEST = "The canary", "Silence", "The digest"
JUDGING = "The judging of nights"
DELIVERIES = "What GitHub delivers"
ASKED_IN_VAIN = 3
ENDED = "ended"
FLIGHT = timedelta(minutes=15)
"""A canary needs less than a second; one that is out for so long is lost."""
MOST_PENDING = 2


class Vital(Struct, frozen=True, kw_only=True):
    """One sign of life: what it is called, when it was seen last, and what is wrong with it, if anything is."""

    subject: str
    seen_at: datetime | None
    text: str = ""


def vitals(knowledge: Knowledge, operators: Operators, *, is_first: bool = True) -> list[Vital]:
    """Return the signs of life, as one community sees them; of digests those that are missing.

    The canary and what GitHub delivers are everybody's: they are looked at in the first community alone, and so told of
    once.
    """
    of_all = (
        [_canary(canary(knowledge.db), operators, knowledge.now), _gaps(knowledge)]
        if is_first
        else []
    )
    return [
        *of_all,
        _silence(knowledge, operators),
        _judging(knowledge),
        *(_digest(one) for one in missing_digests(knowledge)),
    ]


def is_canary_out(known: Canary, now: datetime) -> bool:
    """Return whether a canary was sent so long ago that it should have come back, and has not."""
    sent, returned = known.sent_at, known.returned_at
    return sent is not None and (returned is None or returned < sent) and now - sent > FLIGHT


def due_canary(known: Canary, operators: Operators, now: datetime) -> CanarySent | None:
    """Return the canary that is due; the same for all who look in the same span of time."""
    span = timedelta(minutes=operators.canary_minutes)
    start = datetime(now.year, now.month, now.day, tzinfo=UTC)
    due = start + (now - start) // span * span
    if known.sent_at is not None and known.sent_at >= due:
        return None
    return CanarySent(canary=f"{due:%Y%m%dT%H%M}", at=now)


def operators_told(
    knowledge: Knowledge, operators: Operators, *, is_first: bool = True
) -> Iterator[Event]:
    """Yield what those who run the bot are to be told: that something is wrong with it, or no longer.

    A sign that nobody looks for any longer is not wrong, either.
    """
    known = {
        one.alert.subject: one
        for one in open_alerts(knowledge.db, knowledge.community.key)
        if one.alert.what == BOT
    }
    for vital in vitals(knowledge, operators, is_first=is_first):
        there = known.pop(vital.subject, None)
        if vital.text and there is None:
            alert = Alert(
                alert=f"{BOT}/{vital.subject}/{knowledge.now:%Y%m%dT%H}",
                what=BOT,
                subject=vital.subject,
                since=vital.seen_at,
                text=vital.text,
            )
            yield _turned(knowledge, alert.alert, opened=alert)
            yield from _said(knowledge, operators, alert.alert, AlertNews(opened=(alert,)))
        elif there is not None and not vital.text:
            yield from _over(knowledge, operators, there)
    for there in known.values():
        yield from _over(knowledge, operators, there)


def _over(knowledge: Knowledge, operators: Operators, there: Known) -> Iterator[Event]:
    look = f"{there.alert.alert}/{ENDED}"
    yield _turned(knowledge, look, closed=there.alert)
    yield from _said(knowledge, operators, look, AlertNews(closed=(there.alert,), over=ENDED))


def _canary(known: Canary, operators: Operators, now: datetime) -> Vital:
    patience = MOST_PENDING * timedelta(minutes=operators.canary_minutes) + FLIGHT
    sent, returned = known.sent_at, known.returned_at
    seen = Vital(subject=CANARY, seen_at=returned)
    if sent is None:
        return seen
    is_out = is_canary_out(known, now)
    is_forgotten = now - sent > patience
    if not is_out and not is_forgotten:
        return seen
    what = "has not come back" if is_out else "was the last; none was sent since"
    return Vital(
        subject=CANARY,
        seen_at=returned,
        text=(
            f"the one of {_moment(sent)} {what}. Something between the log and the effects has stopped: "
            "the page of the bot's status says what."
        ),
    )


def _silence(knowledge: Knowledge, operators: Operators) -> Vital:
    heard = last_heard(knowledge.db, knowledge.community.repositories)
    subject = f"{SILENCE} of {knowledge.community.title}"
    if heard is None or knowledge.now - heard <= timedelta(hours=operators.silent_hours):
        return Vital(subject=subject, seen_at=heard)
    return Vital(
        subject=subject,
        seen_at=heard,
        text=(
            f"nothing was heard of its repositories since {_moment(heard)}. "
            "Either nobody works there, or GitHub's deliveries do not arrive."
        ),
    )


def _judging(knowledge: Knowledge) -> Vital:
    subject = f"{JUDGING} of {knowledge.community.title}"
    text = unjudged(knowledge)
    if text:
        text += " Alerts are not raised meanwhile: the worker's log says what has stopped."
    return Vital(subject=subject, seen_at=None, text=text)


def _gaps(knowledge: Knowledge) -> Vital:
    """Return whether something has not come that was asked for again and again, and can still be had."""
    now = knowledge.now
    gaps = [
        one
        for one in open_gaps(knowledge.db)
        if one.times >= ASKED_IN_VAIN and one.delivered_at > now - REMEMBERED
    ]
    text = ""
    if gaps:
        newest = gaps[0]
        text = (
            f"{counted(len(gaps), 'webhook')} of GitHub's did not come, though asked for again. Of the newest, "
            f"{newest.event} of {newest.delivered_at:%Y-%m-%d %H:%M} UTC, GitHub says: {newest.said}. "
            "The App's page of deliveries on GitHub shows each with our answer."
        )
    return Vital(subject=DELIVERIES, seen_at=None, text=text)


def _digest(missing: MissingDigest) -> Vital:
    channel, due = missing.channel, missing.due
    last = missing.last_at
    before = f"The last one was made on {_moment(last)}. " if last else "It never got one. "
    return Vital(
        subject=f"{DIGEST} of #{channel.title}",
        seen_at=last,
        text=(
            f"that of {due.day:%A} was due by {_moment(due.until)}, and there is neither one nor a word why not. "
            f"{before}What makes them has stopped, fails, or has no Slack: the worker's log says what."
        ),
    )


def _said(
    knowledge: Knowledge, operators: Operators, look: str, news: AlertNews
) -> Iterator[AlertMessageWanted]:
    if operators.channel:
        key = knowledge.community.key
        page = f"{knowledge.base_url}/{key}/status" if knowledge.base_url else ""
        yield AlertMessageWanted(
            message=f"operators/{key}/{look}",
            community=key,
            channel=operators.channel,
            news=AlertNews(opened=news.opened, closed=news.closed, over=news.over, url=page),
            wanted_at=knowledge.now,
            team=operators.slack_team,
        )


def _turned(
    knowledge: Knowledge, look: str, *, opened: Alert | None = None, closed: Alert | None = None
) -> AlertsTurned:
    return AlertsTurned(
        look=look,
        community=knowledge.community.key,
        opened=(opened,) if opened else (),
        closed=(closed,) if closed else (),
        over=ENDED if closed else "",
        at=knowledge.now,
    )


def _moment(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"
