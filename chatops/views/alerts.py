"""A message about alerts: what is wrong now and was not, since when, and who looks after it; or that it is over.

A channel reads it in Slack, as a notification first. Its buttons say commands, for whoever presses them.
"""

from collections.abc import Mapping, Sequence
from hashlib import blake2b
from typing import Any

from msgspec import Struct

from chatops.engine.answer import (
    Action,
    Answer,
    Code,
    Line,
    Link,
    Person,
    Piece,
    Section,
    Tone,
    When,
)
from chatops.events.alerts import Alert, AlertMessageOutdated, AlertMessageWanted, AlertNews, Told
from chatops.names import PullNumber, Repo
from chatops.views.blocks import render_blocks

LINES_SHOWN = 10
NOTICE = "notice"
"""The type of our messages' metadata; what it carries says nothing to others, who may read it."""
TEST = "test"
GONE = "gone"
MUTED_FOR = "1d"
MOST_NAMED = 10
"""So many alerts one button can acknowledge."""


class _About(Struct, frozen=True, kw_only=True):
    """What the buttons are about: a community, and no pull request."""

    community: str
    repo: Repo = Repo("")
    number: PullNumber = PullNumber(0)


def render_alerts(wanted: AlertMessageWanted) -> dict[str, Any]:
    """Return the message, with a mark by which it is found again."""
    return _rendered(wanted.message, wanted.community, wanted.news, ())


def render_outdated(outdated: AlertMessageOutdated) -> dict[str, Any]:
    """Return the same message as it is now."""
    return _rendered(outdated.message, outdated.community, outdated.news, outdated.told)


def alerts_mark(message: str) -> str:
    """Return what tells this message from all others, and nothing else."""
    return blake2b(message.encode(), digest_size=16).hexdigest()


def _rendered(
    message: str, community: str, news: AlertNews, told: Sequence[Told]
) -> dict[str, Any]:
    rendered = render_blocks(alerts_answer(news, told), _About(community=community))
    del rendered["response_type"]
    payload = {"mark": alerts_mark(message)}
    return {**rendered, "metadata": {"event_type": NOTICE, "event_payload": payload}}


def alerts_answer(news: AlertNews, told: Sequence[Told] = ()) -> Answer:
    """Return what a message about alerts says; `told` is what is known of each of them by now."""
    known = {one.alert: one for one in told}
    left = [alert for alert in news.opened if not _is_over(alert, known)]
    wrong = [alert for alert in (*left, *news.changed) if not alert.momentary]
    tone = Tone.BAD if wrong else Tone.NEUTRAL if left else Tone.GOOD
    return Answer(
        verdict=(_verdict(news, left),),
        tone=tone,
        counts=_counts(news),
        sections=tuple(_sections(news, known)),
        actions=tuple(_actions(news, left, known)),
        footer=_footer(news),
    )


def _verdict(news: AlertNews, left: Sequence[Alert]) -> str:
    opened, changed, closed = news.opened, news.changed, news.closed
    if news.held:
        over = f", {len(closed):,} over" if closed else ""
        gone = f", {news.come_and_gone:,} came and went" if news.come_and_gone else ""
        return f"{len(opened) + len(changed):,} wrong now{over}{gone}."
    if opened and not left:
        what = opened[0].subject if len(opened) == 1 else f"All {len(opened):,} alerts"
        return f"{what}: over."
    if len(opened) + len(changed) + len(closed) == 1:
        return _alone(news)
    said = []
    if opened:
        required = sum(alert.required for alert in opened)
        of_them = f", {required:,} of them required" if required else ""
        said.append(f"{_counted(len(opened), 'new alert')}{of_them}")
    if changed:
        said.append(f"{_counted(len(changed), 'test')} {_fails(len(changed))} in another way")
    if closed:
        said.append(f"{_counted(len(closed), 'alert')} {'is' if len(closed) == 1 else 'are'} over")
    where = f"After the night of {news.night}: " if news.night else ""
    return f"{where}{', '.join(said)}."


