"""How is a command that ran jobs again taken back? What it started is stopped, what still waits is not asked for."""

from collections.abc import Sequence

from chatops.engine.command import Asked, Knowledge, Story
from chatops.errors import Refused
from chatops.events import Event
from chatops.events.cancels import CancelRequested
from chatops.events.reruns import (
    RerunDeferred,
    RerunDropped,
    RerunLost,
    RerunRefused,
    RerunRequested,
    RerunStarted,
)
from chatops.projections.runs import attempts_of_run


def reruns_taken_back(story: Story, asked: Asked, knowledge: Knowledge) -> Sequence[Event]:
    """Return what stops the attempts a command started, as far as they still run; refuse where nothing is left."""
    command = asked.received.command
    settled = {event.run_id for event in story.all(RerunRequested)}
    settled |= {event.run_id for event in story.all(RerunDropped)}
    dropped = [
        RerunDropped(
            command=command, repo=one.repo, run_id=one.run_id, workflow=one.workflow,
            text="It was taken back.", of=one.command,
        )
        for one in story.all(RerunDeferred)
        if one.run_id not in settled
    ]  # fmt: skip
    lost = {(event.run_id, event.attempt) for event in story.all(RerunLost)}
    stopped = [
        CancelRequested(
            command=command, repo=started.repo, run_id=started.run_id, attempt=started.attempt,
            workflow=started.workflow,
        )
        for started in story.all(RerunStarted)
        if not started.found
        and (started.run_id, started.attempt) not in lost
        and _still_runs(started, knowledge)
    ]  # fmt: skip
    if dropped or stopped:
        return [*dropped, *stopped]
    answered = len(story.all(RerunStarted)) + len(story.all(RerunRefused))
    if len(story.all(RerunRequested)) > answered:
        raise Refused(
            "GitHub has not been asked for all of it yet. Look again in a minute.",
            reason="not_done",
        )
    raise Refused(
        "What it started has ended or went on to another attempt, so there is nothing to stop.",
        reason="changed_since",
    )


def _still_runs(started: RerunStarted, knowledge: Knowledge) -> bool:
    attempts = attempts_of_run(knowledge.db, started.run_id)
    if not attempts:
        return True
    newest = attempts[-1]
    return newest.attempt < started.attempt or (
        newest.attempt == started.attempt and not newest.is_over
    )
