"""`/rerun-gatekeeper`: let the gate look again, and run nothing else.

Asks for:  a member or collaborator, or the author once the tests were let in; a pull request
Decides:   `rerun.requested` for the newest run of the gate, or refuses: it looks by itself while it runs
Tells:     how the gate ends
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Self

from chatops.answers.open_pull import open_pull
from chatops.answers.rerun_story import rerun_answer
from chatops.answers.rerun_undo import reruns_taken_back
from chatops.answers.reruns import Hindrance, Repeatable, repeatable_runs
from chatops.config import Community
from chatops.engine.answer import Answer
from chatops.engine.authority import Role
from chatops.engine.command import Asked, Command, Knowledge, Story
from chatops.errors import Refused
from chatops.events import Event
from chatops.events.reruns import RerunRequested
from chatops.names import Sha

SHA_SHOWN = 9
WHY_NOT = {
    Hindrance.STILL_RUNNING: "still runs, and notices by itself what changes. Nothing to do.",
    Hindrance.TOO_OLD: (
        "is more than 30 days old, and GitHub does not run that again. Push a commit to start a fresh one."
    ),
    Hindrance.TOO_MANY_ATTEMPTS: (
        "has had GitHub's limit of 50 attempts. Push a commit to start a fresh one."
    ),
}


@dataclass(frozen=True, slots=True)
class RerunGatekeeper(Command):
    """Run the gate again."""

    name: ClassVar[str] = "rerun-gatekeeper"
    help: ClassVar[str] = "Let the gate of this pull request look again, and run nothing else."
    example: ClassVar[str] = "/rerun-gatekeeper"
    role: ClassVar[Role] = Role.TESTER
    looks_at_head: ClassVar[bool] = True
    needs_pull: ClassVar[bool] = True

    @classmethod
    def verbs(cls, community: Community) -> Mapping[str, tuple[str, ...]]:
        """Return `rerun-gatekeeper`, and a shorter word for it."""
        return {cls.name: (), "rerun-gate": ()}

    @classmethod
    def parse(cls, words: Sequence[str]) -> Self:
        return cls()

    def decide(self, asked: Asked, knowledge: Knowledge) -> Sequence[Event]:
        known = open_pull(asked, knowledge, self.name)
        gate = knowledge.community.gate.workflow if knowledge.community.gate else ""
        if not gate:
            raise Refused(
                f"{knowledge.community.title} has no workflow for a gate: GitHub itself looks at the checks.",
                reason="not_configured",
            )
        runs = repeatable_runs(knowledge.db, known.repo, known.sha, knowledge.now)
        run = next((run for run in runs if run.workflow == gate), None)
        if run is None:
            raise Refused(
                f"{gate} has not run on `{known.sha[:SHA_SHOWN]}` yet, so there is nothing to run again.",
                reason="nothing_ran",
            )
        if run.hindrance is not None:
            raise Refused(f"{gate} {WHY_NOT[run.hindrance]}", reason=_reason(run))
        if run.conclusion == "success":
            raise Refused(
                f"{gate} has passed on `{known.sha[:SHA_SHOWN]}`, so I started nothing.",
                reason="nothing_failed",
            )
        return [_requested(asked, known.sha, run)]

    @classmethod
    def tell(cls, story: Story, knowledge: Knowledge) -> Answer:
        return rerun_answer(story, knowledge)

    @classmethod
    def taken_back(cls, story: Story, asked: Asked, knowledge: Knowledge) -> Sequence[Event]:
        return reruns_taken_back(story, asked, knowledge)


def _reason(run: Repeatable) -> str:
    return str(run.hindrance).replace(" ", "_")


def _requested(asked: Asked, sha: Sha, run: Repeatable) -> RerunRequested:
    return RerunRequested(
        command=asked.received.command,
        repo=asked.received.repo,
        sha=sha,
        run_id=run.run_id,
        attempt=run.attempt,
        workflow=run.workflow,
        scope="all",
        gate=True,
    )
