"""What is wrong now, who looks after it, and what were channels not told of, and why?"""

from collections.abc import Iterable, Sequence

from chatops.answers.alert_looks import TEST
from chatops.answers.job_words import Named, fits, is_called
from chatops.answers.nights import counted
from chatops.answers.short_names import short_names
from chatops.config import Community
from chatops.engine.answer import Answer, Code, Line, Piece, Section, Strong, Tone, When
from chatops.engine.command import Knowledge
from chatops.events.alerts import Alert
from chatops.projections.alert_messages import Held, newest_held
from chatops.projections.alerts import Known, open_alerts
from chatops.projections.mutes import Mute, muted_jobs
from chatops.projections.withheld_turns import Turn, newest_turns

LINES_SHOWN = 10
HELD_SHOWN = 5
HELD_LOOKED_AT = 50
NAMED = 3


def alerts_told(about: str, knowledge: Knowledge) -> Answer:
    """Return what is wrong now, and what was held back, of everything or of what is called so."""
    community = knowledge.community
    there = [
        one
        for one in open_alerts(knowledge.db, community.key)
        if _is_meant(about, one.alert.subject, community)
    ]
    held = _held_of(about, knowledge)
    muted = muted_jobs(knowledge.db, community.key, knowledge.now)
    shown = _shown(there)
    sections = []
    if there:
        sections.append(
            Section(
                title="The newest first",
                lines=tuple(_line(one, muted, shown) for one in there[:LINES_SHOWN]),
                more=max(0, len(there) - LINES_SHOWN),
            )
        )
    if held:
        sections.append(_held_section(held, community))
    of = f" about {about}" if about else ""
    verdict = (
        f"{counted(len(there), 'alert')}{of} now." if there else f"Nothing{of} is alerted of now."
    )
    return Answer(
        verdict=(verdict,),
        tone=Tone.BAD if there else Tone.GOOD,
        sections=tuple(sections),
        footer=_footer(community),
        private=True,
    )


def untold(about: str, knowledge: Knowledge) -> Answer:
    """Return why channels were not told of something lately, of everything or of what is called so."""
    held = _held_of(about, knowledge)
    of = f" of {about}" if about else ""
    if not held:
        return Answer(
            verdict=(f"Nothing{of} was held back from a channel lately.",),
            footer=("What you follow yourself: ", Code("/subscribe list"), "."),
            private=True,
        )
    return Answer(
        verdict=(f"{counted(len(held), 'message')}{of} held back lately.",),
        sections=(_held_section(held, knowledge.community),),
        footer=("What is wrong now: ", Code("/alerts"), "."),
        private=True,
    )


def _held_of(about: str, knowledge: Knowledge) -> list[Held | Turn]:
    """Return the alerts that channels were not told of, and the turns of nights that they were not shown."""
    db, community = knowledge.db, knowledge.community
    every: list[Held | Turn] = [
        *newest_held(db, community.key, HELD_LOOKED_AT),
        *newest_turns(db, community.key, HELD_LOOKED_AT),
    ]
    return sorted(
        (
            one
            for one in every
            if any(_is_meant(about, subject, community) for subject in _subjects(one))
        ),
        key=lambda one: one.at,
        reverse=True,
    )


def _held_section(held: Sequence[Held | Turn], community: Community) -> Section:
    return Section(
        title="What I held back lately",
        lines=tuple(_held(one, community) for one in held[:HELD_SHOWN]),
        more=max(0, len(held) - HELD_SHOWN),
    )


def _footer(community: Community) -> Line:
    rules = community.alert_rules
    said = (
        f"A required test is alerted of after {counted(rules.required_nights, 'night')} that it fails alike, "
        f"any other after {rules.other_nights}. "
    )
    return (said, Code("/ack"), " and ", Code("/take"), " say who knows of it.")


def _shown(there: Iterable[Known]) -> dict[str, str]:
    """Return how alerts are shown by what they are about: tests without what most of their names begin with."""
    tests = [one.alert for one in there if one.alert.what == TEST]
    path = next((alert.path for alert in tests if alert.path), "")
    return short_names([alert.subject for alert in tests], path)


def _line(one: Known, muted: dict[str, Mute], shown: dict[str, str]) -> Line:
    alert = one.alert
    line: list[Piece] = [shown.get(alert.subject, alert.subject)]
    if alert.required:
        line += [" ", Strong("required")]
    if alert.what != TEST:
        line.append(f": {alert.text}")
    elif alert.night:
        line.append(f", since {alert.night}")
    if one.signature:
        line.append(f", in “{one.signature}”")
    if one.seen_by:
        line.append(f", seen by {one.seen_by}")
    if one.looked_after_by:
        line.append(f", {one.looked_after_by} looks after it")
    if alert.subject in muted:
        line += [", muted until ", When(muted[alert.subject].until)]
    return tuple(line)


def _held(one: Held | Turn, community: Community) -> Line:
    subjects = _subjects(one)
    shown = short_names(subjects, _path(one))
    names = ", ".join(shown[subject] for subject in subjects[:NAMED])
    more = f" and {len(subjects) - NAMED} more" if len(subjects) > NAMED else ""
    channel = community.channels.get(one.channel)
    where = channel.title if channel is not None else one.channel
    turned = (
        f"the night of {one.night} turned {'red' if one.is_red else 'green'}, by "
        if isinstance(one, Turn)
        else ""
    )
    return (When(one.at), f", {where}: {turned}{names}{more}. {one.text}")


def _subjects(one: Held | Turn) -> list[str]:
    if isinstance(one, Turn):
        return list(one.jobs)
    return [alert.subject for alert in _alerts(one)]


def _path(one: Held | Turn) -> str:
    if isinstance(one, Turn):
        return one.path
    return next((alert.path for alert in _alerts(one) if alert.path), "")


def _alerts(one: Held) -> tuple[Alert, ...]:
    return (*one.news.opened, *one.news.changed, *one.news.closed)


def _is_meant(about: str, subject: str, community: Community) -> bool:
    if not about:
        return True
    wanted = community.job_aliases.get(about.lower(), about)
    return is_called(wanted, Named(name=subject)) or fits(wanted, Named(name=subject))
