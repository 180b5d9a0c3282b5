"""Notices that a repeated attempt has ended, and how its jobs did.

Whenever:  a run that a command asked to run again completes a later attempt, or a job of it ends, or we looked it up
Asks for:  `rerun.finished`, once the attempt is over and every job it was about has ended in it, or is known not to be
           in it; or `rerun.lost`, where GitHub does not know that attempt any more
"""

from collections.abc import Mapping, Sequence
from typing import ClassVar

from msgspec import Struct

from chatops.engine.command import Story
from chatops.engine.policy import Policy, Scene, Wanted
from chatops.events import Event, Recorded
from chatops.events.reruns import (
    JobOutcome,
    RerunFinished,
    RerunLost,
    RerunRequested,
    RerunStarted,
)
from chatops.events.runs import JobCompleted, RunCompleted, RunLookedUp
from chatops.names import RunId
from chatops.projections.commands import commands_about_run, runs_asked_for
from chatops.projections.jobs import Job, jobs_of_runs
from chatops.projections.runs import Run, attempts_of_run


class FollowReruns(Policy):
    """Tell how a repeated attempt ended; late and lost facts only delay it."""

    name: ClassVar[str] = "follow_reruns"
    reads: ClassVar[tuple[type[Event], ...]] = (
        RunCompleted,
        JobCompleted,
        RunLookedUp,
        RerunStarted,
    )

    def concerned(self, facts: Sequence[Recorded], scene: Scene) -> Sequence[Recorded]:
        asked_for = runs_asked_for(scene.db, {_run_of(fact) for fact in facts})
        return [fact for fact in facts if _run_of(fact) in asked_for]

    def decide(self, fact: Recorded, scene: Scene) -> Sequence[Wanted]:
        run_id = _run_of(fact)
        asked_for = commands_about_run(scene.db, run_id)
        if not asked_for:
            return []
        seen = _Seen(
            attempts={run.attempt: run for run in attempts_of_run(scene.db, run_id)},
            jobs=jobs_of_runs(scene.db, [run_id]),
            looked_up=fact.event if isinstance(fact.event, RunLookedUp) else None,
        )
        wanted = []
        for asked in asked_for:
            story = scene.story(asked.command)
            for request in story.all(RerunRequested):
                end = _end(story, request, seen) if request.run_id == run_id else None
                if end is not None:
                    wanted.append(Wanted(end, asked.command))
        return wanted


class _Seen(Struct, frozen=True, kw_only=True):
    """What is known of a run: its attempts and jobs, and what GitHub just said when it was asked."""

    attempts: Mapping[int, Run]
    jobs: Sequence[Job]
    looked_up: RunLookedUp | None

    def is_told(self, attempt: int, *, known: bool) -> bool:
        """Return whether GitHub was just asked about an attempt, and knew it or not."""
        told = self.looked_up
        return told is not None and (told.attempt, told.known) == (attempt, known)


def _run_of(fact: Recorded) -> RunId:
    assert isinstance(fact.event, RunCompleted | JobCompleted | RunLookedUp | RerunStarted)
    return fact.event.run_id


def _end(story: Story, request: RerunRequested, seen: _Seen) -> RerunFinished | RerunLost | None:
    started = next(
        (
            event
            for event in story.all(RerunStarted)
            if (event.run_id, event.again) == (request.run_id, request.again)
        ),
        None,
    )
    if started is None:
        return None
    run = seen.attempts.get(started.attempt)
    if (run is None or not run.is_over) and seen.is_told(started.attempt, known=False):
        return RerunLost(
            command=request.command,
            repo=request.repo,
            run_id=request.run_id,
            attempt=started.attempt,
            workflow=request.workflow,
            gate=request.gate,
        )
    if run is None or not run.is_over:
        return None
    executed = [
        job
        for job in seen.jobs
        if job.attempt == started.attempt and not job.is_carried and job.is_over
    ]
    are_all_here = set(request.jobs) <= {job.name for job in executed}
    if not request.gate and not are_all_here and not seen.is_told(started.attempt, known=True):
        return None
    return RerunFinished(
        command=request.command,
        repo=request.repo,
        run_id=request.run_id,
        attempt=started.attempt,
        workflow=request.workflow,
        conclusion=run.conclusion,
        jobs=tuple(
            JobOutcome(
                name=job.name,
                conclusion=job.conclusion,
                job_id=job.job_id,
                failed_step=job.failed_step,
            )
            for job in executed
        ),
        gate=request.gate,
        completed_at=run.completed_at,
    )
