"""How is what was asked to run again getting on? One message about the runs of a command, edited as they go on."""

from collections.abc import Mapping, Sequence

from msgspec import Struct

from chatops.answers.job_words import LEVEL
from chatops.answers.nights import counted
from chatops.engine.answer import (
    Action,
    Answer,
    Code,
    Line,
    Link,
    Piece,
    Section,
    Strong,
    Tone,
    pieces,
)
from chatops.engine.command import Knowledge, Story
from chatops.events.conversation import CommandReceived, EffectDelayed, EffectFailed
from chatops.events.reruns import (
    JobOutcome,
    RerunDeferred,
    RerunDropped,
    RerunFinished,
    RerunLost,
    RerunRefused,
    RerunRequested,
    RerunStarted,
    RetestFinished,
)
from chatops.events.tables import RowsShown
from chatops.names import Repo, RunId, Sha

SHA_SHOWN = 9
LINES_SHOWN = 20
STOPS = "Whatever runs on the head of this pull request is stopped, whoever started it."
SPENDS = "This spends runner hours: each job that failed runs once more."
PASSED = frozenset({"success", "neutral", "skipped"})
CANCELLED = "cancelled"


class Row(Struct, frozen=True):
    """A job that failed again, and where."""

    workflow: str
    job: JobOutcome

    @property
    def full(self) -> str:
        """Return the name with its workflow before it, by which it can be named."""
        return f"{self.workflow}{LEVEL}{self.job.name}"


def failed_again(story: Story) -> list[Row]:
    """Return the jobs that failed again, in the order in which they are numbered."""
    rows = [
        Row(run.workflow, job)
        for run in story.all(RerunFinished)
        if not run.gate
        for job in run.jobs
        if job.conclusion not in PASSED
    ]
    return sorted(rows, key=lambda row: (row.job.name, row.workflow))


def rerun_answer(
    story: Story, knowledge: Knowledge, *, narrow: bool = False, what: str = "failed job"
) -> Answer:
    """Return the message; `what` is what runs again, and with `narrow` it was named."""
    received = story.first(CommandReceived)
    requested, waiting = story.all(RerunRequested), _waiting(story)
    assert received is not None
    reruns = {request.run_id: _Rerun(request, story, narrow=narrow) for request in requested}
    progress = _Progress(
        sha=_sha(story), reruns=reruns, waiting=waiting, ended=story.first(RetestFinished), what=what
    )  # fmt: skip
    failed = failed_again(story)
    passed = sorted(progress.passed, key=lambda job: job.name)
    numbered = story.first(RowsShown) is not None
    dropped = story.all(RerunDropped)
    sections = [
        Section(
            title=_title(failed),
            lines=tuple(
                _job_line(row.job, number if numbered else None)
                for number, row in enumerate(failed[:LINES_SHOWN], start=1)
            ),
            more=max(0, len(failed) - LINES_SHOWN),
        ),
        Section(
            title="Passed this time",
            lines=tuple(_job_line(job) for job in passed[:LINES_SHOWN]),
            more=max(0, len(passed) - LINES_SHOWN),
            folded=True,
        ),
        Section(
            title="Runs",
            lines=(
                *(rerun.line(knowledge.github_url) for rerun in reruns.values()),
                *(_waiting_line(one) for one in waiting),
                *((one.workflow, ": not run again. ", *pieces(one.text)) for one in dropped),
            ),
        ),
    ]
    return Answer(
        verdict=progress.verdict(),
        tone=progress.tone(),
        counts=_trouble(story),
        sections=tuple(section for section in sections if section.lines),
        actions=_next(
            knowledge,
            is_over=progress.ended is not None,
            is_bad=bool(failed) or bool(progress.lost),
        ),
        footer=_footer(story.asker, failed if numbered else ()),
    )


def _title(rows: Sequence[Row]) -> str:
    cancelled = sum(row.job.conclusion == CANCELLED for row in rows)
    if not cancelled:
        return "Failed again"
    return "Cancelled" if cancelled == len(rows) else "Failed again, or cancelled"


