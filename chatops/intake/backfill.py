"""What GitHub remembers, asked for: runs with their attempts and jobs, and open pull requests.

`backfill` goes through the past once, `watch` looks again and again where no webhook reaches us. A run is recorded
whole or not at all, and what is known costs no call, so either can be stopped anywhere and goes on where it was.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Protocol

from msgspec import Struct
from msgspec.structs import replace

from chatops.engine.log import Appended, Batch
from chatops.errors import Refused, Transient
from chatops.events import Event, Fact
from chatops.intake.objects import job_events, moment, pull_event, run_events
from chatops.names import PullNumber, Repo, RunId, Sha
from chatops.ports import GitHub, Json

SOURCE = "backfill"
KEEP = 1_000
"""Calls of an hour that are left for what people ask."""
SHORT_WAIT = timedelta(seconds=5)
LONGEST_WAIT = timedelta(hours=1)
MOST_FAILURES = 8
"""Failures in a row, with nothing achieved in between, after which a backfill stops; `watch` never does."""
MOST_DOUBLINGS = 10
HOPELESS = frozenset({"credentials", "not_installed", "suspended"})
"""Refusals that every other call would meet as well."""
NEWEST = 50
ROUNDS_AT_REST = 10
"""A commit whose runs have all ended is looked at in every tenth round only; and so is a run that is overdue."""
OVERDUE = timedelta(hours=8)
"""No run should take as long: it is stuck, or has been deleted, and others may have begun."""

Append = Callable[[Batch], Awaitable[Appended]]
Sleep = Callable[[float], Awaitable[None]]


class Known(Protocol):
    """What is recorded already. It is asked in a thread, so it may look into the database."""

    def known(self, repo: Repo, run_id: RunId, attempt: int) -> bool:
        """Return whether the end of an attempt, and its jobs, are recorded."""
        ...


class Summary(Struct, frozen=True, kw_only=True):
    """What was done: `runs` were fetched, `skipped` were known, `refused` GitHub would not show."""

    runs: int = 0
    skipped: int = 0
    attempts: int = 0
    jobs: int = 0
    pulls: int = 0
    refused: int = 0
    recorded: int = 0
    duplicates: int = 0


Progress = Callable[[str, Summary], None]


Reached = Callable[[float], None]


def unseen(_share: float) -> None:
    """Show nobody how far we are."""


def in_silence(_text: str, _summary: Summary) -> None:
    """Say nothing of the progress."""


async def backfill(
    github: GitHub,
    append: Append,
    *,
    repo: Repo,
    workflows: Sequence[str],
    known: Known,
    since: datetime | None = None,
    runs: int | None = None,
    pulls: bool = False,
    progress: Progress = in_silence,
    reached: Reached = unseen,
    keep: int = KEEP,
    sleep: Sleep = asyncio.sleep,
) -> Summary:
    """Record the runs of each workflow, newest first, back to `since` or at most `runs` of them.

    With `pulls`, also the open pull requests and the runs of their head commits. `reached` is told, again and again,
    which share of all this is behind us.
    """
    history = _History(github, append, repo, known, progress, keep, sleep)
    parts = len(workflows) + pulls
    for number, workflow in enumerate(workflows):
        span = _Span(since, runs, partial(_share_of_all, reached, number, parts))
        await history.workflow(workflow, span)
    if pulls:
        await history.open_pulls()
    reached(1.0)
    return history.summary


def _share_of_all(reached: Reached, number: int, parts: int, share: float) -> None:
    reached((number + share) / parts)


class _Span:
    """How far a workflow's runs are wanted: back to a moment, or so many; and how far we have come."""

    def __init__(self, since: datetime | None, most: int | None, reached: Reached) -> None:
        self.since = since
        self.most = most
        self._reached = reached
        self._newest: datetime | None = None

    def seen(self, run: Json, count: int) -> None:
        """Note that a run is the next, the newest first."""
        shares = [0.0]
        if self.most:
            shares.append(count / self.most)
        created_at = moment(run.get("created_at"))
        if created_at is not None and self.since is not None:
            self._newest = self._newest or created_at
            whole = (self._newest - self.since).total_seconds()
            if whole > 0:
                shares.append((self._newest - created_at).total_seconds() / whole)
        self._reached(min(max(shares), 1.0))


