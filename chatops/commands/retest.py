"""`/retest`: run the failed jobs of a pull request again, then the gate.

Asks for:  a member or collaborator, or the author once the tests were let in; a pull request
Decides:   one `rerun.requested` per workflow whose newest run failed, or refuses in one sentence; with `required` only
           where a required job failed, with patterns only where a job that they mean did
Tells:     what runs again, and at the end what passed and what did not
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Self, TypeVar

from chatops.answers.job_words import Named, all_meant
from chatops.answers.required_rule import required_rule
from chatops.answers.reruns import Hindrance, Repeatable, repeatable_runs
from chatops.config import Community
from chatops.engine.answer import Answer, Code, Line, Link, Piece, Section, Strong, Tone
from chatops.engine.authority import Role
from chatops.engine.command import Asked, Command, Knowledge, Story
from chatops.errors import Refused
from chatops.events import Event
from chatops.events.cancels import CancelRequested
from chatops.events.conversation import CommandReceived, EffectDelayed, EffectFailed
from chatops.events.reruns import (
    JobOutcome,
    RerunFinished,
    RerunRefused,
    RerunRequested,
    RerunStarted,
    RetestFinished,
)
from chatops.names import Repo, RunId, Sha
from chatops.projections.commands import commands_about_commit
from chatops.projections.pulls import Pull, pull
from chatops.projections.runs import attempts_of_run

SHA_SHOWN = 9
LINES_SHOWN = 20
REQUIRED, ALL = "required", "all"
PASSED = frozenset({"success", "neutral", "skipped"})

Outcome = TypeVar("Outcome", RerunStarted, RerunRefused, RerunFinished)


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

    @classmethod
    def verbs(cls, community: Community) -> Mapping[str, tuple[str, ...]]:
        """Return `retest`, and the word that fingers used to another bot know."""
        return {cls.name: (), "retest-required": (REQUIRED,)}

    @classmethod
    def parse(cls, words: Sequence[str]) -> Self:
        what = [word for word in words if word.lower() not in (REQUIRED, ALL)]
        marks = {word.lower() for word in words} & {REQUIRED, ALL}
        if len(marks) > 1 or (ALL in marks and what):
            raise Refused(
                f"I found `{' '.join(words)}`, which asks for different things. "
                f"Say `/retest`, `/retest required`, or `/retest` with the names of jobs.",
                reason="usage",
            )
        return cls(only_required=REQUIRED in marks, patterns=tuple(what))

    def decide(self, asked: Asked, knowledge: Knowledge) -> Sequence[Event]:
        received = asked.received
        known = pull(knowledge.db, received.repo, received.number)
        if known is None:
            message = "`/retest` works on a pull request, and I know none here. Say it in a comment of one."
            raise Refused(message, reason="no_pull")
        if known.state != "open":
            message = f"#{known.number} is closed, so I run nothing. Reopen it first."
            raise Refused(message, reason="closed")
        runs = repeatable_runs(knowledge.db, received.repo, known.sha, knowledge.now)
        gate_workflow = knowledge.community.gate.workflow if knowledge.community.gate else ""
        failed = [run for run in runs if run.has_failed and run.workflow != gate_workflow]
        if failed and (self.only_required or self.patterns):
            failed = self._narrowed(failed, knowledge, known)
        chosen = [run for run in failed if run.hindrance is None]
        if not chosen and not (self.only_required or self.patterns):
            chosen = [
                run
                for run in runs
                if run.workflow == gate_workflow
                and run.has_failed
                and run.hindrance is None
                and not failed
            ]
        if not chosen:
            raise _nothing_to_do(known.sha, runs, failed)
        trust = knowledge.community.trust
        if asked.grant.is_limited:
            before = commands_about_commit(knowledge.db, received.repo, known.sha)
            if before >= trust.retests_per_sha:
                raise _used_up(known.sha, before, received.repo)
        return [_requested(received, run, gate=run.workflow == gate_workflow) for run in chosen]

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
            meant = all_meant(self.patterns, jobs, knowledge.community.job_aliases)
            wanted = {(one.workflow, one.name) for one in meant}
            left = [run.only(lambda workflow, job: (workflow, job) in wanted) for run in left]
        return [run for run in left if run.failed]

    @classmethod
    def taken_back(cls, story: Story, asked: Asked, knowledge: Knowledge) -> Sequence[Event]:
        started = [event for event in story.all(RerunStarted) if not event.found]
        waiting = len(story.all(RerunRequested)) - len(story.all(RerunStarted))
        waiting -= len(story.all(RerunRefused))
        stopping = [
            CancelRequested(
                command=asked.received.command,
                repo=event.repo,
                run_id=event.run_id,
                attempt=event.attempt,
                workflow=event.workflow,
            )
            for event in started
            if _still_runs(event, knowledge)
        ]
        if stopping:
            return stopping
        if waiting:
            raise Refused(
                "GitHub has not been asked for all of it yet. Look again in a minute.",
                reason="not_done",
            )
        raise Refused(
            "What it started has ended or went on to another attempt, so there is nothing to stop.",
            reason="changed_since",
        )

    @classmethod
    def tell(cls, story: Story, knowledge: Knowledge) -> Answer:
        received = story.first(CommandReceived)
        requested = story.all(RerunRequested)
        assert received is not None
        assert requested
        narrow = bool(cls.parse(received.words).patterns)
        reruns = {request.run_id: _Rerun(request, story, narrow=narrow) for request in requested}
        ended = story.first(RetestFinished)
        passed = [job for rerun in reruns.values() for job in rerun.passed]
        failed = [job for rerun in reruns.values() for job in rerun.failed]
        sections = [
            Section(title="Failed again", lines=_job_lines(failed), more=_more(failed)),
            Section(
                title="Passed this time",
                lines=_job_lines(passed),
                more=_more(passed),
                folded=True,
            ),
            Section(
                title="Runs",
                lines=tuple(rerun.line(knowledge.github_url) for rerun in reruns.values()),
            ),
        ]
        return Answer(
            verdict=_verdict(requested[0].sha, reruns, ended, len(passed), len(failed)),
            tone=_tone(reruns, ended, failed),
            counts=_trouble(story),
            sections=tuple(section for section in sections if section.lines),
            footer=("Asked for by ", Strong(received.by), "."),
        )


class _Rerun:
    """One run of a story: what was asked, and how far it is."""

    def __init__(self, request: RerunRequested, story: Story, *, narrow: bool) -> None:
        self.request = request
        self._narrow = narrow
        self.started = _about(story.all(RerunStarted), request.run_id)
        self.refused = _about(story.all(RerunRefused), request.run_id)
        self.finished = _about(story.all(RerunFinished), request.run_id)

    @property
    def passed(self) -> list[JobOutcome]:
        jobs = self.finished.jobs if self.finished and not self.request.gate else ()
        return [job for job in jobs if job.conclusion in PASSED]

    @property
    def failed(self) -> list[JobOutcome]:
        jobs = self.finished.jobs if self.finished and not self.request.gate else ()
        return [job for job in jobs if job.conclusion not in PASSED]

    @property
    def is_over(self) -> bool:
        return self.finished is not None or self.refused is not None

    def line(self, github_url: str) -> Line:
        """Say how far this run is."""
        name = self.request.workflow
        if self.refused is not None:
            return (name, f": not started. {self.refused.text}")
        if self.started is None:
            return (name, ": asked GitHub to start it")
        attempt = self.finished.attempt if self.finished is not None else self.started.attempt
        where = Link(
            f"attempt {attempt}",
            run_url(github_url, self.request.repo, self.request.run_id, attempt),
        )
        if self.finished is None:
            return (f"{name}: ", where, " is running", self._size())
        word = "passed" if self.finished.conclusion == "success" else self.finished.conclusion
        return (f"{name}: ", where, f" {word.replace('_', ' ')}")

    def _size(self) -> str:
        jobs = len(self.request.jobs)
        if self.request.gate or not jobs:
            return ""
        why = "; GitHub runs one job again, or all that failed" if self._narrow and jobs > 1 else ""
        return f" ({_count(jobs, 'job')} that had failed{why})"


def _still_runs(started: RerunStarted, knowledge: Knowledge) -> bool:
    """Return whether the attempt that was started is the run's newest, and has not ended."""
    attempts = attempts_of_run(knowledge.db, started.run_id)
    if not attempts:
        return True
    newest = max(attempts, key=lambda run: run.attempt)
    return newest.attempt < started.attempt or (
        newest.attempt == started.attempt and not newest.is_over
    )