def _next(knowledge: Knowledge, *, is_over: bool, is_bad: bool) -> tuple[Action, ...]:
    """Return what may be said next: how to stop what runs, or how to try what failed once more."""
    if not is_over:
        return knowledge.offers(Action(text="Stop what runs", verb="cancel", costs=STOPS))
    if is_bad:
        return knowledge.offers(Action(text="Run what failed again", verb="retest", costs=SPENDS))
    return ()


def _footer(asker: str, rows: Sequence[Row]) -> Line:
    asked: Line = ("Asked for by ", Strong(asker), ".")
    if not rows:
        return asked
    return (*asked, " A number names its job: ", Code("/test 1"), ".")


def _sha(story: Story) -> Sha:
    first = story.first(RerunRequested) or story.first(RerunDeferred)
    assert first is not None
    return first.sha


def _waiting(story: Story) -> list[RerunDeferred]:
    """Return what still waits for its run to end."""
    settled = {event.run_id for event in story.all(RerunRequested)}
    settled |= {event.run_id for event in story.all(RerunDropped)}
    return [one for one in story.all(RerunDeferred) if one.run_id not in settled]


class _Rerun:
    """One run of a story: what was asked, and how far it is."""

    def __init__(self, request: RerunRequested, story: Story, *, narrow: bool) -> None:
        self.request = request
        self._narrow = narrow
        identity = (request.run_id, request.again)
        self.started = next(
            (one for one in story.all(RerunStarted) if (one.run_id, one.again) == identity), None
        )
        self.refused = next(
            (one for one in story.all(RerunRefused) if (one.run_id, one.again) == identity), None
        )
        # The gate may have had two attempts.
        attempt = (request.run_id, self.started.attempt if self.started is not None else 0)
        self.finished = next(
            (one for one in story.all(RerunFinished) if (one.run_id, one.attempt) == attempt), None
        )
        self.is_lost = self.finished is None and any(
            (one.run_id, one.attempt) == attempt for one in story.all(RerunLost)
        )

    @property
    def jobs(self) -> Sequence[JobOutcome]:
        return self.finished.jobs if self.finished and not self.request.gate else ()

    @property
    def is_over(self) -> bool:
        return self.finished is not None or self.refused is not None or self.is_lost

    @property
    def is_green(self) -> bool:
        return self.finished is not None and self.finished.conclusion == "success"

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
        if self.is_lost:
            return (
                f"{name}: GitHub does not know ",
                where,
                " any more, so I cannot say how it ended",
            )
        if self.finished is None:
            return (f"{name}: ", where, " is running", self._size())
        word = "passed" if self.is_green else self.finished.conclusion
        return (f"{name}: ", where, f" {word.replace('_', ' ')}")

    def _size(self) -> str:
        jobs = len(self.request.jobs)
        if self.request.gate or not jobs:
            return ""
        if self.request.scope != "failed":
            return f" ({counted(jobs, 'job')})"
        why = "; GitHub runs one job again, or all that failed" if self._narrow and jobs > 1 else ""
        return f" ({counted(jobs, 'job')} that had failed{why})"


