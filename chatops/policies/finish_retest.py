"""Closes the story of a `/retest`.

Whenever:  every run it asked for has ended or was refused, and the gate has had its turn
Asks for:  `retest.finished`, with how many jobs passed and how many did not
"""

from collections.abc import Sequence
from typing import ClassVar

from chatops.answers.reruns import RUN_FAILED, repeatable_runs
from chatops.engine.command import Story
from chatops.engine.policy import Policy, Scene, Wanted
from chatops.events import Event, Recorded
from chatops.events.conversation import CommandReceived
from chatops.events.reruns import (
    RerunFinished,
    RerunRefused,
    RerunRequested,
    RerunStarted,
    RetestFinished,
)

PASSED = frozenset({"success", "neutral", "skipped"})


class FinishRetest(Policy):
    """Say that everything a `/retest` started has ended."""

    name: ClassVar[str] = "finish_retest"
    reads: ClassVar[tuple[type[Event], ...]] = (RerunFinished, RerunRefused)

    def decide(self, fact: Recorded, scene: Scene) -> Sequence[Wanted]:
        assert isinstance(fact.event, RerunFinished | RerunRefused)
        story = scene.story(fact.event.command)
        received = story.first(CommandReceived)
        requested = {request.run_id for request in story.all(RerunRequested)}
        ended = {event.run_id for event in story.all(RerunFinished)}
        ended |= {event.run_id for event in story.all(RerunRefused)}
        if received is None or not requested <= ended or _gate_is_due(story, received, scene):
            return []
        jobs = [job for run in story.all(RerunFinished) if not run.gate for job in run.jobs]
        passed = sum(job.conclusion in PASSED for job in jobs)
        return [
            Wanted(
                RetestFinished(
                    command=received.command,
                    repo=received.repo,
                    number=received.number,
                    passed=passed,
                    failed=len(jobs) - passed,
                )
            )
        ]


def _gate_is_due(story: Story, received: CommandReceived, scene: Scene) -> bool:
    """Return whether the gate is still to be asked for, in a step of its own right after this one."""
    if any(request.gate for request in story.all(RerunRequested)) or not story.all(RerunStarted):
        return False
    knowledge = scene.knowledge(received.community)
    if knowledge is None or knowledge.community.gate is None:
        return False
    sha = story.all(RerunRequested)[0].sha
    return any(
        run.workflow == knowledge.community.gate.workflow
        and run.is_over
        and run.conclusion in RUN_FAILED
        and run.hindrance is None
        for run in repeatable_runs(scene.db, received.repo, sha, knowledge.now)
    )