async def watch(
    github: GitHub,
    append: Append,
    *,
    repo: Repo,
    workflows: Sequence[str],
    known: Known,
    every: timedelta,
    pulls: bool = True,
    while_running: timedelta | None = None,
    rounds: int | None = None,
    progress: Progress = in_silence,
    keep: int = KEEP,
    sleep: Sleep = asyncio.sleep,
) -> Summary:
    """Look every so often at the newest runs; fetch the jobs of those that have ended since.

    A list that has not changed costs nothing of GitHub's limit. With `while_running`, the jobs of a run under way
    are fetched too: first after that time, then after twice that time, and so on.
    """
    history = _History(github, append, repo, known, progress, keep, sleep)
    watching = _Watching(history, workflows, every, while_running, pulls=pulls)
    done = 0
    while rounds is None or done < rounds:
        if done:
            await sleep(every.total_seconds())
        await history.patiently(watching.look, gives_up=False)
        done += 1
    return history.summary


class _History:
    """Fetches and records, and waits when GitHub asks for it."""

    def __init__(
        self,
        github: GitHub,
        append: Append,
        repo: Repo,
        known: Known,
        progress: Progress,
        keep: int,
        sleep: Sleep,
    ) -> None:
        self.github = github
        self.repo = repo
        self.summary = Summary()
        self._append = append
        self._known = known
        self._progress = progress
        self._keep = keep
        self._sleep = sleep
        self._taken: set[tuple[int, object, object]] = set()

    async def patiently(
        self, work: Callable[[], Awaitable[None]], *, gives_up: bool = True
    ) -> None:
        """Do work that can be begun again, until it is done."""
        failures = 0
        while True:
            before = self.summary
            try:
                return await work()
            except Transient as problem:
                failures = failures + 1 if self.summary == before else 1
                if gives_up and failures > MOST_FAILURES:
                    raise
                longer: int = 2 ** min(failures - 1, MOST_DOUBLINGS)
                wait = min(problem.retry_after or SHORT_WAIT * longer, LONGEST_WAIT)
                self.say(f"{problem} I go on in {_in_words(wait)}.")
                await self._sleep(wait.total_seconds())

    async def workflow(self, workflow: str, span: _Span) -> None:
        """Take the runs of one workflow."""

        async def work() -> None:
            seen = 0
            async for run in self.github.runs_of_workflow(self.repo, workflow, since=span.since):
                if span.most is not None and seen >= span.most:
                    return
                span.seen(run, seen)
                seen += 1
                await self.take_once(run)

        await self.patiently(lambda: self.unless_refused(work(), f"workflow {workflow}"))

    async def open_pulls(self) -> None:
        """Take the open pull requests with the runs of their heads."""
        taken, seen = set[int](), set[int]()

        async def work() -> None:
            async for pull in self.github.pulls(self.repo):
                number = pull["number"]
                if number not in taken:
                    await self.take_pull(pull)
                    taken.add(number)
                if number not in seen:
                    about = f"the runs of pull request {number}"
                    await self.unless_refused(self._runs_of(head_of(pull)), about)
                    seen.add(number)

        await self.patiently(lambda: self.unless_refused(work(), "open pull requests"))

    async def _runs_of(self, sha: Sha) -> None:
        await self.spare()
        async for run in self.github.runs_of_commit(self.repo, sha):
            await self.take_once(run)

    async def spare(self) -> None:
        """Stop short of the calls that are kept for people."""
        await self.github.spare(self.repo, self._keep)

    async def take_once(self, run: Json) -> None:
        """Take a run unless this very state of it was taken before."""
        state = mark(run)
        if state in self._taken:
            return
        await self.unless_refused(self.take(run), f"run {run['id']}")
        self._taken.add(state)

    async def take(self, run: Json) -> None:
        """Record a run with all of its attempts and jobs that are not known."""
        run_id, newest = RunId(int(run["id"])), _attempt(run)
        missing = await asyncio.to_thread(self._missing, run_id, newest, is_over=is_over(run))
        if not missing:
            self.summary = replace(self.summary, skipped=self.summary.skipped + 1)
            return
        await self.spare()
        only = newest if newest > 1 and missing == [newest] else None
        events: list[Event] = []
        jobs = 0
        async for job in self.github.jobs(self.repo, run_id, only):
            events.extend(job_events(job, self.repo))
            jobs += 1
        for attempt in missing:
            described = (
                run if attempt == newest else await self.github.run(self.repo, run_id, attempt)
            )
            events.extend(run_events(described))
        await self.record(events, str(run_id))
        self.summary = replace(
            self.summary,
            runs=self.summary.runs + 1,
            attempts=self.summary.attempts + len(missing),
            jobs=self.summary.jobs + jobs,
        )
        self.say(f"{run.get('name') or 'Run'} #{run.get('run_number', run_id)}: {jobs} jobs.")

    async def take_pull(self, pull: Json) -> None:
        """Record a pull request as it is now."""
        await self.record([pull_event(pull, self.repo)], f"pull/{pull['number']}")
        self.summary = replace(self.summary, pulls=self.summary.pulls + 1)

    async def record(self, events: Sequence[Event], about: str) -> None:
        """Append what was heard about one thing, all at once."""
        story = f"{SOURCE}/{self.repo}/{about}"
        facts = [Fact(event=event, source=SOURCE, correlation_id=story) for event in events]
        if not facts:
            return
        appended = await self._append(Batch(facts=facts))
        self.summary = replace(
            self.summary,
            recorded=self.summary.recorded + len(appended.positions),
            duplicates=self.summary.duplicates + appended.duplicates,
        )

    async def unless_refused(self, work: Awaitable[None], what: str) -> None:
        """Do one piece of work; what GitHub does not show is said and left out."""
        try:
            await work
        except Refused as refusal:
            if refusal.reason in HOPELESS:
                raise
            self.summary = replace(self.summary, refused=self.summary.refused + 1)
            self.say(f"I left out {what}: {refusal}")

    def say(self, text: str) -> None:
        """Tell whoever waits how far we are."""
        self._progress(text, self.summary)

    def _missing(self, run_id: RunId, newest: int, *, is_over: bool) -> list[int]:
        ended = newest if is_over else newest - 1
        return [
            attempt
            for attempt in range(1, newest + 1)
            if attempt > ended or not self._known.known(self.repo, run_id, attempt)
        ]