def _alone(news: AlertNews) -> str:
    """Return the news of one alert by its name, for that is all a notification shows."""
    if news.closed:
        (alert,) = news.closed
        if alert.what != TEST:
            return f"{alert.subject}: over."
        if news.over == GONE:
            return f"{alert.subject} is no longer in the nights, so its alert is over."
        return f"{alert.subject} passes again."
    if news.changed:
        (alert,) = news.changed
        return f"{alert.subject} fails in another way now."
    (alert,) = news.opened
    if alert.what != TEST:
        return f"{alert.subject}: {alert.text}"
    required = "Required: " if alert.required else ""
    return f"{required}{alert.subject} has failed {_nights(alert)}."


def _counts(news: AlertNews) -> Line:
    line: list[Piece] = [f"{news.held} "] if news.held else []
    if news.called:
        line.append("Who looks after it: ")
        for place, one in enumerate(news.called):
            line += [", "] if place else []
            line.append(Person(name=one.name, slack=one.slack))
        line.append(". ")
    if news.url:
        line.append(Link("Look closer", news.url))
    return tuple(line)


def _sections(news: AlertNews, known: Mapping[str, Told]) -> list[Section]:
    found = []
    for title, alerts in (
        ("Wrong now", [alert for alert in news.opened if not alert.momentary]),
        ("Changed", [alert for alert in news.opened if alert.momentary]),
        ("Fails in another way", news.changed),
        ("Over", news.closed),
    ):
        lines = [_line(alert, known.get(alert.alert)) for alert in alerts]
        if lines:
            found.append(
                Section(
                    title=f"{title} ({len(lines)})",
                    lines=tuple(lines[:LINES_SHOWN]),
                    more=max(0, len(lines) - LINES_SHOWN),
                )
            )
    return found


def _line(alert: Alert, told: Told | None) -> Line:
    line: list[Piece] = [alert.subject]
    if alert.what == TEST:
        said = ["required"] if alert.required else []
        said += [f"failed {_nights(alert)}"] if alert.nights else []
        said += [f"since {alert.night}"] if alert.night else []
        said += [f"in “{alert.signature}”"] if alert.signature else []
        line.append(f": {', '.join(said)}" if said else "")
    elif alert.text:
        line.append(f": {alert.text}")
    if told is None:
        return tuple(line)
    if told.is_over:
        line.append(". Over")
    if told.seen_by:
        line.append(f". Seen by {told.seen_by}")
    if told.looked_after_by:
        line.append(f". {told.looked_after_by} looks after it")
    if told.muted_until is not None:
        line += [". Muted until ", When(told.muted_until)]
    return tuple(line)


def _actions(news: AlertNews, left: Sequence[Alert], known: Mapping[str, Told]) -> list[Action]:
    """Return what may be said next; a button goes when it was used."""
    wrong = [alert for alert in (*left, *news.changed) if not alert.momentary]
    unseen = [alert for alert in wrong if not _told(alert, known).seen_by]
    found = []
    if unseen and len(unseen) <= MOST_NAMED:
        text = "Acknowledge" if len(wrong) == 1 else "Acknowledge all"
        found.append(Action(text=text, verb="ack", words=tuple(alert.subject for alert in unseen)))
    if len(wrong) != 1:
        return found
    (alert,) = wrong
    told = _told(alert, known)
    if not told.looked_after_by:
        found.append(Action(text="I look after it", verb="take", words=(alert.subject,)))
    if alert.what == TEST and told.muted_until is None:
        words = (alert.subject, "for", MUTED_FOR, "muted at its alert")
        found.append(Action(text="Mute for a day", verb="mute", words=words))
    return found


def _footer(news: AlertNews) -> Line:
    if not news.slash_command:
        return ()
    return (
        Code(f"{news.slash_command} alerts"),
        " lists what is wrong now. A single green night does not end an alert.",
    )


def _is_over(alert: Alert, known: Mapping[str, Told]) -> bool:
    return _told(alert, known).is_over


def _told(alert: Alert, known: Mapping[str, Told]) -> Told:
    return known.get(alert.alert) or Told(alert=alert.alert)


def _nights(alert: Alert) -> str:
    return "in one night" if alert.nights == 1 else f"{alert.nights:,} nights in a row"


def _fails(number: int) -> str:
    return "fails" if number == 1 else "fail"


def _counted(number: int, word: str) -> str:
    return f"{number:,} {word}" if number == 1 else f"{number:,} {word}s"
