"""A message about alerts: what is wrong now and was not, since when, and who looks after it; or that it is over.

A channel reads it in Slack, as a notification first. Its buttons say commands, for whoever presses them.
"""

from collections.abc import Mapping, Sequence
from hashlib import blake2b
from typing import Any

from msgspec import Struct

from chatops.answers.job_words import LEVEL
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
from chatops.views.addresses import Place
from chatops.views.blocks import render_blocks
from chatops.views.shown_tests import ShownTests, of_them_required

LINES_SHOWN = 10
NOTICE = "notice"
"""The type of our messages' metadata; what it carries says nothing to others, who may read it."""
TEST = "test"
GONE = "gone"
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
    left = [alert for alert in (*news.opened, *news.changed) if not _is_over(alert, known)]
    wrong = [alert for alert in left if not alert.momentary]
    tone = Tone.BAD if wrong else Tone.NEUTRAL if left else Tone.GOOD
    shown = _shown(news)
    return Answer(
        verdict=(_verdict(news, left, shown),),
        tone=tone,
        counts=_counts(news),
        sections=tuple(_sections(news, known, shown)),
        actions=tuple(_actions(wrong, known)),
        footer=_footer(news, shown, wrong),
    )


def _shown(news: AlertNews) -> ShownTests:
    """Return how the tests of a message are shown: their buttons say their whole names."""
    alerts = (*news.opened, *news.changed, *news.closed)
    return ShownTests(
        names=[alert.subject for alert in alerts if alert.what == TEST],
        path=next((alert.path for alert in alerts if alert.path), ""),
        pages=news.pages,
        home=news.home,
    )


def _name(alert: Alert, shown: ShownTests) -> Piece:
    """Return what an alert is about: a test leads to its page."""
    if alert.what != TEST or not alert.jobs:
        return shown.text(alert.subject)
    (name, *_) = alert.jobs
    workflow = alert.subject.removesuffix(name).removesuffix(LEVEL)
    return shown.piece(Place(repo=alert.repo or shown.home, workflow=workflow, name=name))


def _verdict(news: AlertNews, left: Sequence[Alert], shown: ShownTests) -> str:
    opened, changed, closed = news.opened, news.changed, news.closed
    told = (*opened, *changed)
    if told and not left:
        if len(told) == 1:
            return f"{shown.text(told[0].subject)}: over."
        which = "Both" if len(told) == 2 else f"All {len(told):,}"  # noqa: PLR2004 - as one says it
        return f"{which} alerts are over."
    if len(told) + len(closed) == 1:
        gone = f" {news.come_and_gone:,} more came and went." if news.come_and_gone else ""
        return f"{_alone(news, shown)}{gone}"
    if news.held:
        said = [f"{len(left):,} wrong now"] if told else []
        said += [f"{len(closed):,} over"] if closed else []
        said += [f"{news.come_and_gone:,} came and went"] if news.come_and_gone else []
        return f"{', '.join(said)}."
    said = []
    if opened:
        required = sum(alert.required for alert in opened)
        one = " of a required test" if len(opened) == 1 and required else ""
        of_them = one or of_them_required(required, len(opened))
        said.append(f"{_counted(len(opened), 'new alert')}{of_them}")
    if changed:
        said.append(f"{_counted(len(changed), 'test')} {_fails(len(changed))} in another way")
    if closed:
        said.append(f"{_counted(len(closed), 'alert')} {'is' if len(closed) == 1 else 'are'} over")
    where = f"After the night of {news.night}: " if news.night else ""
    return f"{where}{', '.join(said)}."


def _alone(news: AlertNews, shown: ShownTests) -> str:
    """Return the news of one alert by its name, for that is all a notification shows."""
    if news.closed:
        (alert,) = news.closed
        if alert.what != TEST:
            return f"{alert.subject}: over."
        if news.over == GONE:
            return f"{shown.text(alert.subject)} is no longer in the nights, so its alert is over."
        return f"{shown.text(alert.subject)} passes again."
    if news.changed:
        (alert,) = news.changed
        return f"{shown.text(alert.subject)} fails in another way now."
    (alert,) = news.opened
    if alert.what != TEST:
        return f"{alert.subject}: {alert.text}"
    required = "Required: " if alert.required else ""
    return f"{required}{shown.text(alert.subject)} has failed {_nights(alert)}."


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


