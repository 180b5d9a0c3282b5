"""Notices that a night's results are complete, so that people are told of it once and whole.

Whenever:  an attempt of a nightly run has ended and every job that was heard of in it, in whatever order that is heard
Asks for:  `night.settled`, once for each attempt; of what ended long ago nobody has to be told
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import ClassVar

from chatops.engine.policy import Policy, Scene, Wanted
from chatops.events import Event, Recorded
from chatops.events.notices import NightSettled
from chatops.events.runs import JobCompleted, RunCompleted
from chatops.names import RunId
from chatops.projections.jobs import jobs_of_runs
from chatops.projections.runs import attempts_of_run

NEWS = timedelta(hours=24)
"""What ended longer ago than this when we heard of it is history, by whatever road it came."""


class SettleNights(Policy):
    """Say when nothing more is expected of a nightly run; what comes late only delays it."""

    name: ClassVar[str] = "settle_nights"
    reads: ClassVar[tuple[type[Event], ...]] = (RunCompleted, JobCompleted)

    def concerned(self, facts: Sequence[Recorded], scene: Scene) -> Sequence[Recorded]:
        names = {
            workflow.name
            for community in scene.configuration.communities.values()
            for workflow in community.nightly
        }
        # The last fact of an attempt in a batch sees all that the others would have seen.
        newest = {
            _attempt(fact): fact
            for fact in facts
            if _workflow(fact) in names | {""} and _is_news(fact)
        }
        return sorted(newest.values(), key=lambda fact: fact.position)

    def decide(self, fact: Recorded, scene: Scene) -> Sequence[Wanted]:
        event = fact.event
        assert isinstance(event, RunCompleted | JobCompleted)
        run = next(
            (
                run
                for run in attempts_of_run(scene.db, event.run_id)
                if run.attempt == event.attempt
            ),
            None,
        )
        community = scene.configuration.community_of(event.repo)
        if run is None or community is None or not run.is_over or run.trigger != "schedule":
            return []
        if not any(
            (one.name, community.repository_of(one)) == (run.workflow, run.repo)
            for one in community.nightly
        ):
            return []
        jobs = [job for job in jobs_of_runs(scene.db, [run.run_id]) if job.attempt == run.attempt]
        if not jobs or not all(job.is_over for job in jobs):
            return []
        return [
            Wanted(
                NightSettled(
                    repo=run.repo,
                    run_id=run.run_id,
                    attempt=run.attempt,
                    workflow=run.workflow,
                    ended_at=run.completed_at,
                )
            )
        ]


def _workflow(fact: Recorded) -> str:
    assert isinstance(fact.event, RunCompleted | JobCompleted)
    return fact.event.workflow


def _attempt(fact: Recorded) -> tuple[RunId, int]:
    assert isinstance(fact.event, RunCompleted | JobCompleted)
    return fact.event.run_id, fact.event.attempt


def _is_news(fact: Recorded) -> bool:
    return fact.recorded_at - fact.occurred_at <= NEWS