def run_url(github_url: str, repo: Repo, run_id: RunId, attempt: int) -> str:
    """Return GitHub's page of an attempt of a run."""
    return f"{github_url}/{repo}/actions/runs/{run_id}/attempts/{attempt}"


def _about(events: Sequence[Outcome], run_id: RunId) -> Outcome | None:
    return next((event for event in events if event.run_id == run_id), None)


def _requested(received: CommandReceived, run: Repeatable, *, gate: bool) -> RerunRequested:
    return RerunRequested(
        command=received.command,
        repo=received.repo,
        sha=run.sha,
        run_id=run.run_id,
        attempt=run.attempt,
        workflow=run.workflow,
        scope=run.scope,
        job_id=run.job_id,
        jobs=tuple(sorted(job.name for job in run.reruns)),
        gate=gate,
    )


def _nothing_to_do(sha: Sha, runs: Sequence[Repeatable], failed: Sequence[Repeatable]) -> Refused:
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
    return Refused(f"Nothing failed on {commit}, so I started nothing.", reason="nothing_failed")


def _no_jobs(sha: Sha) -> Refused:
    """Say that what failed has no jobs to name."""
    return Refused(
        f"What failed on `{sha[:SHA_SHOWN]}` failed before it had jobs, so none can be named. Say `/retest`.",
        reason="no_such_job",
    )


