"""What time alone turns: a night that should have begun and has not, and jobs that wait for a runner that is away.

Nobody sends an event about what does not happen, so this is looked at every minute. Each look names what it finds after
the moment from which it is wrong, so that two processes that look at once find the same.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta

from chatops.answers.alert_catch_up import caught_up
from chatops.answers.alert_looks import NIGHT
from chatops.answers.night_schedule import Late, late_workflows
from chatops.answers.night_thread import begun_meanwhile
from chatops.answers.nights import board_sources, counted, placed
from chatops.engine.command import Knowledge
from chatops.events import Event
from chatops.events.alerts import Alert, AlertsTurned
from chatops.projections.alerts import Known, open_alerts
from chatops.projections.jobs import Waiting, jobs_of_runs, newest_runs_called, waiting_jobs
from chatops.projections.runs import attempts_of_runs

RUNNER = "runner"
"""The kind of alerts that are about a kind of runner."""
ENDED = "ended"
NIGHTS_LOOKED_AT = 8
GIVEN_UP = timedelta(hours=24)
"""GitHub cancels a job that has waited for so long."""
NAMES_KEPT = 50
FORGOTTEN = timedelta(days=7)


def watched(knowledge: Knowledge) -> list[Event]:
    """Return what is to be recorded of a community because of the time it is."""
    if not any(channel.hears_alerts for channel in knowledge.community.channels.values()):
        return []
    known = open_alerts(knowledge.db, knowledge.community.key)
    return [
        *late_nights(knowledge, known),
        *runners_away(knowledge, known),
        *begun_meanwhile(knowledge),
        *caught_up(knowledge),
    ]


def late_nights(knowledge: Knowledge, known: Iterable[Known]) -> Iterator[AlertsTurned]:
    """Yield that a nightly workflow is late, and that it has come after all."""
    community, now = knowledge.community, knowledge.now
    if not community.nightly:
        return
    sources = board_sources(
        knowledge.db, community.repositories, community.nightly, nights=NIGHTS_LOOKED_AT
    )
    workflows = placed(community.repositories, community.nightly)
    grace = timedelta(hours=community.alert_rules.late_hours)
    late = {one.workflow: one for one in late_workflows(sources.nights, workflows, now, grace)}
    open_now = {one.alert.subject: one for one in known if one.alert.what == NIGHT}
    for name, one in late.items():
        if name not in open_now:
            yield _turned(knowledge, f"{NIGHT}/{name}/{one.due_at:%Y%m%dT%H%M}", opened=_late(one))
    for name, was in open_now.items():
        if name not in late:
            yield _turned(knowledge, f"{was.alert.alert}/{ENDED}", closed=was.alert)


def runners_away(knowledge: Knowledge, known: Iterable[Known]) -> Iterator[AlertsTurned]:
    """Yield that many jobs wait for one kind of runner, in one alert, and that they do no longer.

    It is over when fewer than half as many wait, so that one job more or less neither ends it nor begins it anew, and a
    runner has taken one since: that nobody waits any more, because all were cancelled, is no runner.
    """
    rules, now = knowledge.community.alert_rules, knowledge.now
    waited = timedelta(minutes=rules.runner_minutes)
    by_label: dict[str, list[Waiting]] = defaultdict(list)
    for job in _ours(waiting_jobs(knowledge.db, now - GIVEN_UP, now - waited), knowledge):
        by_label[job.labels].append(job)
    open_now = {one.alert.subject: one for one in known if one.alert.what == RUNNER}
    for labels, jobs in sorted(by_label.items()):
        if len(jobs) >= rules.runner_jobs and runner_called(labels) not in open_now:
            look = f"{RUNNER}/{labels}/{now:%Y%m%dT%H}"
            yield _turned(knowledge, look, opened=_away(labels, jobs, rules.runner_minutes))
    for subject, was in open_now.items():
        left = sum(
            len(jobs) for labels, jobs in by_label.items() if runner_called(labels) == subject
        )
        if left * 2 < rules.runner_jobs and _is_back(was, knowledge):
            yield _turned(knowledge, f"{was.alert.alert}/{ENDED}", closed=was.alert)


def _is_back(was: Known, knowledge: Knowledge) -> bool:
    """Return whether a runner has taken a job that needs it since the alert began; after some days it is not known."""
    if knowledge.now - was.opened_at > FORGOTTEN:
        return True
    newest = newest_runs_called(knowledge.db, was.alert.jobs)
    return any(
        runner_called(job.labels) == was.alert.subject
        and job.runner
        and (job.started_at is None or job.started_at >= was.opened_at)
        for job in jobs_of_runs(knowledge.db, sorted(set(newest.values())))
    )


def _ours(jobs: Sequence[Waiting], knowledge: Knowledge) -> list[Waiting]:
    """Return the jobs of the community's repositories, of runs that are not over as far as is known."""
    runs = attempts_of_runs(knowledge.db, sorted({job.run_id for job in jobs}))
    there = {
        (run.run_id, run.attempt)
        for run in runs
        if run.repo in knowledge.community.repositories and not run.is_over
    }
    return [job for job in jobs if (job.run_id, job.attempt) in there]


def _late(late: Late) -> Alert:
    return Alert(
        alert=f"{NIGHT}/{late.workflow}/{late.due_at:%Y%m%dT%H%M}",
        what=NIGHT,
        subject=late.workflow,
        since=late.due_at,
        text=(
            f"it should have begun on {_moment(late.due_at)} and has not; "
            f"its last run began on {_moment(late.began_at)}."
        ),
    )


def _away(labels: str, jobs: Sequence[Waiting], minutes: int) -> Alert:
    first = min(job.created_at for job in jobs)
    return Alert(
        alert=f"{RUNNER}/{labels}/{first:%Y%m%dT%H%M%S}",
        what=RUNNER,
        subject=runner_called(labels),
        since=first,
        jobs=tuple(dict.fromkeys(job.name for job in jobs))[:NAMES_KEPT],
        text=(
            f"{counted(len(jobs), 'job')} that need it have waited for more than {minutes} minutes, "
            f"the first since {_moment(first)}."
        ),
    )


def runner_called(labels: str) -> str:
    """Return what an alert of a kind of runner is about, as one calls it."""
    return f"Runner {labels}"


def _moment(at: datetime) -> str:
    return f"{at:%a} {at.day} {at:%b at %H:%M} UTC"


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
