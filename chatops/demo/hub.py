"""The pretend GitHub of the demo: people, open pull requests, and CI that goes on from where the history ends."""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from typing import Any

from chatops.standins.github import PlannedJob, Repository, World
from chatops.standins.github.actions import Job
from chatops.standins.github.world import parse_time
from chatops.standins.history import History, PlannedRun, PullRequest, history
from chatops.standins.history.checks import BIG, GATEKEEPER
from chatops.standins.history.files import required_names

Json = dict[str, Any]

MAINTAINER = "mona"
STRANGER = "newcomer"
LABELS = (
    "area/agent", "area/runtime", "bug", "do-not-merge", "enhancement", "good first issue", "help wanted",
    "kind/bug", "kind/feature", "lifecycle/active", "lifecycle/frozen", "lifecycle/rotten", "lifecycle/stale",
    "priority/high", "priority/low",
)  # fmt: skip
LETS_IN = "ok-to-test"
STARTED_BY = ("opened", "synchronize", "reopened", "labeled")
"""What starts the big workflow of a pull request, from the beginning: any label does."""
ELSEWHERE = "jenkins/metrics"
"""A status that another machine reports, and nobody requires."""
MET_ELSEWHERE = (0, 2)
"""On which of the pull requests that machine failed."""
MILESTONE = "Next release"
REQUIRED_PATH = "tools/testing/gatekeeper/required-tests.yaml"
CODEOWNERS = f"""\
# Who has to approve what; later lines count.
*       @{MAINTAINER}
/docs/  @{MAINTAINER} @{STRANGER}
"""
STABLE = "stable-3.2"
"""A branch to which changes can be picked."""
NIGHTS_SHOWN = 4
"""Nights whose runs have pages; the product knows all of them."""


def staged(past: History, seed: int, nights: int) -> World:
    """Build the world as it is at the end of a history, with everything under way that will go on."""
    world = World()
    repository = world.repo(past.repository, description="A pretend repository.")
    repository.user(MAINTAINER, permission="write")
    repository.user(STRANGER, permission="read")
    repository.write_file(REQUIRED_PATH, past.required_tests_yaml)
    repository.write_file(".github/CODEOWNERS", CODEOWNERS)
    repository.required_checks = [f"{GATEKEEPER.name} / gatekeeper"]
    repository.commit_to(STABLE, {"VERSION": "3.2.0\n"})
    # A short history is the end of a long one.
    newest = history(past.now, seed, min(nights, NIGHTS_SHOWN), past.repository)
    for runs, jobs in newest.nights():
        repository.load_runs(runs)
        repository.load_jobs(jobs)
    _load(repository, past.tonight, past.now)
    for pull in past.pulls:
        _open(repository, pull, past.now)
    for place in MET_ELSEWHERE:
        sha = past.pulls[place].head_sha
        repository.status(sha, ELSEWHERE, "failure", description="The machine did not answer.")
    _let_labels_start(repository, past.pulls[0])
    _plan_ahead(repository)
    return world


def _let_labels_start(repository: Repository, whole: PullRequest) -> None:
    """Let labels start the big workflow and its gate, with the jobs that a pull request has which ran them all."""
    jobs = [
        _plan({**job, "conclusion": "success", "steps": []}, None, ())
        for planned in whole.runs
        if planned.run["name"] == BIG.name
        for job in planned.jobs
    ]
    required = required_names()
    names = (f"{BIG.name} / {job.name}" for job in jobs)
    gate = PlannedJob("gatekeeper", required=tuple(name for name in names if name in required))
    for workflow, started, by in ((BIG, jobs, LETS_IN), (GATEKEEPER, [gate], None)):
        known = repository.workflows[workflow.name]
        repository.workflows[workflow.name] = replace(
            known, triggers=frozenset(STARTED_BY), gate_label=by, jobs=tuple(started)
        )


def _plan_ahead(repository: Repository) -> None:
    """Let there be an issue, and what issues can be sorted by."""
    for label in LABELS:
        repository.label(label)
    repository.milestone(MILESTONE)
    repository.issue(
        author=STRANGER,
        title="Pods do not start when the node has no IPv6",
        body="Since this morning. Commands work here, too: try `/assign` or `/good-first-issue`.",
    )


def _open(repository: Repository, pull: PullRequest, now: datetime) -> None:
    repository.user(pull.author, permission="read")
    opened = repository.pull(
        number=pull.number,
        author=pull.author,
        title=pull.title,
        fork=pull.fork,
        labels=pull.labels,
        files=pull.files,
        head_sha=pull.head_sha,
        head_branch=pull.branch,
        draft=pull.draft,
    )
    opened.created_at, opened.updated_at = pull.created_at, pull.pushed_at
    repository.merging.behind.add(pull.number)
    for planned in pull.runs:
        is_gate = planned.run["name"] == GATEKEEPER.name
        _load(repository, planned, now, watched=_watched(pull) if is_gate else ())
        repository.runs[planned.run["id"]].pull_number = pull.number


def _watched(pull: PullRequest) -> list[str]:
    """Name the checks that a pull request's gate waits for.

    None, if the gate is red although they all pass: then it misses a label, and goes on missing it.
    """
    required = required_names()
    gate = next(planned for planned in pull.runs if planned.run["name"] == GATEKEEPER.name)
    judged = {
        name: job["conclusion"]
        for planned in pull.runs
        if planned is not gate
        for job in planned.jobs
        if (name := f"{job['workflow_name']} / {job['name']}") in required
    }
    is_red = any(conclusion != "success" for conclusion in judged.values())
    return list(judged) if is_red or gate.run["conclusion"] == "success" else []


def _load(
    repository: Repository, planned: PlannedRun, now: datetime, *, watched: Collection[str] = ()
) -> None:
    """Take over a run as it stands now; what it has still to do is done at the planned moments."""
    repository.load_runs([planned.run_at(now)])
    seen = {job["id"]: job for job in planned.jobs_at(now)}
    repository.load_jobs(seen.get(job["id"]) or _not_yet(job, now) for job in planned.jobs)
    for described in planned.jobs:
        found = repository.job(described["id"])
        assert found is not None
        job = found[1]
        job.plan = _plan(described, planned.again.get(described["name"]), watched)
        if job.status != "completed":
            _continue(job, described)


def _not_yet(job: Json, now: datetime) -> Json:
    """Describe a job that GitHub does not show yet as one that waits."""
    moment = now.strftime("%Y-%m-%dT%H:%M:%SZ")
    waiting = {"status": "queued", "conclusion": None, "created_at": moment, "started_at": moment}
    return {**job, **waiting, "completed_at": None, "steps": [], "runner_name": None}


def _plan(described: Json, again: str | None, watched: Collection[str]) -> PlannedJob:
    """Plan how a job ends, the first time and whenever it is run again."""
    lasted = parse_time(described["completed_at"]) - parse_time(described["started_at"])
    failed = [step["name"] for step in described["steps"] if step["conclusion"] == "failure"]
    first = described["conclusion"]
    return PlannedJob(
        described["name"],
        outcomes=(first, again) if again else (first,),
        seconds=max(1.0, lasted.total_seconds()),
        failed_step=failed[0] if failed else "Run tests",
        runner=described["labels"][0],
        required=tuple(watched),
    )


def _continue(job: Job, described: Json) -> None:
    if job.status == "queued":
        job.ready_at = job.created_at
        job.starts_at = parse_time(described["started_at"])
    job.ends_at = parse_time(described["completed_at"])