def _used_up(sha: Sha, before: int, repo: Repo) -> Refused:
    """Say that the author has had what an author may have."""
    times = "once" if before == 1 else f"{before} times"
    return Refused(
        f"The tests of `{sha[:SHA_SHOWN]}` have been run again {times}, and an author may ask for no more. "
        f"Push a commit, or ask somebody with write access to {repo} to say `/retest`.",
        reason="used_up",
    )


def _verdict(
    sha: Sha, reruns: dict[RunId, _Rerun], ended: RetestFinished | None, passed: int, failed: int
) -> Line:
    commit = Code(sha[:SHA_SHOWN])
    asked = sum(len(rerun.request.jobs) for rerun in reruns.values() if not rerun.request.gate)
    gate = next((rerun for rerun in reruns.values() if rerun.request.gate), None)
    waited_for = [rerun for rerun in reruns.values() if not rerun.request.gate]
    only_gate_left = bool(waited_for) and all(rerun.is_over for rerun in waited_for)
    if ended is None and not only_gate_left:
        what = (
            f"Running {_count(asked, 'failed job')} again on "
            if asked
            else "Running the gate again on "
        )
        return (what, commit, ".")
    pieces: list[Piece] = []
    if asked and not passed and not failed:
        pieces += ["Nothing could be started on ", commit, "."]
    elif asked and not failed:
        pieces += [f"All {_count(passed, 'job')} passed this time on ", commit, "."]
    elif asked:
        pieces += [f"{failed} of {_count(passed + failed, 'job')} failed again on ", commit, "."]
    if ended is None:
        name = gate.request.workflow if gate is not None else "The gate"
        pieces.append(f" {name} still runs.")
    if gate is not None and gate.finished is not None:
        word = "passed" if gate.finished.conclusion == "success" else "did not pass"
        pieces.append(
            f" {gate.request.workflow} {word}." if pieces else f"{gate.request.workflow} {word}."
        )
    return tuple(pieces) or ("Nothing could be started on ", commit, ".")


def _tone(
    reruns: dict[RunId, _Rerun], ended: RetestFinished | None, failed: Sequence[JobOutcome]
) -> Tone:
    if ended is None:
        return Tone.BUSY
    refused = any(rerun.refused for rerun in reruns.values())
    gate_failed = any(
        rerun.request.gate and rerun.finished is not None and rerun.finished.conclusion != "success"
        for rerun in reruns.values()
    )
    return Tone.BAD if failed or refused or gate_failed else Tone.GOOD


def _trouble(story: Story) -> Line:
    """Say what did not go to plan: an effect that gave up, or one that still waits."""
    given_up = story.all(EffectFailed)
    if given_up:
        return (f"Not done: {given_up[-1].text}",)
    delayed = story.all(EffectDelayed)
    if delayed and not story.all(RerunStarted):
        minutes = max(1, round(delayed[-1].seconds / 60))
        return (f"{delayed[-1].text} I try again in about {minutes} min.",)
    return ()


def _job_lines(jobs: Sequence[JobOutcome]) -> tuple[Line, ...]:
    lines = []
    for job in sorted(jobs, key=lambda job: job.name)[:LINES_SHOWN]:
        name: Piece = job.name
        step = f" at step “{job.failed_step}”" if job.failed_step else ""
        word = (
            ""
            if job.conclusion in ("success", "failure")
            else f" ({job.conclusion.replace('_', ' ')})"
        )
        lines.append((name, word, step))
    return tuple(tuple(piece for piece in line if piece) for line in lines)


def _more(jobs: Sequence[JobOutcome]) -> int:
    return max(0, len(jobs) - LINES_SHOWN)


def _count(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"


def _still_running(number: int) -> str:
    return "1 workflow still runs" if number == 1 else f"{number} workflows still run"