def _sections(news: AlertNews, known: Mapping[str, Told], shown: ShownTests) -> list[Section]:
    every = (*news.opened, *news.changed, *news.closed)
    if len(every) == 1 and every[0].what != TEST and not _said_of(every[0], known):
        # The verdict has said it.
        return []
    lasting = [alert for alert in news.opened if not alert.momentary]
    wrong = [alert for alert in lasting if not _is_over(alert, known)]
    changed = [alert for alert in news.changed if not _is_over(alert, known)]
    over = [alert for alert in (*lasting, *news.changed) if _is_over(alert, known)]
    found = []
    for title, alerts, is_over in (
        ("Wrong now", wrong, False),
        ("Changed", [alert for alert in news.opened if alert.momentary], False),
        ("Fails in another way", changed, False),
        ("Over", (*over, *news.closed), True),
    ):
        lines = [_line(alert, known.get(alert.alert), shown, is_over=is_over) for alert in alerts]
        if lines:
            found.append(
                Section(
                    title=f"{title} ({len(lines)})",
                    lines=tuple(lines[:LINES_SHOWN]),
                    more=max(0, len(lines) - LINES_SHOWN),
                )
            )
    return found


def _line(alert: Alert, told: Told | None, shown: ShownTests, *, is_over: bool) -> Line:
    line: list[Piece] = [_name(alert, shown)]
    if alert.what == TEST:
        said = ["required"] if alert.required else []
        if is_over:
            # For how many nights it failed in the end is more than it was when this was told.
            said += [f"failed from {alert.night} on"] if alert.night else []
        else:
            said += [f"failed {_nights(alert)}"] if alert.nights else []
            said += [f"since {alert.night}"] if alert.night else []
        said += [f"in “{alert.signature}”"] if alert.signature else []
        line.append(f": {', '.join(said)}" if said else "")
    elif alert.text:
        line.append(f": {alert.text.removesuffix('.')}")
    return (*line, *_said_of(alert, {} if told is None else {alert.alert: told}))


def _said_of(alert: Alert, known: Mapping[str, Told]) -> Line:
    """Return what people have said of an alert since it began."""
    told, line = _told(alert, known), list[Piece]()
    if told.seen_by:
        line.append(f". Seen by {told.seen_by}")
    if told.looked_after_by:
        line.append(f". {told.looked_after_by} looks after it")
    if told.muted_until is not None:
        line += [". Muted until ", When(told.muted_until)]
    return tuple(line)


def _actions(wrong: Sequence[Alert], known: Mapping[str, Told]) -> list[Action]:
    """Return what may be said next; a button goes when it was used."""
    unseen = [alert for alert in wrong if not _told(alert, known).seen_by]
    found = []
    if unseen and len(unseen) <= MOST_NAMED:
        text = "Acknowledge" if len(wrong) == 1 else "Acknowledge all"
        found.append(Action(text=text, verb="ack", words=tuple(alert.subject for alert in unseen)))
    free = [alert for alert in wrong if not _told(alert, known).looked_after_by]
    if free and len(free) <= MOST_NAMED:
        text = "I look after it" if len(wrong) == 1 else "I look after all"
        found.append(Action(text=text, verb="take", words=tuple(alert.subject for alert in free)))
    loud = [
        alert for alert in wrong if alert.what == TEST and _told(alert, known).muted_until is None
    ]
    if loud:
        # Which one, for how long and why is asked for: who wonders later finds the reason.
        words = (loud[0].subject,) if len(loud) == 1 else ()
        needs = "for DURATION REASON" if words else "JOB for DURATION REASON"
        found.append(Action(text="Mute…", verb="mute", words=words, needs=needs))
    return found


def _footer(news: AlertNews, shown: ShownTests, wrong: Sequence[Alert]) -> Line:
    if not news.slash_command:
        return shown.note()
    is_test = any(alert.what == TEST for alert in wrong)
    lasts = " A single green night does not end an alert." if is_test else ""
    listed: Line = (Code(f"{news.slash_command} alerts"), f" lists what is wrong now.{lasts}")
    if len(wrong) > MOST_NAMED:
        # So many have no button.
        ack, take = (Code(f"{news.slash_command} {verb} *PART*") for verb in ("ack", "take"))
        listed = (*listed, " ", ack, " and ", take, " say who knows of some of them.")
    note = shown.note()
    return (*listed, " ", *note) if note else listed


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
