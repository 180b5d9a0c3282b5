"""Is it the gate's turn to run again, now that what it waits for was started, or has passed?

Once it has failed it does not notice by itself. It is asked when everything before it was started, and once more where
it failed before all of that had passed: it may have looked too early.
"""

from chatops.answers.rerun_story import failed_again
from chatops.answers.reruns import RUN_FAILED, repeatable_runs
from chatops.engine.command import Knowledge, Story
from chatops.events.conversation import CommandReceived
from chatops.events.reruns import (
    RerunDeferred,
    RerunDropped,
    RerunFinished,
    RerunRefused,
    RerunRequested,
    RerunStarted,
)


def gate_turn(
    story: Story, received: CommandReceived, knowledge: Knowledge
) -> RerunRequested | None:
    """Return what is to be asked of the gate, nothing if it is not its turn."""
    asked = [request for request in story.all(RerunRequested) if request.gate]
    others = [request for request in story.all(RerunRequested) if not request.gate]
    if knowledge.community.gate is None or not others or not _any_started(story):
        return None
    is_due = _looked_too_early(story, asked) if asked else _all_answered(story)
    if not is_due:
        return None
    runs = repeatable_runs(knowledge.db, received.repo, others[0].sha, knowledge.now)
    for run in runs:
        is_gate = run.workflow == knowledge.community.gate.workflow
        is_red = run.is_over and run.conclusion in RUN_FAILED
        if is_gate and is_red and run.hindrance is None:
            return RerunRequested(
                command=received.command,
                repo=received.repo,
                sha=others[0].sha,
                run_id=run.run_id,
                attempt=run.attempt,
                workflow=run.workflow,
                scope="all",
                gate=True,
                again=bool(asked),
            )
    return None


def _any_started(story: Story) -> bool:
    return any(not started.gate for started in story.all(RerunStarted))


def _all_answered(story: Story) -> bool:
    """Return whether nothing before the gate is still to be started."""
    asked = {request.run_id for request in story.all(RerunRequested) if not request.gate}
    asked |= {deferred.run_id for deferred in story.all(RerunDeferred)}
    answered = {event.run_id for event in story.all(RerunDropped)}
    answered |= {event.run_id for event in story.all(RerunStarted)}
    answered |= {event.run_id for event in story.all(RerunRefused)}
    return asked <= answered


def _looked_too_early(story: Story, asked: list[RerunRequested]) -> bool:
    """Return whether the gate failed before all that it waits for had passed."""
    finished = story.all(RerunFinished)
    gate = next((one for one in finished if one.gate), None)
    if len(asked) > 1 or gate is None or gate.conclusion == "success" or failed_again(story):
        return False
    started = {one.run_id for one in story.all(RerunStarted) if not one.gate}
    ended = {one.run_id: one.completed_at for one in finished if not one.gate}
    if not started <= ended.keys() or gate.completed_at is None:
        return False
    return any(at is not None and at > gate.completed_at for at in ended.values())
