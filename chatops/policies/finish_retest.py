"""Closes the story of a `/retest`.

Whenever:  every run it asked for has ended, was refused or is lost, also those that had to wait, and the gate has had
           its turn
Asks for:  `retest.finished`, with how many jobs passed and how many did not; and `rows.shown` with those that did not,
           by whose numbers people may name them from now on
"""

from collections import Counter
from collections.abc import Sequence
from typing import ClassVar

from chatops.answers.gate_turn import gate_turn
from chatops.answers.rerun_story import PASSED, failed_again
from chatops.engine.command import Story
from chatops.engine.policy import Policy, Scene, Wanted
from chatops.events import Event, Recorded
from chatops.events.conversation import CommandReceived
from chatops.events.reruns import (
    RerunDeferred,
    RerunDropped,
    RerunFinished,
    RerunLost,
    RerunRefused,
    RerunRequested,
    RetestFinished,
)
from chatops.events.tables import RowsShown


class FinishRetest(Policy):
    """Say that everything a `/retest` started has ended."""

    name: ClassVar[str] = "finish_retest"
    reads: ClassVar[tuple[type[Event], ...]] = (
        RerunFinished,
        RerunLost,
        RerunRefused,
        RerunDropped,
    )

    def decide(self, fact: Recorded, scene: Scene) -> Sequence[Wanted]:
        assert isinstance(fact.event, RerunFinished | RerunLost | RerunRefused | RerunDropped)
        story = scene.story(fact.event.command)
        received = story.first(CommandReceived)
        if received is None or not _is_over(story) or _gate_is_due(story, received, scene):
            return []
        jobs = [job for run in story.all(RerunFinished) if not run.gate for job in run.jobs]
        passed = sum(job.conclusion in PASSED for job in jobs)
        finished = RetestFinished(
            command=received.command,
            repo=received.repo,
            number=received.number,
            passed=passed,
            failed=len(jobs) - passed,
        )
        rows = failed_again(story)
        if not rows:
            return [Wanted(finished)]
        shown = RowsShown(
            command=received.command,
            repo=received.repo,
            number=received.number,
            rows=tuple(row.full for row in rows),
            shown_at=fact.recorded_at,
        )
        return [Wanted(shown), Wanted(finished)]


def _is_over(story: Story) -> bool:
    """Return whether nothing is under way, or waits, any more."""
    requested = [request.run_id for request in story.all(RerunRequested)]
    ended = [event.run_id for event in story.all(RerunFinished)]
    ended += [event.run_id for event in story.all(RerunLost)]
    ended += [event.run_id for event in story.all(RerunRefused)]
    # The gate may have been asked twice, and then ends twice.
    is_over = not Counter(requested) - Counter(ended)
    dropped = {event.run_id for event in story.all(RerunDropped)}
    waiting = {deferred.run_id for deferred in story.all(RerunDeferred)} - dropped
    return is_over and waiting <= set(requested)


def _gate_is_due(story: Story, received: CommandReceived, scene: Scene) -> bool:
    """Return whether the gate is still to be asked for, in a step of its own right after this one."""
    knowledge = scene.knowledge(received.community)
    return knowledge is not None and gate_turn(story, received, knowledge) is not None
