"""`/retest`: run the failed jobs of a pull request again, then the gate.

Asks for:  a member or collaborator, or the author once the tests were let in; a pull request
Decides:   one `rerun.requested` per workflow whose newest run failed, `rerun.deferred` where that still runs, or
           refuses in one sentence; with `required` only where a required job failed, with patterns only where one they
           mean did
Tells:     what runs again, and at the end what passed and what did not
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Self

from chatops.answers.author_budget import within_budget
from chatops.answers.job_words import Named, all_meant
from chatops.answers.open_pull import open_pull
from chatops.answers.required_rule import required_rule
from chatops.answers.rerun_story import rerun_answer
from chatops.answers.rerun_undo import reruns_taken_back
from chatops.answers.reruns import Hindrance, Repeatable, repeatable_runs
from chatops.config import Community, Trust
from chatops.engine.answer import Answer
from chatops.engine.authority import Role
from chatops.engine.command import Asked, Command, Knowledge, Story
from chatops.errors import Refused
from chatops.events import Event
from chatops.events.conversation import CommandReceived
from chatops.names import Sha
from chatops.projections.pulls import Pull
from chatops.projections.tables import rows_shown

SHA_SHOWN = 9
REQUIRED, ALL = "required", "all"
UNAPPROVED = "action_required"
"""How GitHub ends a run that it does not begin before somebody has approved it."""


@dataclass(frozen=True, slots=True)
class Retest(Command):
    """Run what failed again."""

    only_required: bool = False
    patterns: tuple[str, ...] = ()

    name: ClassVar[str] = "retest"
    usage: ClassVar[str] = "[required|all|JOB…]"
    help: ClassVar[str] = "Run the failed jobs of this pull request again, then the gate."
    example: ClassVar[str] = "/retest required"
    role: ClassVar[Role] = Role.TESTER
    looks_at_head: ClassVar[bool] = True
    needs_pull: ClassVar[bool] = True
    costs: ClassVar[str] = "It spends runner hours: each job that failed runs once more."

    @classmethod
    def verbs(cls, community: Community) -> Mapping[str, tuple[str, ...]]:
        """Return `retest`, and the word that fingers used to another bot know."""
        return {cls.name: (), "retest-required": (REQUIRED,)}

    @classmethod
    def parse(cls, words: Sequence[str]) -> Self:
        what = [word for word in words if _mark(word) not in (REQUIRED, ALL)]
        marks = {_mark(word) for word in words} & {REQUIRED, ALL}
        if len(marks) > 1 or (ALL in marks and what):
            raise Refused(
                f"I found `{' '.join(words)}`, which asks for different things. "
                f"Say `/retest`, `/retest required`, or `/retest` with the names of jobs.",
                reason="usage",
            )
        return cls(only_required=REQUIRED in marks, patterns=tuple(what))

    def decide(self, asked: Asked, knowledge: Knowledge) -> Sequence[Event]:
        received = asked.received
        known = open_pull(asked, knowledge, self.name)
        runs = repeatable_runs(knowledge.db, received.repo, known.sha, knowledge.now)
        gate_workflow = knowledge.community.gate.workflow if knowledge.community.gate else ""
        failed = [run for run in runs if run.has_failed and run.workflow != gate_workflow]
        if failed and (self.only_required or self.patterns):
            failed = self._narrowed(failed, knowledge, known)
        narrow = self.only_required or bool(self.patterns)
        chosen = [run for run in failed if run.hindrance is None]
        waiting = [run for run in failed if run.is_waited_for]
        if not failed and not narrow:
            chosen = [
                run
                for run in runs
                if run.workflow == gate_workflow and run.has_failed and run.hindrance is None
            ]
        if not chosen and not waiting:
            raise _nothing_to_do(known.sha, runs, failed, knowledge.community.trust)
        if asked.grant.is_limited:
            within_budget(knowledge, known)
        return [
            *(
                run.requested(received.command, known.repo, gate=run.workflow == gate_workflow)
                for run in chosen
            ),
            *(run.deferred(received.command, known.repo, narrow=narrow) for run in waiting),
        ]

    def _narrowed(
        self, failed: Sequence[Repeatable], knowledge: Knowledge, known: Pull
    ) -> list[Repeatable]:
        """Return the runs in which a job failed that is meant, each with those jobs only."""
        left = list(failed)
        if self.only_required:
            rules = required_rule(knowledge.db, known.repo)
            if rules is None:
                raise Refused(
                    f"I do not know which checks {known.repo} requires. Say `/retest` for all that failed.",
                    reason="required_unknown",
                )
            left = [run.only(rules.requires) for run in left]
            if not any(run.failed for run in left):
                raise Refused(
                    f"No required job failed on `{known.sha[:SHA_SHOWN]}`. Say `/retest` for all that failed.",
                    reason="nothing_failed",
                )
        if self.patterns:
            jobs = [
                Named(name=job.name, workflow=run.workflow) for run in left for job in run.failed
            ]
            if not jobs:
                raise _no_jobs(known.sha)
            rows = rows_shown(knowledge.db, known.repo, known.number)
            meant = all_meant(self.patterns, jobs, knowledge.community.job_aliases, rows)
            wanted = {(one.workflow, one.name) for one in meant}
            left = [run.only(lambda workflow, job: (workflow, job) in wanted) for run in left]
        return [run for run in left if run.failed]

    @classmethod
    def tell(cls, story: Story, knowledge: Knowledge) -> Answer:
        received = story.first(CommandReceived)
        assert received is not None
        return rerun_answer(story, knowledge, narrow=bool(cls.parse(received.words).patterns))

    @classmethod
    def taken_back(cls, story: Story, asked: Asked, knowledge: Knowledge) -> Sequence[Event]:
        return reruns_taken_back(story, asked, knowledge)


def _mark(word: str) -> str:
    """Return a word as a mark: `--required` and `Required` mean `required`."""
    return word.lower().lstrip("-")


def _nothing_to_do(
    sha: Sha, runs: Sequence[Repeatable], failed: Sequence[Repeatable], trust: Trust
) -> Refused:
    """Say in one sentence why nothing runs again."""
    commit = f"`{sha[:SHA_SHOWN]}`"
    hindrances = {run.hindrance for run in failed}
    if Hindrance.STILL_RUNNING in hindrances or (
        not failed and any(not run.is_over for run in runs)
    ):
        running = sum(not run.is_over for run in runs)
        what = "Jobs have failed" if failed else "Nothing has failed"
        return Refused(
            f"{what} on {commit}, but {_still_running(running)}; GitHub runs jobs again only when "
            f"their workflow has ended. Say `/retest` again then.",
            reason="still_running",
        )
    if Hindrance.TOO_OLD in hindrances:
        return Refused(
            f"The checks of {commit} are more than 30 days old, and GitHub does not run those again. "
            f"Push a commit, or rebase, to start fresh ones.",
            reason="too_old",
        )
    if Hindrance.TOO_MANY_ATTEMPTS in hindrances:
        return Refused(
            f"The failed runs of {commit} have had GitHub's limit of 50 attempts. Push a commit to start fresh ones.",
            reason="too_many_attempts",
        )
    if not runs:
        return Refused(
            f"No workflow has run on {commit} yet, so there is nothing to run again.",
            reason="nothing_ran",
        )
    unapproved = [run.workflow.replace("`", "") for run in runs if run.conclusion == UNAPPROVED]
    if unapproved:
        button = (
            "`/ok-to-test`, or a button" if trust.approves_runs else "a button"
        ) + " on the pull request"
        return Refused(
            f"Nothing failed on {commit}, but GitHub waits for somebody with write access to approve "
            f"{', '.join(unapproved)}, as it may for people from outside. "
            f"That is {button}; afterwards the tests begin by themselves.",
            reason="unapproved",
        )
    return Refused(f"Nothing failed on {commit}, so I started nothing.", reason="nothing_failed")


def _no_jobs(sha: Sha) -> Refused:
    """Say that what failed has no jobs to name."""
    return Refused(
        f"What failed on `{sha[:SHA_SHOWN]}` failed before it had jobs, so none can be named. Say `/retest`.",
        reason="no_such_job",
    )


def _still_running(number: int) -> str:
    return "1 workflow still runs" if number == 1 else f"{number} workflows still run"