class _Progress(Struct, frozen=True, kw_only=True):
    """How far everything is."""

    sha: Sha
    reruns: Mapping[RunId, _Rerun]
    waiting: Sequence[RerunDeferred]
    ended: RetestFinished | None
    what: str

    @property
    def passed(self) -> list[JobOutcome]:
        jobs = [job for rerun in self.reruns.values() for job in rerun.jobs]
        return [job for job in jobs if job.conclusion in PASSED]

    @property
    def failed(self) -> list[JobOutcome]:
        jobs = [job for rerun in self.reruns.values() for job in rerun.jobs]
        return [job for job in jobs if job.conclusion not in PASSED]

    @property
    def gate(self) -> _Rerun | None:
        return next((rerun for rerun in self.reruns.values() if rerun.request.gate), None)

    @property
    def others(self) -> list[_Rerun]:
        return [rerun for rerun in self.reruns.values() if not rerun.request.gate]

    @property
    def lost(self) -> list[_Rerun]:
        return [rerun for rerun in self.others if rerun.is_lost]

    def verdict(self) -> Line:
        """Say in one sentence how it stands."""
        only_gate_left = bool(self.others) and all(rerun.is_over for rerun in self.others)
        if self.ended is None and (self.waiting or not only_gate_left):
            return self._under_way()
        commit = Code(self.sha[:SHA_SHOWN])
        passed, failed = len(self.passed), len(self.failed)
        said: list[Piece] = []
        if failed:
            what = self._failed_again(counted(passed + failed, "job"))
            said += [f"{what} on ", commit, "."]
        elif passed:
            said += [f"All {counted(passed, 'job')} passed this time on ", commit, "."]
        elif not self.lost and (self.others or self.gate is None):
            said += ["Nothing could be started on ", commit, "."]
        if self.lost:
            what = counted(len(self.lost), "workflow")
            said += [f"{' ' if said else ''}What became of {what} is not known any more."]
        gate = self.gate
        if self.ended is None:
            name = gate.request.workflow if gate is not None else "The gate"
            said.append(f" {name} still runs.")
        elif gate is not None and gate.finished is not None:
            word = "passed" if gate.is_green else "did not pass"
            said.append(f"{' ' if said else ''}{gate.request.workflow} {word}.")
        elif gate is not None and gate.is_lost:
            said.append(f"{' ' if said else ''}How {gate.request.workflow} ended is not known.")
        return tuple(said) or ("Nothing could be started on ", commit, ".")

    def _failed_again(self, jobs: str) -> str:
        """Say how many failed; those that somebody or something stopped are told apart."""
        cancelled = sum(job.conclusion == CANCELLED for job in self.failed)
        failed = len(self.failed) - cancelled
        were = "was" if cancelled == 1 else "were"
        if not cancelled:
            return f"{failed} of {jobs} failed again"
        if not failed:
            return f"{cancelled} of {jobs} {were} cancelled"
        return f"{failed} of {jobs} failed again, and {cancelled} {were} cancelled,"

    def _under_way(self) -> Line:
        commit = Code(self.sha[:SHA_SHOWN])
        jobs = sum(len(rerun.request.jobs) for rerun in self.others)
        said: list[Piece] = []
        if jobs:
            said += [f"Running {counted(jobs, self.what)} again on ", commit, "."]
        elif self.others:
            said += [
                f"Running everything of {counted(len(self.others), 'workflow')} again on ", commit, ".",
            ]  # fmt: skip
        elif self.gate is not None:
            said += ["Running the gate again on ", commit, "."]
        if self.waiting:
            said.append(" The rest waits:" if said else "It waits:")
            said.append(
                " GitHub runs jobs again only when their workflow has ended. I ask for it then; nobody has to stay."
            )
        return tuple(said)

    def tone(self) -> Tone:
        """Return how it stands, at a glance."""
        if self.ended is None:
            return Tone.BUSY
        refused = any(rerun.refused for rerun in self.reruns.values())
        gate = self.gate
        gate_is_red = gate is not None and not gate.is_green and not gate.is_lost
        if not self.reruns:
            return Tone.NEUTRAL
        if self.failed or refused or gate_is_red:
            return Tone.BAD
        is_lost = any(rerun.is_lost for rerun in self.reruns.values())
        return Tone.UNKNOWN if is_lost else Tone.GOOD


def _waiting_line(waiting: RerunDeferred) -> Line:
    if waiting.scope == "all":
        what = "everything"
    elif waiting.scope == "job" or waiting.narrow:
        what = counted(len(waiting.jobs), "job")
    else:
        what = f"what fails, {counted(len(waiting.jobs), 'job')} so far"
    return (waiting.workflow, f": {what}, when attempt {waiting.attempt} has ended")


def run_url(github_url: str, repo: Repo, run_id: RunId, attempt: int) -> str:
    """Return GitHub's page of an attempt of a run."""
    return f"{github_url}/{repo}/actions/runs/{run_id}/attempts/{attempt}"


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


def _job_line(job: JobOutcome, number: int | None = None) -> Line:
    plain = job.conclusion in ("success", "failure")
    line: tuple[Piece, ...] = (
        *((Strong(str(number)), " ") if number is not None else ()),
        job.name,
        "" if plain else f" ({job.conclusion.replace('_', ' ')})",
        f" at step “{job.failed_step}”" if job.failed_step else "",
    )
    return tuple(piece for piece in line if piece)
