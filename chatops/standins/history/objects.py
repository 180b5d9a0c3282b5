"""GitHub's REST objects for accounts, repositories, workflow runs and jobs.

Every key that GitHub's published description requires is there. Repository and account objects
are shared by reference, so that a year of runs stays small.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from zlib import crc32

API = "https://api.github.com"
SITE = "https://github.com"
DAY = 86_400
# Ids grow with time; the first counted second is 4 October 2024.
FIRST_SECOND = 20_000 * DAY
FIRST_RUN, RUNS_PER_SECOND = 12_000_000_000, 240
FIRST_JOB, JOBS_PER_SECOND = 34_000_000_000, 700

CLOCK = tuple(
    f"T{hour:02}:{minute:02}:{second:02}Z"
    for hour in range(24)
    for minute in range(60)
    for second in range(60)
)

Json = dict[str, Any]


@lru_cache(maxsize=1024)
def _date(day: int) -> str:
    return datetime.fromtimestamp(day * DAY, UTC).strftime("%Y-%m-%d")


def stamp(second: int) -> str:
    """Write a second of the epoch the way GitHub writes times."""
    day, rest = divmod(second, DAY)
    return _date(day) + CLOCK[rest]


def run_id(second: int) -> int:
    """Give the id a run created in that second gets."""
    return FIRST_RUN + (second - FIRST_SECOND) * RUNS_PER_SECOND


def first_job_id(second: int) -> int:
    """Give the id before the first job of an attempt started in that second."""
    return FIRST_JOB + (second - FIRST_SECOND) * JOBS_PER_SECOND


def number_of(text: str) -> int:
    """Give a thing without an id of its own one that stays the same."""
    return 900_000_000 + crc32(text.encode()) % 90_000_000


@lru_cache(maxsize=256)
def account(login: str, kind: str = "User") -> Json:
    """Describe a person or an organisation."""
    number = number_of(login)
    url = f"{API}/users/{login}"
    return {
        "login": login,
        "id": number,
        "node_id": f"U_kgDO{number:08X}",
        "avatar_url": f"https://avatars.githubusercontent.com/u/{number}?v=4",
        "gravatar_id": "",
        "url": url,
        "html_url": f"{SITE}/{login}",
        "followers_url": f"{url}/followers",
        "following_url": f"{url}/following{{/other_user}}",
        "gists_url": f"{url}/gists{{/gist_id}}",
        "starred_url": f"{url}/starred{{/owner}}{{/repo}}",
        "subscriptions_url": f"{url}/subscriptions",
        "organizations_url": f"{url}/orgs",
        "repos_url": f"{url}/repos",
        "events_url": f"{url}/events{{/privacy}}",
        "received_events_url": f"{url}/received_events",
        "type": kind,
        "site_admin": False,
    }


REPOSITORY_LINKS = {
    "archive": "/{archive_format}{/ref}", "assignees": "/assignees{/user}",
    "blobs": "/git/blobs{/sha}", "branches": "/branches{/branch}",
    "collaborators": "/collaborators{/collaborator}", "comments": "/comments{/number}",
    "commits": "/commits{/sha}", "compare": "/compare/{base}...{head}",
    "contents": "/contents/{+path}", "contributors": "/contributors",
    "deployments": "/deployments", "downloads": "/downloads", "events": "/events",
    "forks": "/forks", "git_commits": "/git/commits{/sha}", "git_refs": "/git/refs{/sha}",
    "git_tags": "/git/tags{/sha}", "hooks": "/hooks",
    "issue_comment": "/issues/comments{/number}", "issue_events": "/issues/events{/number}",
    "issues": "/issues{/number}", "keys": "/keys{/key_id}", "labels": "/labels{/name}",
    "languages": "/languages", "merges": "/merges", "milestones": "/milestones{/number}",
    "notifications": "/notifications{?since,all,participating}", "pulls": "/pulls{/number}",
    "releases": "/releases{/id}", "stargazers": "/stargazers", "statuses": "/statuses/{sha}",
    "subscribers": "/subscribers", "subscription": "/subscription", "tags": "/tags",
    "teams": "/teams", "trees": "/git/trees{/sha}",
}  # fmt: skip


@lru_cache(maxsize=256)
def repository(full_name: str, *, fork: bool = False) -> Json:
    """Describe a repository, in the short form that runs carry."""
    owner, name = full_name.split("/")
    number = number_of(full_name)
    url = f"{API}/repos/{full_name}"
    return {
        "id": number,
        "node_id": f"R_kgDO{number:08X}",
        "name": name,
        "full_name": full_name,
        "private": False,
        "owner": account(owner, "User" if fork else "Organization"),
        "html_url": f"{SITE}/{full_name}",
        "description": "A pretend repository.",
        "fork": fork,
        "url": url,
        **{f"{what}_url": url + path for what, path in REPOSITORY_LINKS.items()},
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    """What a run was made of."""

    sha: str
    message: str
    author: str
    second: int

    def described(self) -> Json:
        """Describe the commit the way a run carries it."""
        # GitHub always names a mail address here; .invalid belongs to nobody, by RFC 2606.
        signature = {"name": self.author, "email": f"{self.author}@users.noreply.invalid"}
        return {
            "id": self.sha,
            "tree_id": f"{crc32(self.sha.encode()):08x}" * 5,
            "message": self.message,
            "timestamp": stamp(self.second),
            "author": signature,
            "committer": signature,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Workflow:
    """One workflow file of the repository."""

    name: str
    path: str
    event: str

    @property
    def number(self) -> int:
        """The workflow's id."""
        return number_of(self.path) - 800_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where a run comes from: everything about it that does not change while it runs."""

    repository: str
    head_repository: str
    workflow: Workflow
    title: str
    branch: str
    commit: Commit
    actor: str
    created: int
    number: int
    pulls: Sequence[Json] = ()

    @property
    def run_id(self) -> int:
        """The run's id."""
        return run_id(self.created)

    @property
    def url(self) -> str:
        """Where the API shows the run."""
        return f"{API}/repos/{self.repository}/actions/runs/{self.run_id}"