class _UnderWay(Struct, kw_only=True):
    """A run that has not ended.

    In whose list it was, and since when we know of it; when we look at its jobs next, and how long we wait then.
    """

    workflow: str
    since: timedelta
    due: timedelta | None
    pause: timedelta


class _Watching:
    """What was seen in the rounds before, so that a round asks only about what has changed.

    The list of a workflow's runs changes with every job that ends. So while one of its runs is under way, we look at
    the list of those that have ended instead: it stays the same, and costs nothing, until that run is on it.
    """

    def __init__(
        self,
        history: _History,
        workflows: Sequence[str],
        every: timedelta,
        while_running: timedelta | None,
        *,
        pulls: bool,
    ) -> None:
        self._history = history
        self._workflows = workflows
        self._every = every
        self._while_running = while_running
        self._pulls = pulls
        self._round = 0
        self._seen: dict[RunId, tuple[int, object, object]] = {}
        self._under_way: dict[RunId, _UnderWay] = {}
        self._pulls_seen: dict[int, object] = {}
        self._at_rest: set[Sha] = set()

    async def look(self) -> None:
        """Do one round."""
        for workflow in self._workflows:
            await self._history.unless_refused(self._workflow(workflow), f"workflow {workflow}")
        if self._pulls:
            await self._history.unless_refused(self._open_pulls(), "open pull requests")
        self._round += 1

    async def _workflow(self, workflow: str) -> None:
        oldest = await self._newest_of(workflow, "completed")
        overdue = False
        for run_id in self._under_way_of(workflow):
            is_asked_for = self._is_overdue(run_id) and self._round % ROUNDS_AT_REST == 0
            overdue = overdue or is_asked_for
            if run_id < oldest or is_asked_for:
                await self._history.unless_refused(self._ask_for(run_id), f"run {run_id}")
        under_way = self._under_way_of(workflow)
        if not under_way or overdue or any(self._is_due(run_id) for run_id in under_way):
            await self._newest_of(workflow, None)

    def _under_way_of(self, workflow: str) -> list[RunId]:
        return [run_id for run_id, state in self._under_way.items() if state.workflow == workflow]

    async def _newest_of(self, workflow: str, status: str | None) -> int:
        """Compare the newest runs; return the id below which there may be more of them."""
        runs = self._history.github.runs_of_workflow(self._history.repo, workflow, status=status)
        count = 0
        async for run in runs:
            await self._compare(run, workflow)
            count += 1
            if count >= NEWEST:
                return int(run["id"])
        return 0

    async def _open_pulls(self) -> None:
        numbers = set[int]()
        heads = set[Sha]()
        listed = set[RunId]()
        async for pull in self._history.github.pulls(self._history.repo):
            number, updated_at, sha = pull["number"], pull.get("updated_at"), head_of(pull)
            numbers.add(number)
            heads.add(sha)
            if self._pulls_seen.get(number) != updated_at:
                await self._history.take_pull(pull)
                self._pulls_seen[number] = updated_at
                self._at_rest.discard(sha)
            if sha in self._at_rest and self._round % ROUNDS_AT_REST:
                continue
            about = f"the runs of pull request {number}"
            await self._history.unless_refused(self._runs_of(sha, listed), about)
        self._at_rest &= heads
        for number in self._pulls_seen.keys() - numbers:
            await self._history.unless_refused(self._closed(number), f"pull request {number}")
        for run_id in [run_id for run_id, state in self._under_way.items() if not state.workflow]:
            if run_id not in listed:
                await self._history.unless_refused(self._ask_for(run_id), f"run {run_id}")

    async def _closed(self, number: int) -> None:
        """Take a pull request that the list no longer shows: it was merged or closed."""
        try:
            pull = await self._history.github.pull(self._history.repo, PullNumber(number))
        except Refused:
            del self._pulls_seen[number]
            raise
        await self._history.take_pull(pull)
        del self._pulls_seen[number]

    async def _runs_of(self, sha: Sha, listed: set[RunId]) -> None:
        have_ended = []
        await self._history.spare()
        async for run in self._history.github.runs_of_commit(self._history.repo, sha):
            await self._compare(run, "")
            listed.add(RunId(int(run["id"])))
            have_ended.append(is_over(run))
        if have_ended and all(have_ended):
            self._at_rest.add(sha)
        else:
            self._at_rest.discard(sha)

    async def _ask_for(self, run_id: RunId) -> None:
        """Look at a run that the lists no longer show."""
        try:
            run = await self._history.github.run(self._history.repo, run_id)
        except Refused:
            del self._under_way[run_id]
            raise
        await self._compare(run, "")

    async def _compare(self, run: Json, workflow: str) -> None:
        """Act on what has changed in a run."""
        run_id = RunId(int(run["id"]))
        is_new = self._seen.get(run_id) != mark(run)
        if is_over(run):
            if is_new:
                await self._history.unless_refused(self._history.take(run), f"run {run_id}")
            self._under_way.pop(run_id, None)
        elif self._is_due(run_id):
            await self._history.unless_refused(self._history.take(run), f"run {run_id}")
            self._put_off(run_id)
        else:
            self._note(run_id, workflow)
            if is_new:
                await self._history.record(run_events(run), str(run_id))
        self._seen[run_id] = mark(run)

    def _note(self, run_id: RunId, workflow: str) -> None:
        pause = self._while_running
        due = None if pause is None else self._elapsed() + pause
        self._under_way.setdefault(
            run_id,
            _UnderWay(
                workflow=workflow, since=self._elapsed(), due=due, pause=pause or timedelta()
            ),
        )

    def _is_due(self, run_id: RunId) -> bool:
        """Return whether it is time for the jobs of a run that is under way."""
        state = self._under_way.get(run_id)
        return state is not None and state.due is not None and self._elapsed() >= state.due

    def _is_overdue(self, run_id: RunId) -> bool:
        return self._elapsed() - self._under_way[run_id].since >= OVERDUE

    def _put_off(self, run_id: RunId) -> None:
        """Each time, the next look is further off: a long run is not worth more calls than a short one."""
        state = self._under_way[run_id]
        state.pause *= 2
        state.due = self._elapsed() + state.pause

    def _elapsed(self) -> timedelta:
        return self._every * self._round


def is_over(run: Json) -> bool:
    """Return whether a run has ended."""
    return run.get("status") == "completed"


def head_of(pull: Json) -> Sha:
    """Return the newest commit of a pull request."""
    return Sha(str(pull["head"]["sha"]))


def mark(run: Json) -> tuple[int, object, object]:
    """Return what differs when something has happened to a run."""
    return int(run["id"]), (_attempt(run), run.get("status")), run.get("updated_at")


def _attempt(run: Json) -> int:
    return int(run.get("run_attempt") or 1)


def _in_words(wait: timedelta) -> str:
    seconds = round(wait.total_seconds())
    return f"{seconds} s" if seconds < 120 else f"{round(seconds / 60)} min"  # noqa: PLR2004 - two minutes
