"""Which channel hears of which alerts, whom does it call, and what is held back from it, until when and why?"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from msgspec import Struct, structs

from chatops.answers.alert_looks import NIGHT, TEST
from chatops.answers.nights import counted, placed
from chatops.answers.required_rule import required_rule
from chatops.config import Channel
from chatops.engine.command import Knowledge
from chatops.events.alerts import Alert, AlertNews, Called
from chatops.projections.identities import member_called
from chatops.projections.jobs import jobs_of_runs
from chatops.projections.mutes import Mute
from chatops.projections.runs import newest_of_workflows

MUTED, QUIET = "muted", "quiet"
MOST_CALLED = 10


class Kept(Struct, frozen=True, kw_only=True):
    """What a channel is not told of now: why, in a word and in a sentence, and until when."""

    reason: str
    text: str
    until: datetime
    news: AlertNews


def muted_parts(news: AlertNews, muted: dict[str, Mute]) -> tuple[AlertNews, list[Kept]]:
    """Return the news without what is muted, and what that is, by the mute it is because of.

    That something is over is told all the same: whoever was told that it began waits for that.
    """
    kept: dict[tuple[datetime, str], tuple[list[Alert], list[Alert]]] = {}
    opened: list[Alert] = []
    changed: list[Alert] = []
    for alerts, rest, place in ((news.opened, opened, 0), (news.changed, changed, 1)):
        for alert in alerts:
            mute = muted.get(alert.subject) if alert.what == TEST else None
            if mute is None:
                rest.append(alert)
                continue
            text = f"Muted by {mute.by} until {mute.until:%Y-%m-%d %H:%M} UTC: {mute.reason}"
            kept.setdefault((mute.until, text), ([], []))[place].append(alert)
    left = _with(news, opened, changed)
    return left, [
        Kept(reason=MUTED, text=text, until=until, news=_with(news, *parts, closed=()))
        for (until, text), parts in sorted(kept.items(), key=lambda pair: pair[0])
    ]


def rest_of(news: AlertNews, channel: Channel, now: datetime) -> Kept | None:
    """Return the news as held back, if the channel has its rest now."""
    until = channel.alerts.rests_until(now, channel.clock) if channel.alerts else None
    if until is None:
        return None
    here = until.astimezone(channel.clock)
    return Kept(
        reason=QUIET,
        text=f"The channel rests until {here:%H:%M} ({channel.zone}), and is told then.",
        until=until,
        news=news,
    )


def jobs_about(alert: Alert, knowledge: Knowledge) -> list[tuple[str, bool]]:
    """Return the jobs that an alert is about, each with whether it is required: by those a channel hears of it.

    A night that did not come is about the jobs of the one before. What is about no job has its own name in their place.
    """
    if alert.what == TEST:
        return [(job, alert.required) for job in alert.jobs]
    db, community = knowledge.db, knowledge.community
    rules = [required_rule(db, repo) for repo in community.repositories]
    jobs: Iterable[str] = alert.jobs
    if alert.what == NIGHT:
        runs = [
            run.run_id
            for repo, workflow in placed(community.repositories, community.nightly)
            if workflow.name == alert.subject
            for run in newest_of_workflows(db, repo, [workflow.name], 1)
        ]
        jobs = dict.fromkeys(job.name for job in jobs_of_runs(db, runs))
    found = [
        (job, alert.required or any(rule is not None and rule.has(job) for rule in rules))
        for job in jobs
    ]
    return found or [(alert.subject, alert.required)]


def called_for(alerts: Iterable[Alert], knowledge: Knowledge) -> tuple[Called, ...]:
    """Return who looks after the tests of some alerts, each once.

    Who they are in Slack they have shown themselves, or the configuration says it.
    """
    community = knowledge.community
    found: dict[str, Called] = {}
    for alert in alerts:
        for group in (group for job in alert.jobs for group in community.owners_of(job)):
            for owner in group.owners:
                name = owner.github or owner.fullname or owner.slack
                if name and name not in found:
                    linked = (
                        member_called(knowledge.db, owner.github, community.slack_team)
                        if owner.github
                        else None
                    )
                    member = linked.member if linked else community.member_of(owner)
                    found[name] = Called(name=name, slack=member)
    return tuple(list(found.values())[:MOST_CALLED])


def is_empty(news: AlertNews) -> bool:
    """Return whether there is nothing to tell."""
    return not (news.opened or news.changed or news.closed)


def held_words(kept: Sequence[AlertNews], reason: str) -> str:
    """Return why something is told late."""
    number = sum(len(news.opened) + len(news.changed) for news in kept)
    if reason == QUIET:
        return f"Held back while the channel rested: {counted(number, 'alert')}."
    return f"Held back while muted: {counted(number, 'alert')}."


def _with(
    news: AlertNews,
    opened: Iterable[Alert],
    changed: Iterable[Alert],
    closed: Iterable[Alert] | None = None,
) -> AlertNews:
    return structs.replace(
        news,
        opened=tuple(opened),
        changed=tuple(changed),
        closed=tuple(news.closed if closed is None else closed),
    )