def run_object(
    origin: Origin, *, attempt: int, started: int, updated: int, conclusion: str | None
) -> Json:
    """Describe one attempt of a run; without a conclusion it is under way."""
    here, url, number = origin.repository, origin.url, origin.run_id
    repo_url = f"{API}/repos/{here}"
    suite = number * 2 + 1
    workflow = origin.workflow
    actor = account(origin.actor)
    return {
        "id": number,
        "name": workflow.name,
        "node_id": f"WFR_kwLO{number:012X}",
        "head_branch": origin.branch,
        "head_sha": origin.commit.sha,
        "path": workflow.path,
        "display_title": origin.title,
        "run_number": origin.number,
        "event": workflow.event,
        "status": "completed" if conclusion else "in_progress",
        "conclusion": conclusion,
        "workflow_id": workflow.number,
        "check_suite_id": suite,
        "check_suite_node_id": f"CS_kwDO{suite:012X}",
        "url": url,
        "html_url": f"{SITE}/{here}/actions/runs/{number}",
        "pull_requests": list(origin.pulls),
        "created_at": stamp(origin.created),
        "updated_at": stamp(updated),
        "actor": actor,
        "run_attempt": attempt,
        "referenced_workflows": [],
        "run_started_at": stamp(started),
        "triggering_actor": actor,
        "jobs_url": f"{url}/jobs",
        "logs_url": f"{url}/logs",
        "check_suite_url": f"{repo_url}/check-suites/{suite}",
        "artifacts_url": f"{url}/artifacts",
        "cancel_url": f"{url}/cancel",
        "rerun_url": f"{url}/rerun",
        "previous_attempt_url": f"{url}/attempts/{attempt - 1}" if attempt > 1 else None,
        "workflow_url": f"{repo_url}/actions/workflows/{workflow.number}",
        "head_commit": origin.commit.described(),
        "repository": repository(here),
        "head_repository": repository(origin.head_repository, fork=origin.head_repository != here),
    }


def renumbered(job: Json, number: int, api: str, site: str) -> Json:
    """Give a job object another id and every address that contains it."""
    job["id"] = number
    job["node_id"] = f"CR_kwDO{number:012X}"
    job["url"] = f"{api}/actions/jobs/{number}"
    job["check_run_url"] = f"{api}/check-runs/{number}"
    job["html_url"] = f"{site}/job/{number}"
    return job
