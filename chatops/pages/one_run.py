"""The page of one run: what failed, at which step, newly or still, and what came of running it again?

Whoever follows a run's name from a night, a test or a command comes here; each attempt has an address of its own.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import TypedDict

import msgspec
from msgspec import Struct

from chatops.answers.askers import who_asked
from chatops.answers.chain_answer import spoken
from chatops.answers.night_cells import State
from chatops.answers.one_run import Attempt, OneRun, RunJob, Since, one_run
from chatops.engine.command import Knowledge
from chatops.events import Recorded
from chatops.names import RunId
from chatops.pages.audit import CommandTold, command_json, pull_url
from chatops.projections.commands import Command
from chatops.views.addresses import Place, slug
from chatops.views.missing import Missing, quoted
from chatops.views.nightly_detail import MARKS, job_link, words_of
from chatops.views.page import Viewer, render, sign_in_address, took
from chatops.views.table import rows_under
from chatops.views.view import Query, Seen, View, Word

NUMBER = re.compile(r"[1-9][0-9]{0,17}")
SHA_SHOWN = 9
LOOK_AT = {
    "No verdict": (State.INFRA, State.CANCELLED, State.NOT_RUN, State.UNKNOWN, State.NONE),
    "Not over": (State.RUNNING, State.QUEUED),
}
FOLDED = {
    "Passed on rerun": (State.RERUN,),
    "Passed": (State.PASSED,),
    "Skipped": (State.SKIPPED,),
}
IN_COUNTS = (
    State.FAILED, State.INFRA, State.CANCELLED, State.UNKNOWN, State.RUNNING, State.QUEUED,
    State.RERUN, State.PASSED, State.SKIPPED,
)  # fmt: skip


class Tag(Struct, frozen=True, kw_only=True):
    """One execution, as a sign with its attempt."""

    mark: str
    attempt: str
    words: str
    url: str


class Row(Struct, frozen=True, kw_only=True):
    """One job as the page lists it."""

    job: RunJob
    address: str
    mark: str
    words: str
    step: str
    before: str
    tags: tuple[Tag, ...]
    waited: str
    took: str
    url: str


class Group(Struct, frozen=True, kw_only=True):
    """Jobs that came to the same."""

    title: str
    kind: str
    is_open: bool
    rows: tuple[Row, ...]


class AttemptTold(TypedDict):
    """One attempt of a run."""

    attempt: int
    status: str
    conclusion: str | None
    began_at: datetime | None
    ended_at: datetime | None
    seconds: int | None
    ran: int
    carried_over: int
    failed: int
    passed_after_failing: int
    asked_for_by: Sequence[CommandTold]


class JobTried(TypedDict):
    """One time that a job ran."""

    attempt: str
    words: str
    url: str


class JobTold(TypedDict):
    """One job of a run."""

    name: str
    test: str
    state: str
    is_required: bool
    failed_step: str | None
    since: str | None
    before: str | None
    ran_in_attempt: int
    is_carried_over: bool
    runner: str | None
    seconds_waited: int | None
    seconds: int | None
    executions: Sequence[JobTried]
    url: str | None


class MachinesTold(TypedDict):
    """How long runners kept the jobs waiting, by their labels."""

    labels: str
    jobs: int
    median_seconds_waited: int | None
    longest_seconds_waited: int | None


class RunDocument(TypedDict):
    """A run as it was after an attempt."""

    repository: str
    run_id: int
    attempt: int
    workflow: str
    number: int | None
    trigger: str | None
    branch: str | None
    sha: str | None
    pull_requests: Sequence[int]
    status: str
    conclusion: str | None
    verdict: str
    as_of: datetime
    heard_at: datetime | None
    knows_required: bool
    url: str
    compared_with: int | None
    counts: Mapping[str, int]
    attempts: Sequence[AttemptTold]
    jobs: Sequence[JobTold]
    machines: Sequence[MachinesTold]


def render_one_run(
    knowledge: Knowledge, query: Mapping[str, str], *, viewer: Viewer = Viewer.ANYBODY
) -> str | None:
    """Return the page, nothing where this community knows no such run."""
    one = _found(knowledge, query, "")
    if one is None:
        return None
    return _rendered(one, knowledge, viewer, f"runs/{one.run.run_id}")


def render_one_attempt(
    knowledge: Knowledge, query: Mapping[str, str], *, viewer: Viewer = Viewer.ANYBODY
) -> str | None:
    """Return the page of one attempt, nothing where this community knows no such run or attempt."""
    one = _found(knowledge, query, query.get("attempt", ""))
    if one is None:
        return None
    return _rendered(one, knowledge, viewer, f"runs/{one.run.run_id}/{one.run.attempt}")


def one_run_json(knowledge: Knowledge, query: Mapping[str, str]) -> str | None:
    """Return a run for programs."""
    one = _found(knowledge, query, "")
    return None if one is None else _told(one, knowledge)


def one_attempt_json(knowledge: Knowledge, query: Mapping[str, str]) -> str | None:
    """Return an attempt for programs."""
    one = _found(knowledge, query, query.get("attempt", ""))
    return None if one is None else _told(one, knowledge)


def _rendered(one: OneRun, knowledge: Knowledge, viewer: Viewer, place: str) -> str:
    github_url, run = knowledge.github_url, one.run
    return render(
        "one_run.html",
        name=knowledge.community.title,
        here="run",
        up="../" * place.count("/"),
        viewer=viewer,
        sign_in=sign_in_address(knowledge.base_url, f"/{knowledge.community.key}/{place}"),
        one=one,
        run=run,
        title=f"{run.workflow} #{run.number}" if run.number else run.workflow,
        place=place.rpartition("/")[2],
        url=_run_url(one, github_url),
        commit_url=f"{github_url}/{run.repo}/commit/{run.sha}" if run.sha else "",
        commit=run.sha[:SHA_SHOWN],
        pulls=[(number, pull_url(run.repo, number, github_url)) for number in one.numbers],
        counts=[(MARKS[state], one.counts[state], state.value) for state in IN_COUNTS if one.counts.get(state)],
        groups=_groups(one, knowledge),
        attempts=[
            (attempt, _attempt_mark(attempt), _asked(attempt, knowledge))
            for attempt in one.attempts
        ],
        machines=one.machines,
    )  # fmt: skip


def _asked(attempt: Attempt, knowledge: Knowledge) -> list[tuple[str, str, Command]]:
    """Return the commands that asked for an attempt: the words, and whose they are."""
    return [(spoken(command), who_asked(command, knowledge), command) for command in attempt.asked]


def _told(one: OneRun, knowledge: Knowledge) -> str:
    run = one.run
    told: RunDocument = {
        "repository": run.repo,
        "run_id": run.run_id,
        "attempt": run.attempt,
        "workflow": run.workflow,
        "number": run.number or None,
        "trigger": run.trigger or None,
        "branch": run.branch or None,
        "sha": run.sha or None,
        "pull_requests": one.numbers,
        "status": run.status,
        "conclusion": run.conclusion or None,
        "verdict": one.verdict,
        "as_of": one.now,
        "heard_at": one.heard_at,
        "knows_required": one.knows_required,
        "url": _run_url(one, knowledge.github_url),
        "compared_with": one.before.run_id if one.before else None,
        "counts": {state.value: number for state, number in one.counts.items()},
        "attempts": [
            {
                "attempt": attempt.run.attempt,
                "status": attempt.run.status,
                "conclusion": attempt.run.conclusion or None,
                "began_at": attempt.run.started_at or attempt.run.created_at,
                "ended_at": attempt.run.completed_at,
                "seconds": _whole(attempt.took),
                "ran": attempt.ran,
                "carried_over": attempt.carried,
                "failed": attempt.failed,
                "passed_after_failing": attempt.helped,
                "asked_for_by": [
                    command_json(command, who_asked(command, knowledge)) for command in attempt.asked
                ],
            }
            for attempt in one.attempts
        ],
        "jobs": [_job_json(row) for group in _groups(one, knowledge) for row in group.rows],
        "machines": [
            {
                "labels": machines.labels,
                "jobs": machines.jobs,
                "median_seconds_waited": _whole(machines.median),
                "longest_seconds_waited": _whole(machines.longest),
            }
            for machines in one.machines
        ],
    }  # fmt: skip
    return msgspec.json.encode(told).decode()


def _found(knowledge: Knowledge, query: Mapping[str, str], attempt: str) -> OneRun | None:
    run_id = query.get("id", "")
    if not NUMBER.fullmatch(run_id) or (attempt and not NUMBER.fullmatch(attempt)):
        return None
    return one_run(knowledge, RunId(int(run_id)), int(attempt) if attempt else None)


def _run_url(one: OneRun, github_url: str) -> str:
    run = f"{github_url}/{one.run.repo}/actions/runs/{one.run.run_id}"
    return f"{run}/attempts/{one.run.attempt}" if len(one.attempts) > 1 else run


def _attempt_mark(attempt: Attempt) -> tuple[str, str]:
    run = attempt.run
    if not run.is_over:
        return "w", run.status.replace("_", " ")
    words = run.conclusion.replace("_", " ") or "not known"
    return {"success": "p", "failure": "f", "cancelled": "c", "skipped": "s"}.get(
        run.conclusion, "u"
    ), words


def _groups(one: OneRun, knowledge: Knowledge) -> list[Group]:
    """Return the jobs by what came of them: failures first, then what has no verdict, then the rest, folded."""
    found = [
        Group(title="Failed", kind="bad", is_open=True, rows=_rows(one, one.failed, knowledge))
    ]
    for groups, is_open in ((LOOK_AT, True), (FOLDED, False)):
        for title, states in groups.items():
            jobs = [job for job in one.jobs if job.cell.state in states]
            jobs.sort(key=lambda job: (not job.is_required, states.index(job.cell.state), job.name))
            found.append(
                Group(title=title, kind="", is_open=is_open, rows=_rows(one, jobs, knowledge))
            )
    return [group for group in found if group.rows]


def _rows(one: OneRun, jobs: Sequence[RunJob], knowledge: Knowledge) -> tuple[Row, ...]:
    return tuple(_row(one, job, knowledge) for job in jobs)


def _row(one: OneRun, job: RunJob, knowledge: Knowledge) -> Row:
    run, last, github_url = one.run, job.cell.last, knowledge.github_url
    workflow = one.tests_of.get(job.name, run.workflow)
    place = Place(repo=run.repo, workflow=workflow, name=job.name)
    state = job.cell.state
    return Row(
        job=job,
        address=slug(place, knowledge.community.repositories[0]),
        mark=MARKS[state],
        words=words_of(last) if last and state is State.UNKNOWN else state.value,
        step=last.failed_step if last else "",
        before=_before(job),
        tags=tuple(
            Tag(
                mark=MARKS[execution.state],
                attempt=str(execution.attempt or "?"),
                words=f"{words_of(execution)} on attempt {execution.attempt or '?'}",
                url=job_link(run.repo, execution, github_url),
            )
            for execution in job.cell.executions
        ),
        waited=took(job.waited),
        took=took(last.took) if last else "",
        url=job_link(run.repo, last, github_url) if last else "",
    )


def _before(job: RunJob) -> str:
    """Return how the night before was, as against a failure."""
    match job.since:
        case Since.NEW:
            return "new: it passed"
        case Since.STILL:
            return "failed, too"
        case _:
            return job.before.value if job.before else "not there"


def _job_json(row: Row) -> JobTold:
    job = row.job
    return {
        "name": job.name,
        "test": row.address,
        "state": job.cell.state.value,
        "is_required": job.is_required,
        "failed_step": row.step or None,
        "since": job.since.value if job.since else None,
        "before": job.before.value if job.before else None,
        "ran_in_attempt": job.attempt,
        "is_carried_over": job.is_carried,
        "runner": job.runner or None,
        "seconds_waited": _whole(job.waited),
        "seconds": _whole(job.cell.last.took if job.cell.last else None),
        "executions": [
            {"attempt": tag.attempt, "words": tag.words, "url": tag.url} for tag in row.tags
        ],
        "url": row.url or None,
    }


def _whole(duration: timedelta | None) -> int | None:
    return None if duration is None else int(duration.total_seconds())


def _one(seen: Seen, query: Query) -> OneRun | None:
    """Return the run, for whichever format it is asked first."""
    attempt = query.get("attempt", "")
    key = ("run", query.get("id", ""), attempt)
    return seen.once(key, lambda: _found(seen.knowledge, query, attempt))


def _html(seen: Seen, query: Query) -> str | None:
    one = _one(seen, query)
    if one is None:
        return None
    attempt = f"/{one.run.attempt}" if "attempt" in query else ""
    return _rendered(one, seen.knowledge, seen.viewer, f"runs/{one.run.run_id}{attempt}")


def _missing(seen: Seen, query: Query) -> Missing:
    """Return what is said where there is no such run, or no such attempt of it."""
    run_id, attempt = query["id"], query.get("attempt", "")
    nights = ("nightly", "All nights")
    if attempt and _found(seen.knowledge, query, "") is not None:
        said = f"Run {run_id} has no attempt {quoted(attempt)} that was heard of."
        return Missing(said=said, ways=[(f"runs/{run_id}", "Its newest attempt"), nights])
    if not NUMBER.fullmatch(run_id):
        said = f"{quoted(run_id)} is no run: after `runs/` stands its number on GitHub."
        return Missing(said=said, ways=[nights])
    repo = seen.knowledge.community.repositories[0]
    on_github = f"{seen.knowledge.github_url}/{repo}/actions/runs/{run_id}"
    said = f"Nothing was heard of run {run_id}."
    return Missing(said=said, ways=[nights, (on_github, "Look on GitHub")])


def _json(seen: Seen, query: Query) -> str | None:
    one = _one(seen, query)
    return None if one is None else _told(one, seen.knowledge)


def _of_run(query: Query) -> Query:
    """Return the question without an attempt: only the address of one says that."""
    return {name: value for name, value in query.items() if name != "attempt"}


def _news(_knowledge: Knowledge, recorded: Recorded) -> list[str]:
    """Return the page of the run that an event is about."""
    run_id = getattr(recorded.event, "run_id", 0)
    return [f"runs/{run_id}"] if run_id else []


def _attempt_news(knowledge: Knowledge, recorded: Recorded) -> list[str]:
    """Return the page of the attempt that an event is about."""
    attempt = getattr(recorded.event, "attempt", 0)
    return [f"{run}/{attempt}" for run in _news(knowledge, recorded)] if attempt else []


RUN_ASKED = (Word(name="id", meaning="The number of a run."),)
ATTEMPT_ASKED = (*RUN_ASKED, Word(name="attempt", meaning="Which attempt of it."))
"""What the pages can be asked."""
RUN = View(
    address="runs/{id}",
    html=lambda seen, query: _html(seen, _of_run(query)),
    missing=lambda seen, query: _missing(seen, _of_run(query)),
    json=lambda seen, query: _json(seen, _of_run(query)),
    document=RunDocument,
    words=RUN_ASKED,
    rows=rows_under("jobs"),
    news=_news,
)
ATTEMPT = View(
    address="runs/{id}/{attempt}",
    html=_html,
    missing=_missing,
    json=_json,
    document=RunDocument,
    words=ATTEMPT_ASKED,
    rows=rows_under("jobs"),
    news=_attempt_news,
)
