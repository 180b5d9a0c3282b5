"""Lets what had to wait run again: GitHub runs no job of a run that is still under way.

Whenever:  a run ends of which a command wants jobs to run again then, or GitHub does not know it any more
Asks for:  `rerun.requested`, or `rerun.dropped` where there is nothing to run any more, or somebody took it back
"""

from collections.abc import Sequence
from typing import ClassVar

import msgspec

from chatops.answers.reruns import Hindrance, Repeatable, repeatable_runs
from chatops.engine.policy import Policy, Scene, Wanted
from chatops.events import Event, Recorded
from chatops.events.conversation import CommandReceived
from chatops.events.reruns import RerunDeferred, RerunDropped, RerunRequested
from chatops.events.runs import RunCompleted, RunLookedUp
from chatops.names import CommandId, JobId, RunId
from chatops.projections.commands import commands_about_run, runs_asked_for
from chatops.projections.dropped import is_dropped
from chatops.projections.pulls import pull

SHA_SHOWN = 9
STOPPED = "cancelled"
"""How GitHub ends a run that somebody stops, whatever its jobs came to. Who stops it does not want it to go on."""
GONE = "GitHub does not know this run any more."
TOO_LATE = {
    Hindrance.TOO_OLD: "It is more than 30 days old by now, and GitHub does not run that again.",
    Hindrance.TOO_MANY_ATTEMPTS: "It has had GitHub's limit of 50 attempts.",
}


class StartDeferred(Policy):
    """Ask for what waited, once, as soon as its run has ended; two commands that wait for one run get one attempt."""

    name: ClassVar[str] = "start_deferred"
    reads: ClassVar[tuple[type[Event], ...]] = (
        RunCompleted,
        RunLookedUp,
        RerunDeferred,
        RerunDropped,
    )

    def concerned(self, facts: Sequence[Recorded], scene: Scene) -> Sequence[Recorded]:
        asked_for = runs_asked_for(scene.db, {_run_of(fact) for fact in facts})
        return [fact for fact in facts if _run_of(fact) in asked_for]

    def decide(self, fact: Recorded, scene: Scene) -> Sequence[Wanted]:
        if isinstance(fact.event, RerunDropped):
            return _told(fact.event)
        run_id = _run_of(fact)
        wanted = []
        for asked in commands_about_run(scene.db, run_id):
            waits = _waits(scene, asked.command, run_id)
            if waits is None or is_dropped(scene.db, asked.command, run_id):
                continue
            event = _due(scene, waits, fact)
            if event is not None:
                wanted.append(Wanted(event, asked.command))
        return wanted


def _run_of(fact: Recorded) -> RunId:
    assert isinstance(fact.event, RunCompleted | RunLookedUp | RerunDeferred | RerunDropped)
    return fact.event.run_id


def _told(dropped: RerunDropped) -> list[Wanted]:
    """Tell the story of a command what another one took back of it."""
    if not dropped.of:
        return []
    return [
        Wanted(msgspec.structs.replace(dropped, command=dropped.of, of=CommandId("")), dropped.of)
    ]


def _waits(scene: Scene, command: CommandId, run_id: RunId) -> RerunDeferred | None:
    """Return what a command still waits for to be asked of a run."""
    story = scene.story(command)
    settled = {event.run_id for event in story.all(RerunRequested)}
    settled |= {event.run_id for event in story.all(RerunDropped)}
    if run_id in settled:
        return None
    return next((event for event in story.all(RerunDeferred) if event.run_id == run_id), None)


def _due(
    scene: Scene, waits: RerunDeferred, fact: Recorded
) -> RerunRequested | RerunDropped | None:
    received = scene.story(waits.command).first(CommandReceived)
    assert received is not None
    known = pull(scene.db, waits.repo, received.number)
    runs = repeatable_runs(scene.db, waits.repo, waits.sha, fact.recorded_at)
    run = next((one for one in runs if one.run_id == waits.run_id), None)
    if known is not None and (known.sha != waits.sha or known.state != "open"):
        return _dropped(waits, f"`{waits.sha[:SHA_SHOWN]}` is not the head any more.")
    if run is None:
        return _dropped(waits, "A newer run has taken its place.")
    if run.attempt == waits.attempt and not run.is_over:
        return _dropped(waits, GONE) if _is_gone(fact.event, waits) else None
    if run.attempt == waits.attempt and run.conclusion == STOPPED:
        return _dropped(waits, "It was stopped meanwhile. `/retest` runs it again.")
    if run.attempt == waits.attempt and run.hindrance is not None:
        return _dropped(waits, TOO_LATE[run.hindrance])
    return _request(waits, run)


def _is_gone(event: Event, waits: RerunDeferred) -> bool:
    """Return whether GitHub was asked about the attempt that is waited for, and does not know it."""
    return isinstance(event, RunLookedUp) and (event.attempt, event.known) == (waits.attempt, False)


def _request(waits: RerunDeferred, run: Repeatable) -> RerunRequested | RerunDropped:
    names = [job.name for job in run.failed if not waits.narrow or job.name in waits.jobs]
    job = next((job for job in run.jobs if job.name in waits.jobs), None)
    if waits.scope == "job" and job is None:
        return _dropped(waits, "The job that was meant is not there any more.")
    if waits.scope == "failed" and run.attempt == waits.attempt and not names:
        return _dropped(waits, "Nothing that was meant failed in the end.")
    is_one = waits.scope == "job" or (waits.narrow and len(names) == 1)
    alone = next((one for one in run.failed if one.name in names), job)
    return RerunRequested(
        command=waits.command,
        repo=waits.repo,
        sha=waits.sha,
        run_id=waits.run_id,
        attempt=waits.attempt,
        workflow=waits.workflow,
        scope="job" if is_one and alone is not None else waits.scope,
        job_id=alone.job_id if is_one and alone is not None else JobId(0),
        jobs=_names(waits, run, names),
    )


def _names(waits: RerunDeferred, run: Repeatable, names: Sequence[str]) -> tuple[str, ...]:
    """Return the jobs that will run: one, or every one that failed; of everything GitHub does not say it beforehand."""
    if waits.scope == "job":
        return waits.jobs
    if waits.scope == "all":
        return ()
    if waits.narrow and len(names) == 1:
        return tuple(names)
    return tuple(sorted(job.name for job in run.failed))


def _dropped(waits: RerunDeferred, text: str) -> RerunDropped:
    return RerunDropped(
        command=waits.command,
        repo=waits.repo,
        run_id=waits.run_id,
        workflow=waits.workflow,
        text=text,
    )
