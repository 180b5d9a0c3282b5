"""REST endpoints about workflow runs, jobs and checks."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from chatops.standins.github.actions import Attempt, Job, Json, Run, stamp
from chatops.standins.github.answers import Answer, Call, not_found
from chatops.standins.github.world import Repository

MOST_FILTERED_RUNS = 1_000
FILTERS = ("actor", "branch", "check_suite_id", "created", "event", "head_sha", "status")


def list_runs(call: Call) -> Answer:
    """List the runs of a repository, newest first."""
    repository = call.repository()
    sha = call.query.get("head_sha")
    return _runs(call, repository, repository.runs_of(sha) if sha else None)


def list_workflow_runs(call: Call) -> Answer:
    """List the runs of one workflow, named by number or file."""
    repository = call.repository()
    wanted = call.parameters["workflow_id"]
    known = [
        workflow.id
        for workflow in repository.workflows.values()
        if wanted in {str(workflow.id), workflow.path.rpartition("/")[2]}
    ]
    if not known:
        raise not_found()
    runs = [run for run in repository.runs_newest_first() if run.workflow.id in known]
    return _runs(call, repository, runs)


def get_run(call: Call) -> Answer:
    """Show a run as it is now."""
    repository, run = call.run()
    return Answer(body=call.shapes.run(repository, run))


def get_attempt(call: Call) -> Answer:
    """Show a run as it was in one attempt."""
    repository, run, attempt = _attempt(call)
    return Answer(body=call.shapes.run(repository, run, attempt))


def list_attempt_jobs(call: Call) -> Answer:
    """List the jobs of one attempt, carried-over ones included."""
    repository, run, attempt = _attempt(call)
    return _jobs(call, repository, run, attempt.jobs)


def list_jobs(call: Call) -> Answer:
    """List the jobs of the latest attempt, or of all."""
    repository, run = call.run()
    everything = call.query.get("filter") == "all"
    return _jobs(call, repository, run, list(run.jobs()) if everything else run.latest.jobs)


def get_job(call: Call) -> Answer:
    """Show one job."""
    repository, run, job = call.job()
    return Answer(body=call.shapes.job(repository, run, job))


def rerun(call: Call) -> Answer:
    """Run everything again."""
    repository, run = call.run()
    call.must_hold("actions", needs="write", repository=repository)
    call.world.ci.rerun(run, actor=call.who.login)
    return Answer(status=201, body={})


def rerun_failed(call: Call) -> Answer:
    """Run again what failed."""
    repository, run = call.run()
    call.must_hold("actions", needs="write", repository=repository)
    call.world.ci.rerun_failed(run, actor=call.who.login)
    return Answer(status=201, body={})


def rerun_job(call: Call) -> Answer:
    """Run one job again."""
    repository, run, job = call.job()
    call.must_hold("actions", needs="write", repository=repository)
    call.world.ci.rerun_job(run, job, actor=call.who.login)
    return Answer(status=201, body={})


def approve(call: Call) -> Answer:
    """Let a run from a fork begin that waits for it."""
    repository, run = call.run()
    call.must_hold("actions", needs="write", repository=repository)
    call.world.ci.approve(run)
    return Answer(status=201, body={})


def cancel(call: Call) -> Answer:
    """Stop a run."""
    repository, run = call.run()
    call.must_hold("actions", needs="write", repository=repository)
    call.world.ci.cancel(run)
    return Answer(status=202, body={})


def list_check_runs(call: Call) -> Answer:
    """List the checks of a commit: the latest of each, or all."""
    repository = call.repository()
    ref = call.parameters["ref"]
    sha = repository.branches.get(ref, ref)
    if not repository.knows_ref(ref):
        raise not_found()
    runs = repository.runs_of(sha)
    if call.query.get("filter") == "all":
        found = [(run, job) for run in runs for job in run.jobs()]
    else:
        found = list(repository.latest_jobs(sha))
    name, status = call.query.get("check_name"), call.query.get("status")
    found = [
        (run, job)
        for run, job in found
        if name in {None, job.name} and status in {None, job.status}
    ]
    return call.paged(
        found,
        lambda pair: call.shapes.check_run(repository, pair[0], pair[1]),
        under="check_runs",
    )


def _attempt(call: Call) -> tuple[Repository, Run, Attempt]:
    repository, run = call.run()
    attempt = run.attempt(call.number("attempt_number"))
    if attempt is None:
        raise not_found()
    return repository, run, attempt


def _jobs(call: Call, repository: Repository, run: Run, jobs: list[Job]) -> Answer:
    def draw(job: Job) -> Json:
        return call.shapes.job(repository, run, job)

    return call.paged(jobs, draw, under="jobs")


def _runs(call: Call, repository: Repository, runs: list[Run] | None) -> Answer:
    chosen = repository.runs_newest_first() if runs is None else runs
    for name in FILTERS:
        if (wanted := call.query.get(name)) is not None:
            keep = _run_filter(name, wanted)
            chosen = [run for run in chosen if keep(run)]
    is_filtered = any(name in call.query for name in FILTERS)
    return call.paged(
        chosen,
        lambda run: call.shapes.run(repository, run),
        under="workflow_runs",
        at_most=MOST_FILTERED_RUNS if is_filtered else None,
    )


def _run_filter(name: str, wanted: str) -> Callable[[Run], bool]:
    match name:
        case "actor":
            return lambda run: run.actor == wanted
        case "branch":
            return lambda run: run.head_branch == wanted
        case "check_suite_id":
            return lambda run: str(run.suite_id) == wanted
        case "created":
            first, last = created_range(wanted)
            return lambda run: first <= stamp(run.created_at) <= last
        case "event":
            return lambda run: run.event == wanted
        case "head_sha":
            return lambda run: run.head_sha == wanted
        case _:
            return lambda run: wanted in {run.latest.status, run.latest.conclusion}


def created_range(text: str) -> tuple[str, str]:
    """Read GitHub's search syntax for dates: `>=D`, `<D`, `D..D` or `D`, with or without times."""
    earliest, latest = "", "9"
    if ".." in text:
        first, _, last = text.partition("..")
        return _edge(first) if first != "*" else earliest, _edge(
            last, end=True
        ) if last != "*" else latest
    for sign in (">=", "<=", ">", "<"):
        if text.startswith(sign):
            rest = text.removeprefix(sign)
            match sign:
                case ">=":
                    return _edge(rest), latest
                case "<=":
                    return earliest, _edge(rest, end=True)
                case ">":
                    return _edge(rest, end=True, shift=1), latest
                case _:
                    return earliest, _edge(rest, shift=-1)
    return _edge(text), _edge(text, end=True)


def _edge(text: str, *, end: bool = False, shift: int = 0) -> str:
    """Give the first or last second that a date or time means."""
    try:
        moment = datetime.fromisoformat(text.replace(" ", "+"))
    except ValueError:
        return "~"
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    if end and len(text) == len("2026-01-31"):
        moment += timedelta(days=1, seconds=-1)
    return stamp(moment + timedelta(seconds=shift))
