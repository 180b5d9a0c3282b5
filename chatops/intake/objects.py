"""GitHub's objects become events: the same for an object of the REST API and for the one inside a webhook.

What is read is narrow and typed; an object that is not what it should be is read again, tolerantly, field by field.
The state is what `status` and `conclusion` say, never what a webhook calls its action. Nothing here raises: an object
that names nothing yields nothing.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Any, TypeVar

import msgspec

from chatops.events import Event
from chatops.events.checks import CheckSeen, CheckSuiteSeen, StatusSet
from chatops.events.pulls import PullChanged, PullFilesSeen
from chatops.events.repositories import RepositorySeen
from chatops.events.runs import (
    JobCompleted,
    JobQueued,
    JobStarted,
    RunCompleted,
    RunHeld,
    RunRequested,
    RunStarted,
)
from chatops.names import JobId, Login, PullNumber, Repo, RunId, Sha

LONGEST_TEXT = 1_000
UNAPPROVED = "action_required"
"""How GitHub ends a run that it does not begin before somebody has approved it."""
WAITING = frozenset({"queued", "requested", "waiting", "pending"})
BAD_STEPS = frozenset({"failure", "timed_out", "cancelled"})
LARGEST = 2**63 - 1
BEGINNING = 1970
UNREADABLE = (msgspec.ValidationError, RecursionError, UnicodeError)
"""What is raised where a value is not of its type; of half a pair of letters not even that can be said."""
ISSUE = re.compile(r"(?:(?<!&)#|\bGH-|/issues/)[1-9][0-9]*\b", re.ASCII | re.IGNORECASE)
HIDDEN = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
"""What nobody sees, such as the advice that a template gives to authors."""
_ODD = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
_BLANKS = re.compile(r"\s+")

Kind = TypeVar("Kind")


class Named(msgspec.Struct):
    """Something with a login or a name."""

    login: str | None = None
    name: str | None = None
    full_name: str | None = None
    slug: str | None = None


class Home(Named):
    """The repository that something is in."""

    private: bool | None = None
    updated_at: str | None = None


class Step(msgspec.Struct):
    """One step of a job."""

    name: str | None = None
    conclusion: str | None = None


class Job(msgspec.Struct):
    """What we read of a job."""

    id: int = 0
    run_id: int = 0
    run_attempt: int | None = 1
    name: str | None = ""
    status: str | None = ""
    conclusion: str | None = None
    workflow_name: str | None = ""
    head_sha: str | None = ""
    head_branch: str | None = ""
    runner_name: str | None = ""
    labels: list[str] | None = None
    steps: list[Step] | None = None
    created_at: str | None = None
    started_at: str | None = None
    completed_at: str | None = None


class NumberedPull(msgspec.Struct):
    """A pull request as a run or check names it."""

    number: int = 0


class Run(msgspec.Struct):
    """What we read of a workflow run."""

    id: int = 0
    run_attempt: int | None = 1
    run_number: int | None = 0
    name: str | None = ""
    path: str | None = ""
    event: str | None = ""
    status: str | None = ""
    conclusion: str | None = None
    head_sha: str | None = ""
    head_branch: str | None = ""
    display_title: str | None = ""
    actor: Named | None = None
    pull_requests: list[NumberedPull] | None = None
    repository: Home | None = None
    created_at: str | None = None
    run_started_at: str | None = None
    updated_at: str | None = None


class Label(msgspec.Struct):
    """A label on a pull request."""

    name: str | None = ""


class Place(msgspec.Struct):
    """One end of a pull request."""

    sha: str | None = ""
    ref: str | None = ""
    repo: Named | None = None


class Pull(msgspec.Struct):
    """What we read of a pull request."""

    number: int = 0
    title: str | None = ""
    body: str | None = ""
    state: str | None = ""
    draft: bool | None = False
    merged: bool | None = False
    merged_at: str | None = None
    head: Place | None = None
    base: Place | None = None
    user: Named | None = None
    labels: list[Label] | None = None
    author_association: str | None = ""
    created_at: str | None = None
    updated_at: str | None = None


class CheckRun(msgspec.Struct):
    """What we read of a check run."""

    id: int = 0
    name: str | None = ""
    head_sha: str | None = ""
    status: str | None = ""
    conclusion: str | None = None
    html_url: str | None = ""
    app: Named | None = None
    started_at: str | None = None
    completed_at: str | None = None


class CheckSuite(msgspec.Struct):
    """What we read of a check suite."""

    id: int = 0
    head_sha: str | None = ""
    status: str | None = ""
    conclusion: str | None = None
    app: Named | None = None
    updated_at: str | None = None


class Status(msgspec.Struct):
    """What we read of a commit status."""

    id: int = 0
    sha: str | None = ""
    state: str | None = ""
    context: str | None = ""
    description: str | None = ""
    target_url: str | None = ""
    created_at: str | None = None


def run_events(run: Mapping[str, Any] | Run, repo: Repo | None = None) -> list[Event]:
    """Return what a workflow run, in the attempt it describes, tells."""
    seen = run if isinstance(run, Run) else read(run, Run)
    where = repo or Repo(text(seen.repository.full_name) if seen.repository else "")
    if not (is_id(seen.id) and where):
        return []
    common: dict[str, Any] = {
        "repo": where,
        "run_id": RunId(seen.id),
        "attempt": _attempt(seen.run_attempt),
        "workflow": name(seen.name),
        "path": text(seen.path).partition("@")[0],
        "trigger": text(seen.event),
        "sha": Sha(text(seen.head_sha)),
        "branch": text(seen.head_branch),
        "number": seen.run_number if is_id(seen.run_number) else 0,
        "actor": Login(text(seen.actor.login) if seen.actor else ""),
        "pulls": tuple(
            PullNumber(one.number) for one in seen.pull_requests or () if is_id(one.number)
        ),
        "title": text(seen.display_title),
        "created_at": moment(seen.created_at),
        "started_at": moment(seen.run_started_at),
    }
    private = private_home(seen.repository, where, common["created_at"])
    if seen.status == "completed" and seen.conclusion:
        kind = RunHeld if seen.conclusion == UNAPPROVED else RunCompleted
        return [
            kind(conclusion=text(seen.conclusion), completed_at=moment(seen.updated_at), **common),
            *private,
        ]
    return [RunRequested(**common) if seen.status in WAITING else RunStarted(**common), *private]


def private_home(home: Home | None, repo: Repo, at: datetime | None) -> list[Event]:
    """Return that a repository was private at a moment, where GitHub says so of it."""
    if home is None or home.private is not True or at is None or not repo:
        return []
    return [RepositorySeen(repo=repo, private=True, seen_at=at)]


def job_events(job: Mapping[str, Any] | Job, repo: Repo) -> list[Event]:
    """Return what a job, in the attempt it is listed in, tells."""
    seen = job if isinstance(job, Job) else read(job, Job)
    called = name(seen.name)
    if not (is_id(seen.id) and is_id(seen.run_id) and repo and called):
        return []
    common: dict[str, Any] = {
        "repo": repo,
        "run_id": RunId(seen.run_id),
        "attempt": _attempt(seen.run_attempt),
        "job_id": JobId(seen.id),
        "name": called,
        "workflow": name(seen.workflow_name),
        "sha": Sha(text(seen.head_sha)),
        "branch": text(seen.head_branch),
        "runner": text(seen.runner_name),
        "labels": tuple(text(label) for label in seen.labels or ()),
        "created_at": moment(seen.created_at),
        "started_at": moment(seen.started_at),
    }
    if seen.status == "completed" and seen.conclusion:
        return [
            JobCompleted(
                conclusion=text(seen.conclusion),
                completed_at=moment(seen.completed_at),
                failed_step=_failed_step(seen.steps or ()),
                **common,
            )
        ]
    return [JobQueued(**common) if seen.status in WAITING else JobStarted(**common)]


def pull_event(pull: Mapping[str, Any] | Pull, repo: Repo) -> PullChanged:
    """Return how a pull request looked; `number` is 0 if it has none."""
    seen = pull if isinstance(pull, Pull) else read(pull, Pull)
    head, base = seen.head or Place(), seen.base or Place()
    content: dict[str, Any] = {
        "repo": repo,
        "number": PullNumber(seen.number if is_id(seen.number) else 0),
        "sha": Sha(text(head.sha)),
        "base": text(base.ref),
        "author": Login(text(seen.user.login) if seen.user else ""),
        "title": text(seen.title),
        "state": text(seen.state),
        "draft": bool(seen.draft),
        "merged": bool(seen.merged or seen.merged_at),
        "fork": head.repo is None or text(head.repo.full_name).lower() != repo.lower(),
        "labels": tuple(text(label.name) for label in seen.labels or ()),
    }
    if names_issue(f"{seen.title or ''}\n{seen.body or ''}"):
        # Only where it is so: those that name none stay the facts that they were before anybody asked.
        content["names_issue"] = True
    fingerprint = blake2b(msgspec.json.encode(content), digest_size=8).hexdigest()
    return PullChanged(
        fingerprint=fingerprint,
        association=text(seen.author_association),
        created_at=moment(seen.created_at),
        updated_at=moment(seen.updated_at),
        merged_at=moment(seen.merged_at),
        **content,
    )


def names_issue(said: str) -> bool:
    """Return whether a text names an issue: `#12`, `acme/rocket#12`, `GH-12` or its address; not in what is hidden."""
    return ISSUE.search(HIDDEN.sub("", said)) is not None


def files_event(seen: PullChanged, paths: Iterable[str]) -> PullFilesSeen:
    """Return which files a pull request changes, as it looks now."""
    return PullFilesSeen(
        repo=seen.repo,
        number=seen.number,
        sha=seen.sha,
        base=seen.base,
        files=tuple(text(path) for path in paths),
    )


def check_run_event(check: Mapping[str, Any] | CheckRun, repo: Repo) -> CheckSeen | None:
    """Return the state of a check run."""
    seen = check if isinstance(check, CheckRun) else read(check, CheckRun)
    if not (is_id(seen.id) and repo):
        return None
    return CheckSeen(
        repo=repo,
        check_id=seen.id,
        name=name(seen.name),
        app=text(seen.app.slug) if seen.app else "",
        sha=Sha(text(seen.head_sha)),
        status=text(seen.status),
        conclusion=text(seen.conclusion),
        url=text(seen.html_url),
        started_at=moment(seen.started_at),
        completed_at=moment(seen.completed_at),
    )


def check_suite_event(suite: Mapping[str, Any] | CheckSuite, repo: Repo) -> CheckSuiteSeen | None:
    """Return the state of a check suite."""
    seen = suite if isinstance(suite, CheckSuite) else read(suite, CheckSuite)
    if not (is_id(seen.id) and repo):
        return None
    return CheckSuiteSeen(
        repo=repo,
        suite_id=seen.id,
        app=text(seen.app.slug) if seen.app else "",
        sha=Sha(text(seen.head_sha)),
        status=text(seen.status),
        conclusion=text(seen.conclusion),
        updated_at=moment(seen.updated_at),
    )


def status_event(status: Mapping[str, Any] | Status, repo: Repo) -> StatusSet | None:
    """Return a commit status."""
    seen = status if isinstance(status, Status) else read(status, Status)
    if not (is_id(seen.id) and repo):
        return None
    return StatusSet(
        repo=repo,
        status_id=seen.id,
        context=name(seen.context),
        sha=Sha(text(seen.sha)),
        state=text(seen.state),
        description=text(seen.description),
        url=text(seen.target_url),
        created_at=moment(seen.created_at),
    )


def read(value: object, kind: type[Kind]) -> Kind:
    """Return an object in our shape; what has the wrong type is left at its default."""
    try:
        return msgspec.convert(value, kind)
    except UNREADABLE:
        return _tolerant(value, kind)


def _tolerant(value: object, kind: type[Kind]) -> Kind:
    given = value if isinstance(value, Mapping) else {}
    found: dict[str, object] = {}
    for field in msgspec.structs.fields(kind):  # type: ignore[arg-type]  # only our Structs come here
        if field.name not in given:
            continue
        try:
            found[field.name] = msgspec.convert(given[field.name], field.type)
        except UNREADABLE:
            continue
    return kind(**found)


def text(value: str | None) -> str:
    """Return text from outside as every database can hold it: no control characters, no half pairs, not endless."""
    if not value:
        return ""
    if not value.isprintable():
        value = _ODD.sub(" ", value)
    return value if len(value) <= LONGEST_TEXT else f"{value[: LONGEST_TEXT - 1]}…"


def name(value: str | None) -> str:
    """Return a name on one line, its blanks single."""
    cleaned = text(value)
    return (
        cleaned
        if cleaned.isprintable() and "  " not in cleaned
        else _BLANKS.sub(" ", cleaned).strip()
    )


def moment(value: str | None) -> datetime | None:
    """Return a moment, in UTC; GitHub's zero date and what is no date are none."""
    if not value:
        return None
    try:
        found = datetime.fromisoformat(value)
        if found.tzinfo is None:
            return None
        if found.tzinfo is not UTC:
            found = found.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return found if found.year >= BEGINNING else None


def is_id(value: object) -> bool:
    """Return whether this is a number that a database can hold and GitHub could have given."""
    return isinstance(value, int) and 0 < value <= LARGEST


def _attempt(value: int | None) -> int:
    return value if value is not None and 0 < value < 2**31 else 1


def _failed_step(steps: Iterable[Step]) -> str:
    return next((name(step.name) for step in steps if step.conclusion in BAD_STEPS), "")
