"""Alerts of a kind of runner that lost many jobs of a night: they were never taken, or fell while it was set up.

Whenever:  a night's results are complete
Asks for:  `alerts.turned` with one alert for each kind of runner that lost as many jobs as the community says, and when
           a later night lost fewer than half as many
"""

import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import ClassVar

from chatops.answers.alert_watch import RUNNER, runner_called
from chatops.answers.nights import counted
from chatops.engine.policy import Policy, Scene, Wanted
from chatops.events import Event, Recorded
from chatops.events.alerts import Alert, AlertsTurned
from chatops.events.notices import NightSettled
from chatops.projections.alerts import open_alerts
from chatops.projections.jobs import Job, jobs_of_runs

LOST = "lost"
ENDED = "ended"
NAMES_KEPT = 50
SETTING_UP = re.compile(r"set up (job|runner)\b", re.IGNORECASE)


class AlertOfLost(Policy):
    """See one outage in many failures."""

    name: ClassVar[str] = "alert_of_lost"
    reads: ClassVar[tuple[type[Event], ...]] = (NightSettled,)

    def decide(self, fact: Recorded, scene: Scene) -> Sequence[Wanted]:
        settled = fact.event
        assert isinstance(settled, NightSettled)
        community = scene.configuration.community_of(settled.repo)
        if community is None:
            return []
        if not any(channel.hears_alerts for channel in community.channels.values()):
            return []
        jobs = [
            job
            for job in jobs_of_runs(scene.db, [settled.run_id])
            if job.attempt == settled.attempt and job.labels and not job.is_carried
        ]
        lost: dict[str, list[str]] = defaultdict(list)
        for job in jobs:
            if _is_lost(job):
                lost[job.labels].append(job.name)
        enough = community.alert_rules.runner_jobs
        there = open_alerts(scene.db, community.key)
        known = {one.alert.subject: one.alert for one in there if one.alert.what == LOST}
        # One outage is one alert: where jobs wait for this kind, it is told that it is away.
        away = {one.alert.subject for one in there if one.alert.what == RUNNER}
        opened = tuple(
            _alert(settled, labels, names, fact.recorded_at)
            for labels, names in sorted(lost.items())
            if len(names) >= enough
            and _subject(labels) not in known
            and runner_called(labels) not in away
        )
        closed = _over(known, Counter(job.labels for job in jobs), lost, enough)
        if not opened and not closed:
            return []
        return [
            Wanted(
                AlertsTurned(
                    look=f"{LOST}/{settled.run_id}/{settled.attempt}",
                    community=community.key,
                    repo=settled.repo,
                    run_id=settled.run_id,
                    attempt=settled.attempt,
                    workflow=settled.workflow,
                    opened=opened,
                    closed=closed,
                    over=ENDED if closed else "",
                    at=fact.recorded_at,
                )
            )
        ]


def _is_lost(job: Job) -> bool:
    """Return whether a job ended for want of a runner: GitHub names none, or the first step was not its own."""
    if job.conclusion == "cancelled":
        return not job.runner
    return job.conclusion == "failure" and SETTING_UP.match(job.failed_step) is not None


def _over(
    known: Mapping[str, Alert],
    needed: Mapping[str, int],
    lost: Mapping[str, Sequence[str]],
    enough: int,
) -> tuple[Alert, ...]:
    """Return what is over: of a kind that the run did not need nothing can be said."""
    return tuple(
        known[_subject(labels)]
        for labels in sorted(needed)
        if _subject(labels) in known and len(lost.get(labels, ())) * 2 < enough
    )


def _alert(settled: NightSettled, labels: str, names: Sequence[str], at: datetime) -> Alert:
    return Alert(
        alert=f"{LOST}/{labels}/{settled.run_id}/{settled.attempt}",
        what=LOST,
        subject=_subject(labels),
        since=settled.ended_at or at,
        jobs=tuple(dict.fromkeys(names))[:NAMES_KEPT],
        text=(
            f"{counted(len(names), 'job')} of {settled.workflow} that need it were lost: "
            "no runner took them, or it fell while it was set up."
        ),
    )


def _subject(labels: str) -> str:
    return f"Lost on {labels}"
