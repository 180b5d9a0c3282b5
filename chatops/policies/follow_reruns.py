"""Notices that a repeated attempt has ended, and how its jobs did.

Whenever:  a run that a command asked to run again completes a later attempt, or a job of it ends
Asks for:  `rerun.finished`, once the attempt is over and every job it was about has ended in it
"""

from collections.abc import Sequence
from typing import ClassVar

from chatops.engine.command import Story
from chatops.engine.policy import Policy, Scene, Wanted
from chatops.events import Event, Recorded
from chatops.events.reruns import JobOutcome, RerunFinished, RerunRequested, RerunStarted
from chatops.events.runs import JobCompleted, RunCompleted
from chatops.names import RunId
from chatops.projections.commands import commands_about_run, runs_asked_for
from chatops.projections.jobs import Job, jobs_of_runs
from chatops.projections.runs import Run, attempts_of_run


class FollowReruns(Policy):
    """Tell how a repeated attempt ended; late and lost facts only delay it."""

    name: ClassVar[str] = "follow_reruns"
    reads: ClassVar[tuple[type[Event], ...]] = (RunCompleted, JobCompleted, RerunStarted)

    def concerned(self, facts: Sequence[Recorded], scene: Scene) -> Sequence[Recorded]:
        asked_for = runs_asked_for(scene.db, {_run_of(fact) for fact in facts})
        return [fact for fact in facts if _run_of(fact) in asked_for]

    def decide(self, fact: Recorded, scene: Scene) -> Sequence[Wanted]:
        run_id = _run_of(fact)
        asked_for = commands_about_run(scene.db, run_id)
        if not asked_for:
            return []
        attempts = {run.attempt: run for run in attempts_of_run(scene.db, run_id)}
        jobs = jobs_of_runs(scene.db, [run_id])
        wanted = []
        for asked in asked_for:
            story = scene.story(asked.command)
            for request in story.all(RerunRequested):
                finished = _finished(story, request, attempts, jobs)
                if request.run_id == run_id and finished is not None:
                    wanted.append(Wanted(finished, asked.command))
        return wanted


def _run_of(fact: Recorded) -> RunId:
    assert isinstance(fact.event, RunCompleted | JobCompleted | RerunStarted)
    return fact.event.run_id


def _finished(
    story: Story, request: RerunRequested, attempts: dict[int, Run], jobs: Sequence[Job]
) -> RerunFinished | None:
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
    run = attempts.get(started.attempt)
    if run is None or not run.is_over:
        return None
    executed = [
        job for job in jobs if job.attempt == started.attempt and not job.is_carried and job.is_over
    ]
    names = {job.name for job in executed}
    if not request.gate and not set(request.jobs) <= names:
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
