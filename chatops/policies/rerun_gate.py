"""Runs the gate again after the jobs it waits for were started; it does not notice by itself once it has failed.

Whenever:  every rerun that a `/retest` asked for has been started or refused, also those that had to wait, and at
           least one was started
Asks for:  `rerun.requested` for the newest run of the community's gate workflow, unless it is green or under way
"""

from collections.abc import Sequence
from typing import ClassVar

from chatops.answers.reruns import RUN_FAILED, repeatable_runs
from chatops.engine.command import Story
from chatops.engine.policy import Policy, Scene, Wanted
from chatops.events import Event, Recorded
from chatops.events.conversation import CommandReceived
from chatops.events.reruns import (
    RerunDeferred,
    RerunDropped,
    RerunFinished,
    RerunRefused,
    RerunRequested,
    RerunStarted,
)


class RerunGate(Policy):
    """Ask for the gate when everything before it runs."""

    name: ClassVar[str] = "rerun_gate"
    reads: ClassVar[tuple[type[Event], ...]] = (
        RerunStarted,
        RerunRefused,
        RerunFinished,
        RerunDropped,
    )

    def decide(self, fact: Recorded, scene: Scene) -> Sequence[Wanted]:
        event = fact.event
        assert isinstance(event, RerunStarted | RerunRefused | RerunFinished | RerunDropped)
        story = scene.story(event.command)
        received = story.first(CommandReceived)
        about_gate = not isinstance(event, RerunDropped) and event.gate
        if about_gate or received is None or not _all_answered(story):
            return []
        knowledge = scene.knowledge(received.community)
        if knowledge is None or knowledge.community.gate is None or not story.all(RerunStarted):
            return []
        sha = story.all(RerunRequested)[0].sha
        runs = repeatable_runs(scene.db, received.repo, sha, knowledge.now)
        return [
            Wanted(
                RerunRequested(
                    command=received.command,
                    repo=received.repo,
                    sha=sha,
                    run_id=run.run_id,
                    attempt=run.attempt,
                    workflow=run.workflow,
                    scope="all",
                    gate=True,
                )
            )
            for run in runs
            if run.workflow == knowledge.community.gate.workflow
            and run.is_over
            and run.conclusion in RUN_FAILED
            and run.hindrance is None
        ]


def _all_answered(story: Story) -> bool:
    asked = {request.run_id for request in story.all(RerunRequested) if not request.gate}
    asked |= {deferred.run_id for deferred in story.all(RerunDeferred)}
    answered = {event.run_id for event in story.all(RerunDropped)}
    answered |= {event.run_id for event in story.all(RerunStarted)} | {
        event.run_id for event in story.all(RerunRefused)
    }
    return asked <= answered
