"""Alerts of required checks that nothing makes any more: a change that needs one waits for ever.

Whenever:  a night's results are complete
Asks for:  `alerts.turned` with one alert for all names of a repository that nobody has reported for days, although
           others of the list were; and when all of its names are made again, or required no longer
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from hashlib import blake2b
from typing import ClassVar

from chatops.answers.job_words import LEVEL
from chatops.answers.nights import counted
from chatops.answers.required_list import job_of, names_of
from chatops.config import Community
from chatops.engine.policy import Policy, Scene, Wanted
from chatops.events import Event, Recorded
from chatops.events.alerts import Alert, AlertsTurned
from chatops.events.notices import NightSettled
from chatops.names import Repo
from chatops.projections.alerts import open_alerts
from chatops.projections.checks import outside_names
from chatops.projections.jobs import newest_runs_called
from chatops.projections.pulls import open_pulls
from chatops.projections.required import required_versions
from chatops.projections.runs import attempts_of_runs

UNMADE = "unmade"
ENDED = "ended"
PULLS_LOOKED_AT = 100
VERSIONS_LOOKED_AT = 60
NAMED = 5


class AlertOfUnmade(Policy):
    """Compare the list with what there is, once a night."""

    name: ClassVar[str] = "alert_of_unmade"
    reads: ClassVar[tuple[type[Event], ...]] = (NightSettled,)

    def decide(self, fact: Recorded, scene: Scene) -> Sequence[Wanted]:
        settled = fact.event
        assert isinstance(settled, NightSettled)
        community = scene.configuration.community_of(settled.repo)
        if community is None:
            return []
        if not any(channel.hears_alerts for channel in community.channels.values()):
            return []
        unmade = _unmade(fact, settled.repo, community, scene)
        if unmade is None:
            return []
        known = [
            one.alert
            for one in open_alerts(scene.db, community.key)
            if one.alert.what == UNMADE and one.alert.subject == _subject(settled.repo)
        ]
        return [
            Wanted(event) for event in _turned(fact, community.key, settled.repo, unmade, known)
        ]


def _unmade(
    fact: Recorded, repo: Repo, community: Community, scene: Scene
) -> Mapping[str, str] | None:
    """Return the required names that nothing makes, each with its job; nothing if that cannot be said.

    What was not reported for some days, while others of the list were, is not made any more. A name that has not been
    in the list for so long, or a list that is not known for so long, proves nothing.
    """
    gate = community.gate.workflow if community.gate else ""
    silent_for = timedelta(days=community.alert_rules.unmade_days)
    versions = required_versions(scene.db, repo, VERSIONS_LOOKED_AT)
    then = next(
        (
            version.rules
            for version in versions
            if version.seen_at is not None and fact.recorded_at - version.seen_at >= silent_for
        ),
        None,
    )
    if then is None:
        return None
    now, before = names_of(versions[0].rules), names_of(then)
    jobs = {
        name: job_of(name)
        for name in now
        if name in before and (not gate or name.partition(LEVEL)[0] != gate)
    }
    newest = newest_runs_called(scene.db, sorted(set(jobs.values())))
    made_at = {
        run.run_id: run.created_at
        for run in attempts_of_runs(scene.db, sorted(set(newest.values())))
        if run.repo == repo and run.created_at is not None
    }
    lately = {
        job
        for job, run_id in newest.items()
        if run_id in made_at and fact.recorded_at - made_at[run_id] <= silent_for
    }
    if not lately:
        return None
    silent = {name: job for name, job in jobs.items() if job not in lately}
    heads = [(repo, pull.sha) for pull in open_pulls(scene.db, repo)[:PULLS_LOOKED_AT]]
    outside = outside_names(scene.db, heads, sorted(silent)) if heads and silent else set()
    return {name: job for name, job in silent.items() if name not in outside}


def _turned(
    fact: Recorded, community: str, repo: Repo, unmade: Mapping[str, str], known: Sequence[Alert]
) -> Iterator[AlertsTurned]:
    told = {job for alert in known for job in alert.jobs}
    new = {name: job for name, job in unmade.items() if job not in told}
    over = [alert for alert in known if not set(alert.jobs) & set(unmade.values())]
    if new:
        alert = _alert(fact, repo, new)
        yield AlertsTurned(
            look=alert.alert, community=community, repo=repo, opened=(alert,), at=fact.recorded_at
        )
    for alert in over:
        yield AlertsTurned(
            look=f"{alert.alert}/{ENDED}",
            community=community,
            repo=repo,
            closed=(alert,),
            over=ENDED,
            at=fact.recorded_at,
        )


def _alert(fact: Recorded, repo: Repo, names: Mapping[str, str]) -> Alert:
    said = ", ".join(list(names)[:NAMED])
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    are = "are" if len(names) > 1 else "is"
    which = blake2b("\n".join(names).encode(), digest_size=8).hexdigest()
    return Alert(
        alert=f"{UNMADE}/{repo}/{fact.recorded_at:%Y%m%d}/{which}",
        what=UNMADE,
        subject=_subject(repo),
        required=True,
        jobs=tuple(dict.fromkeys(names.values())),
        text=(
            f"{counted(len(names), 'name')} {are} required and made by no run any more: {said}{more}. "
            "A pull request that needs them cannot be merged."
        ),
    )


def _subject(repo: Repo) -> str:
    return f"Required checks of {repo} that no run makes"
