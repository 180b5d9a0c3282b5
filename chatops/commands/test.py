"""`/test`: run jobs of a pull request again by their names, whether they failed or not.

Asks for:  a member or collaborator, or the author once the tests were let in; a pull request; `now` where their
           workflow still runs
Decides:   one `rerun.requested` per workflow, `rerun.deferred` where it still runs, or refuses in one sentence;
           for `?` only `rows.shown`
Tells:     what runs again, and at the end what passed and what did not; for `?` the jobs that can be named, each with
           its number
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import ClassVar, Self

from msgspec.structs import replace

from chatops.answers.author_budget import within_budget
from chatops.answers.changes import quoted
from chatops.answers.confirmed import confirmed
from chatops.answers.job_words import LEVEL, Named, all_meant
from chatops.answers.nights import counted
from chatops.answers.open_pull import open_pull
from chatops.answers.required_rule import RequiredRule, required_rule
from chatops.answers.rerun_story import rerun_answer
from chatops.answers.rerun_undo import reruns_taken_back
from chatops.answers.reruns import Hindrance, Repeatable, repeatable_runs
from chatops.engine.answer import Answer, Code, Line, Section, Strong
from chatops.engine.authority import Role
from chatops.engine.command import Asked, Command, Knowledge, Story
from chatops.errors import Refused
from chatops.events import Event
from chatops.events.conversation import CommandReceived
from chatops.events.reruns import RerunDeferred, RerunRequested
from chatops.events.tables import RowsShown
from chatops.names import JobId
from chatops.projections.jobs import Job
from chatops.projections.pulls import Pull
from chatops.projections.tables import rows_shown

SHA_SHOWN = 9
EXAMPLE_ROW = 3
LIST_LENGTH = 45_000
"""How long the list may be, in characters: a comment has room for 65,536, with what markup adds."""
ROW_LENGTH = 10
NAMES_SHOWN = 3
ALL, LIST = "all", "?"
SLACK = "slack"
SHORT = "Of a long list only the beginning is shown here; a part of a name means a job, too."
NOT_RUN = frozenset({"skipped", "neutral"})


@dataclass(frozen=True, slots=True)
class RunTests(Command):
    """Run jobs again by their names."""

    patterns: tuple[str, ...] = ()
    everything: bool = False
    now: bool = False

    name: ClassVar[str] = "test"
    usage: ClassVar[str] = "JOB…|all|? [now]"
    help: ClassVar[str] = (
        "Run jobs of this pull request again, also those that passed; `?` lists what can be named."
    )
    example: ClassVar[str] = "/test ?"
    role: ClassVar[Role] = Role.TESTER
    looks_at_head: ClassVar[bool] = True
    needs_pull: ClassVar[bool] = True
    costs: ClassVar[str] = "It spends runner hours: each of these jobs runs once more."

    @classmethod
    def parse(cls, words: Sequence[str]) -> Self:
        left, now = confirmed([word.rstrip(",") for word in words if word.strip(",")])
        if LIST in left or not left:
            return cls()
        everything = ALL in {word.lower() for word in left}
        # After a comma people say why, or please.
        if words[0].lower() == f"{ALL},":
            left = left[:1]
        if everything and len(left) > 1:
            raise Refused(
                f"I found `{' '.join(left)}`, which asks for everything and for single jobs. "
                f"Say `/test all`, or `/test` with the names of jobs.",
                reason="usage",
            )
        return cls(() if everything else tuple(left), everything=everything, now=now)

    def decide(self, asked: Asked, knowledge: Knowledge) -> Sequence[Event]:
        known = open_pull(asked, knowledge, self.name)
        runs = repeatable_runs(knowledge.db, known.repo, known.sha, knowledge.now)
        gate = knowledge.community.gate.workflow if knowledge.community.gate else ""
        # What was skipped whole would only be skipped again.
        runs = [run for run in runs if run.workflow != gate and run.conclusion != "skipped"]
        if not runs:
            raise Refused(
                f"No workflow has run on `{known.sha[:SHA_SHOWN]}` yet, so there is nothing to run again.",
                reason="nothing_ran",
            )
        if not (self.patterns or self.everything):
            return [_list(runs, asked, knowledge)]
        chosen = runs if self.everything else self._chosen(runs, knowledge, known)
        _refuse_hindered(chosen, known, said=self, everything=self.everything)
        if asked.grant.is_limited:
            within_budget(knowledge, known)
        return [
            _asked(run, asked, known, everything=self.everything)
            for run in chosen
            if run.hindrance in (None, Hindrance.STILL_RUNNING)
        ]

    def _chosen(
        self, runs: Sequence[Repeatable], knowledge: Knowledge, known: Pull
    ) -> list[Repeatable]:
        """Return the runs of the jobs that are meant, each with those jobs only."""
        named = {_named(run, job): (run, job) for run in runs for job in run.jobs}
        rows = rows_shown(knowledge.db, known.repo, known.number)
        meant = all_meant(self.patterns, list(named), knowledge.community.job_aliases, rows)
        jobs = [named[one] for one in meant]
        _refuse_skipped([job for _, job in jobs])
        found = []
        for run in runs:
            wanted = tuple(job for of, job in jobs if of is run)
            if wanted:
                found.append(_only(run, wanted))
        return found

    @classmethod
    def tell(cls, story: Story, knowledge: Knowledge) -> Answer:
        if story.first(RerunRequested) is not None or story.first(RerunDeferred) is not None:
            return rerun_answer(story, knowledge, what="job")
        shown = story.first(RowsShown)
        assert shown is not None
        received = story.first(CommandReceived)
        is_short = received is not None and received.surface == SLACK
        return _listed(shown, required_rule(knowledge.db, shown.repo), is_short=is_short)

    @classmethod
    def taken_back(cls, story: Story, asked: Asked, knowledge: Knowledge) -> Sequence[Event]:
        return reruns_taken_back(story, asked, knowledge)


def _named(run: Repeatable, job: Job) -> Named:
    return Named(name=job.name, workflow=run.workflow)


def _list(runs: Sequence[Repeatable], asked: Asked, knowledge: Knowledge) -> RowsShown:
    """Return the list of what can run again, as long as a comment may be."""
    names = [
        _named(run, job).full
        for run in runs
        for job in run.jobs
        if not (job.is_over and job.conclusion in NOT_RUN)
    ]
    lengths = accumulate(len(name) + ROW_LENGTH for name in names)
    rows = [name for name, length in zip(names, lengths, strict=True) if length <= LIST_LENGTH]
    return RowsShown(
        command=asked.received.command,
        repo=asked.received.repo,
        number=asked.received.number,
        rows=tuple(rows),
        more=len(names) - len(rows),
        shown_at=knowledge.now,
    )


def _refuse_skipped(jobs: Sequence[Job]) -> None:
    """Refuse jobs that did not run: GitHub would ask their conditions again, and skip them again."""
    skipped = [job.name for job in jobs if job.is_over and job.conclusion in NOT_RUN]
    if not skipped:
        return
    names = ", ".join(f"`{name.replace('`', '')}`" for name in skipped[:NAMES_SHOWN])
    left = len(skipped) - NAMES_SHOWN
    more = f" and {left} more" if left > 0 else ""
    raise Refused(
        f"{names}{more} did not run on this commit: GitHub skipped it, and cannot run alone what never ran. "
        f"Run again the job it waits for, or change what its condition asks for, as a label or a path.",
        reason="never_ran",
    )


def _first_few(jobs: Sequence[Job]) -> str:
    """Return the names of jobs as code, the first few of many."""
    more = len(jobs) - NAMES_SHOWN
    names = quoted(job.name for job in jobs[:NAMES_SHOWN])
    return f"{names} and {counted(more, 'other')}" if more > 0 else names


def _only(run: Repeatable, wanted: tuple[Job, ...]) -> Repeatable:
    """Return a run with the jobs that are meant; refuse what GitHub cannot be asked for."""
    have_failed = {job.job_id for job in run.failed}
    failed = all(job.job_id in have_failed for job in wanted)
    if len(wanted) > 1 and not (failed and run.is_over):
        raise Refused(
            f"That means {counted(len(wanted), 'job')} of `{run.workflow.replace('`', '')}`. "
            f"GitHub runs one job of a workflow again, or all that failed, or everything. "
            f"Name one of them, or say `/retest`, or `/test all`. Meant are {_first_few(wanted)}.",
            reason="too_many_jobs",
        )
    others = tuple(job for job in run.failed if job not in wanted)
    return replace(run, failed=wanted, others=others)


def _refuse_hindered(
    chosen: Sequence[Repeatable], known: Pull, *, said: RunTests, everything: bool
) -> None:
    """Refuse where nothing of what is meant can run, or where it has to wait and that is not meant yet."""
    commit = f"`{known.sha[:SHA_SHOWN]}`"
    hindrances = [run.hindrance for run in chosen]
    running = hindrances.count(Hindrance.STILL_RUNNING)
    if running and not said.now:
        what = "Everything" if everything else "What you mean"
        raise Refused(
            f"The CI still runs on {commit}: {_still_running(running)}, and GitHub runs jobs again only when "
            f"their workflow has ended. {what} would run a second time then. "
            f"I started nothing; say it again with `now` at the end if that is meant.",
            reason="would_restart",
        )
    if all(hindrance is Hindrance.TOO_OLD for hindrance in hindrances):
        raise Refused(
            f"The checks of {commit} are more than 30 days old, and GitHub does not run those again. "
            f"Push a commit, or rebase, to start fresh ones.",
            reason="too_old",
        )
    if not running and None not in hindrances:
        raise Refused(
            f"The runs of {commit} have had GitHub's limit of 50 attempts, or are more than 30 days old. "
            f"Push a commit to start fresh ones.",
            reason="too_many_attempts",
        )


def _still_running(number: int) -> str:
    return "1 workflow" if number == 1 else f"{number} workflows"


def _asked(
    run: Repeatable, asked: Asked, known: Pull, *, everything: bool
) -> RerunRequested | RerunDeferred:
    """Return what is wanted of a run: at once, or when it has ended."""
    scope = "all" if everything else run.scope
    names = () if everything else tuple(sorted(job.name for job in run.reruns))
    if run.is_over:
        return RerunRequested(
            command=asked.received.command, repo=known.repo, sha=known.sha, run_id=run.run_id,
            attempt=run.attempt, workflow=run.workflow, scope=scope,
            job_id=run.job_id if scope == "job" else JobId(0), jobs=names,
        )  # fmt: skip
    return RerunDeferred(
        command=asked.received.command, repo=known.repo, sha=known.sha, run_id=run.run_id,
        attempt=run.attempt, workflow=run.workflow, scope=scope, jobs=names,
        narrow=not everything,
    )  # fmt: skip


def _listed(shown: RowsShown, required: RequiredRule | None, *, is_short: bool) -> Answer:
    """Return the list of what can be named, folded by workflow; what has to pass to merge is marked.

    `is_short`: a message has room for the first of each workflow only.
    """
    sections: dict[str, list[Line]] = {}
    for number, row in enumerate(shown.rows, start=1):
        workflow, _, job = row.partition(LEVEL)
        marked = required is not None and required.requires(workflow, job)
        mark: Line = (" ", Strong("required")) if marked else ()
        sections.setdefault(workflow, []).append((Strong(str(number)), " ", job, *mark))
    example = min(EXAMPLE_ROW, len(shown.rows))
    left = f"; the list has room for {len(shown.rows)}" if shown.more and not is_short else ""
    return Answer(
        verdict=(
            f"{counted(len(shown.rows) + shown.more, 'job')} can run again{left}. Say ",
            Code(f"/test {example}"),
            f" for the job in row {example}, a name, a part of one, a pattern such as ",
            Code("*arm*"),
            ", or ",
            Code("/test all"),
            ".",
        ),
        sections=tuple(
            Section(title=workflow, lines=tuple(lines), folded=True)
            for workflow, lines in sections.items()
        ),
        footer=(SHORT,) if is_short else (),
        private=True,
    )
