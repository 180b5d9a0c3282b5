"""The JSON objects of GitHub's REST API and webhooks, drawn from the pretend world."""

from __future__ import annotations

import base64
import hashlib
import zlib
from collections import Counter
from datetime import datetime

from chatops.standins.github.actions import Attempt, Job, Json, Run, Workflow, runner_id, stamp
from chatops.standins.github.reviewing import Review
from chatops.standins.github.things import (
    REACTIONS,
    App,
    ChangedFile,
    Comment,
    CommitStatus,
    Issue,
    Label,
    Milestone,
    Pull,
    Push,
    Reaction,
)
from chatops.standins.github.world import Repository, World, made_up_sha

REPOSITORY_LINKS = {
    "archive_url": "/{archive_format}{/ref}",
    "assignees_url": "/assignees{/user}",
    "blobs_url": "/git/blobs{/sha}",
    "branches_url": "/branches{/branch}",
    "collaborators_url": "/collaborators{/collaborator}",
    "comments_url": "/comments{/number}",
    "commits_url": "/commits{/sha}",
    "compare_url": "/compare/{base}...{head}",
    "contents_url": "/contents/{+path}",
    "contributors_url": "/contributors",
    "deployments_url": "/deployments",
    "downloads_url": "/downloads",
    "events_url": "/events",
    "forks_url": "/forks",
    "git_commits_url": "/git/commits{/sha}",
    "git_refs_url": "/git/refs{/sha}",
    "git_tags_url": "/git/tags{/sha}",
    "hooks_url": "/hooks",
    "issue_comment_url": "/issues/comments{/number}",
    "issue_events_url": "/issues/events{/number}",
    "issues_url": "/issues{/number}",
    "keys_url": "/keys{/key_id}",
    "labels_url": "/labels{/name}",
    "languages_url": "/languages",
    "merges_url": "/merges",
    "milestones_url": "/milestones{/number}",
    "notifications_url": "/notifications{?since,all,participating}",
    "pulls_url": "/pulls{/number}",
    "releases_url": "/releases{/id}",
    "stargazers_url": "/stargazers",
    "statuses_url": "/statuses/{sha}",
    "subscribers_url": "/subscribers",
    "subscription_url": "/subscription",
    "tags_url": "/tags",
    "teams_url": "/teams",
    "trees_url": "/git/trees{/sha}",
}
USER_LINKS = {
    "followers_url": "/followers",
    "following_url": "/following{/other_user}",
    "gists_url": "/gists{/gist_id}",
    "starred_url": "/starred{/owner}{/repo}",
    "subscriptions_url": "/subscriptions",
    "organizations_url": "/orgs",
    "repos_url": "/repos",
    "events_url": "/events{/privacy}",
    "received_events_url": "/received_events",
}
NODE_PREFIXES = {"run": "WFR", "job": "CR", "suite": "CS", "repository": "R", "user": "U"}


def node_id(kind: str, number: int) -> str:
    """Make up the opaque identifier that GraphQL would use."""
    prefix = NODE_PREFIXES.get(kind, kind[:2].upper())
    text = base64.urlsafe_b64encode(f"{kind}{number}".encode()).decode().rstrip("=")
    return f"{prefix}_{text}"


class Shapes:
    """Draws JSON objects whose links lead back to this server."""

    def __init__(self, world: World, base: str) -> None:
        self.world = world
        self.base = base
        self._drawn: dict[tuple[int, bool, datetime], Json] = {}

    def move(self, base: str) -> None:
        """Let the links of what is drawn from now on lead somewhere else."""
        self.base = base
        self._drawn.clear()

    def api(self, repository: Repository, path: str = "") -> str:
        """Address something of a repository in the REST API."""
        return f"{self.base}/repos/{repository.full_name}{path}"

    def page(self, repository: Repository, path: str = "") -> str:
        """Address something of a repository in the browser."""
        return f"{self.base}/{repository.full_name}{path}"

    def user(self, login: str) -> Json:
        """Draw the short form of a user."""
        user = self.world.account(login)
        url = f"{self.base}/users/{login}"
        return {
            "login": user.login,
            "id": user.id,
            "node_id": node_id("user", user.id),
            "avatar_url": f"{self.base}/_standin/avatars/{login.removesuffix('[bot]')}.svg",
            "gravatar_id": "",
            "url": url.replace("[bot]", "%5Bbot%5D"),
            "html_url": f"{self.base}/{login}".replace("[bot]", "%5Bbot%5D"),
            "type": user.kind,
            "site_admin": False,
            **{key: f"{url}{tail}".replace("[bot]", "%5Bbot%5D") for key, tail in _USER_LINKS},
        }

    def public_user(self, login: str) -> Json:
        """Draw what a token sees of its own user."""
        return {
            **self.user(login),
            **dict.fromkeys(("name", "company", "blog", "location", "email", "bio")),
            "hireable": None,
            **dict.fromkeys(("public_repos", "public_gists", "followers", "following"), 0),
            "user_view_type": "public",
            "created_at": "2024-01-01T00:00:00Z",
            "updated_at": "2024-01-01T00:00:00Z",
        }

    def repository(self, repository: Repository) -> Json:
        """Draw a repository in full; the same object is shared between answers."""
        key = (repository.id, True, repository.updated_at)
        if key not in self._drawn:
            self._drawn[key] = self._repository(repository)
        return self._drawn[key]

    def small_repository(self, repository: Repository) -> Json:
        """Draw a repository as it appears inside other objects."""
        key = (repository.id, False, repository.updated_at)
        if key not in self._drawn:
            small = {
                "id": repository.id,
                "node_id": node_id("repository", repository.id),
                "name": repository.name,
                "full_name": repository.full_name,
                "private": repository.private,
                "owner": self.user(repository.owner),
                "html_url": self.page(repository),
                "description": repository.description or None,
                "fork": False,
                "url": self.api(repository),
            }
            links = {name: self.api(repository, tail) for name, tail in REPOSITORY_LINKS.items()}
            self._drawn[key] = {**small, **links}
        return self._drawn[key]

    def _repository(self, repository: Repository) -> Json:
        host = self.base.partition("://")[2]
        made = stamp(repository.created_at)
        return {
            **self.small_repository(repository),
            "created_at": made,
            "updated_at": stamp(repository.updated_at),
            "pushed_at": made,
            "git_url": f"git://{host}/{repository.full_name}.git",
            "ssh_url": f"ssh://{host}/{repository.full_name}.git",
            "clone_url": self.page(repository) + ".git",
            "svn_url": self.page(repository),
            "mirror_url": None,
            "homepage": None,
            "language": None,
            "license": None,
            "size": 1,
            "default_branch": repository.default_branch,
            **dict.fromkeys(("forks", "forks_count", "open_issues", "open_issues_count"), 0),
            **dict.fromkeys(("stargazers_count", "watchers", "watchers_count"), 0),
            **dict.fromkeys(("subscribers_count", "network_count"), 0),
            **dict.fromkeys(("has_issues", "has_downloads"), True),
            **dict.fromkeys(("has_projects", "has_wiki", "has_pages", "has_discussions"), False),
            **dict.fromkeys(("archived", "disabled", "is_template"), False),
            "allow_forking": True,
            "web_commit_signoff_required": False,
            "topics": [],
            "visibility": "private" if repository.private else "public",
        }

    # Runs and jobs

    def workflow(self, repository: Repository, workflow: Workflow) -> Json:
        """Draw a workflow."""
        return {
            "id": workflow.id,
            "node_id": node_id("workflow", workflow.id),
            "name": workflow.name,
            "path": workflow.path,
            "state": "active",
            "created_at": stamp(workflow.created_at),
            "updated_at": stamp(workflow.created_at),
            "url": self.api(repository, f"/actions/workflows/{workflow.id}"),
            "html_url": self.page(repository, f"/blob/{repository.default_branch}/{workflow.path}"),
            "badge_url": self.page(repository, f"/workflows/{workflow.id}/badge.svg"),
        }

    def run(self, repository: Repository, run: Run, attempt: Attempt | None = None) -> Json:
        """Draw a run as it is, or as it was in an earlier attempt."""
        at = attempt or run.latest
        url = self.api(repository, f"/actions/runs/{run.id}")
        previous = f"{url}/attempts/{at.number - 1}" if at.number > 1 else None
        small = self.small_repository(repository)
        return {
            "id": run.id,
            "name": run.workflow.name,
            "node_id": node_id("run", run.id),
            "head_branch": run.head_branch,
            "head_sha": run.head_sha,
            "path": run.workflow.path,
            "display_title": run.title,
            "run_number": run.number,
            "event": run.event,
            "status": at.status,
            "conclusion": at.conclusion,
            "workflow_id": run.workflow.id,
            "check_suite_id": run.suite_id,
            "check_suite_node_id": node_id("suite", run.suite_id),
            "url": url,
            "html_url": self.page(repository, f"/actions/runs/{run.id}"),
            "pull_requests": self.pulls_of_run(repository, run),
            "created_at": stamp(run.created_at),
            "updated_at": stamp(at.updated_at),
            "actor": self.user(run.actor),
            "run_attempt": at.number,
            "referenced_workflows": [],
            "run_started_at": stamp(at.started_at),
            "triggering_actor": self.user(at.triggered_by),
            "jobs_url": f"{url}/jobs",
            "logs_url": f"{url}/logs",
            "check_suite_url": self.api(repository, f"/check-suites/{run.suite_id}"),
            "artifacts_url": f"{url}/artifacts",
            "cancel_url": f"{url}/cancel",
            "rerun_url": f"{url}/rerun",
            "previous_attempt_url": previous,
            "workflow_url": self.api(repository, f"/actions/workflows/{run.workflow.id}"),
            "head_commit": self.head_commit(run),
            "repository": small,
            "head_repository": self.fork(repository, run.actor) if run.from_fork else small,
        }

    def fork(self, repository: Repository, login: str) -> Json:
        """Draw somebody's fork of a repository."""
        drawn = self.small_repository(repository)
        full_name = f"{login}/{repository.name}"
        url = self.api(repository)
        links = {k: v.replace(url, f"{self.base}/repos/{full_name}") for k, v in _texts(drawn)}
        return {
            **drawn,
            **links,
            "id": repository.id + 500_000,
            "node_id": node_id("fork", repository.id),
            "full_name": full_name,
            "owner": self.user(login),
            "html_url": f"{self.base}/{full_name}",
            "fork": True,
        }

    def head_commit(self, run: Run) -> Json:
        """Draw the commit of a run."""
        person = {"name": run.actor, "email": self.address(run.actor)}
        return {
            "id": run.head_sha,
            "tree_id": made_up_sha(run.head_sha),
            "message": run.title,
            "timestamp": stamp(run.created_at),
            "author": person,
            "committer": person,
        }

    def address(self, login: str) -> str:
        """Make up the address that commits carry; no mail can be sent to it."""
        return "@".join((login.removesuffix("[bot]"), "users.invalid"))

    def pulls_of_run(self, repository: Repository, run: Run) -> list[Json]:
        """List the pull requests of a run: none when they come from a fork."""
        pull = repository.pulls.get(run.pull_number) if run.pull_number else None
        if pull is None or run.from_fork or pull.state != "open":
            return []
        small = {
            "id": repository.id,
            "url": self.api(repository),
            "name": repository.name,
        }
        base_sha = repository.branches.get(pull.base_branch, made_up_sha(pull.base_branch))
        return [
            {
                "id": pull.id,
                "number": pull.number,
                "url": self.api(repository, f"/pulls/{pull.number}"),
                "head": {"ref": pull.head_branch, "sha": pull.head_sha, "repo": small},
                "base": {"ref": pull.base_branch, "sha": base_sha, "repo": small},
            }
        ]

    def job(self, repository: Repository, run: Run, job: Job) -> Json:
        """Draw a job of one attempt."""
        runs = self.api(repository, "/actions/runs")
        runner = job.runner_name
        return {
            "id": job.id,
            "run_id": run.id,
            "workflow_name": run.workflow.name,
            "head_branch": run.head_branch,
            "run_url": f"{runs}/{run.id}",
            "run_attempt": job.attempt,
            "node_id": node_id("job", job.id),
            "head_sha": run.head_sha,
            "url": self.api(repository, f"/actions/jobs/{job.id}"),
            "html_url": self.page(repository, f"/actions/runs/{run.id}/job/{job.id}"),
            "status": job.status,
            "conclusion": job.conclusion,
            "created_at": stamp(job.created_at),
            "started_at": stamp(job.started_at),
            "completed_at": stamp(job.completed_at) if job.completed_at else None,
            "name": job.name,
            "steps": job.steps,
            "check_run_url": self.api(repository, f"/check-runs/{job.id}"),
            "labels": list(job.labels),
            "runner_id": runner_id(runner) if runner else None,
            "runner_name": runner,
            "runner_group_id": 0 if runner else None,
            "runner_group_name": "GitHub Actions" if runner else None,
        }

    def check_run(self, repository: Repository, run: Run, job: Job) -> Json:
        """Draw the check run that stands for a job."""
        url = self.api(repository, f"/check-runs/{job.id}")
        page = self.page(repository, f"/actions/runs/{run.id}/job/{job.id}")
        return {
            "id": job.id,
            "name": job.name,
            "node_id": node_id("job", job.id),
            "head_sha": run.head_sha,
            "external_id": made_up_sha(str(job.id)),
            "url": url,
            "html_url": page,
            "details_url": page,
            "status": job.status,
            "conclusion": job.conclusion,
            "started_at": stamp(job.started_at),
            "completed_at": stamp(job.completed_at) if job.completed_at else None,
            "output": {
                "title": None,
                "summary": None,
                "text": None,
                "annotations_count": 0,
                "annotations_url": f"{url}/annotations",
            },
            "check_suite": {"id": run.suite_id},
            "app": self.actions_app(),
            "pull_requests": self.pulls_of_run(repository, run),
        }

    def check_suite(self, repository: Repository, run: Run) -> Json:
        """Draw the check suite that stands for a run."""
        at = run.latest
        url = self.api(repository, f"/check-suites/{run.suite_id}")
        return {
            "id": run.suite_id,
            "node_id": node_id("suite", run.suite_id),
            "head_branch": run.head_branch,
            "head_sha": run.head_sha,
            "status": at.status,
            "conclusion": at.conclusion,
            "url": url,
            "before": made_up_sha(f"before {run.head_sha}"),
            "after": run.head_sha,
            "pull_requests": self.pulls_of_run(repository, run),
            "app": self.actions_app(),
            "created_at": stamp(run.created_at),
            "updated_at": stamp(at.updated_at),
            "rerequestable": True,
            "runs_rerequestable": False,
            "latest_check_runs_count": len(at.jobs),
            "check_runs_url": f"{url}/check-runs",
            "head_commit": self.head_commit(run),
        }

    # Apps

    def actions_app(self) -> Json:
        """Draw the App that owns the checks of GitHub Actions."""
        return {
            "id": 15368,
            "client_id": "Iv1.actions",
            "slug": "github-actions",
            "node_id": node_id("app", 15368),
            "owner": self.user("github"),
            "name": "GitHub Actions",
            "description": "Automate your workflow from idea to production",
            "external_url": f"{self.base}/features/actions",
            "html_url": f"{self.base}/apps/github-actions",
            "created_at": "2018-07-30T09:30:17Z",
            "updated_at": "2024-04-10T20:33:16Z",
            "permissions": {"actions": "write", "checks": "write", "metadata": "read"},
            "events": ["branch_protection_rule", "check_run", "check_suite"],
        }

    def app(self, app: App) -> Json:
        """Draw an App as it sees itself."""
        return {
            "id": app.id,
            "client_id": f"Iv23.{app.slug}",
            "slug": app.slug,
            "node_id": node_id("app", app.id),
            "owner": self.user(self._app_owner()),
            "name": app.slug,
            "description": None,
            "external_url": f"{self.base}/apps/{app.slug}",
            "html_url": f"{self.base}/apps/{app.slug}",
            "created_at": "2024-01-01T00:00:00Z",
            "updated_at": "2024-01-01T00:00:00Z",
            "permissions": app.permissions,
            "events": list(app.events),
            "installations_count": 1,
        }

    def installation(self, app: App) -> Json:
        """Draw the one installation of an App."""
        owner = self.world.account(self._app_owner())
        url = f"{self.base}/app/installations/{app.installation_id}"
        return {
            "id": app.installation_id,
            "account": self.user(owner.login),
            "repository_selection": "all",
            "access_tokens_url": f"{url}/access_tokens",
            "repositories_url": f"{self.base}/installation/repositories",
            "html_url": f"{self.base}/settings/installations/{app.installation_id}",
            "app_id": app.id,
            "app_slug": app.slug,
            "client_id": f"Iv23.{app.slug}",
            "target_id": owner.id,
            "target_type": owner.kind,
            "permissions": app.permissions,
            "events": list(app.events),
            "created_at": "2024-01-01T00:00:00Z",
            "updated_at": "2024-01-01T00:00:00Z",
            "single_file_name": None,
            "suspended_by": None,
            "suspended_at": None,
        }

    def _app_owner(self) -> str:
        owners = [repository.owner for repository in self.world.repositories.values()]
        return owners[0] if owners else "acme"

    # Pull requests and conversations

    def label(self, repository: Repository, label: Label) -> Json:
        """Draw a label."""
        return {
            "id": label.id,
            "node_id": node_id("label", label.id),
            "url": self.api(repository, f"/labels/{label.name.replace(' ', '%20')}"),
            "name": label.name,
            "description": label.description,
            "color": label.color,
            "default": False,
        }

    def labels(self, repository: Repository, about: Issue) -> list[Json]:
        """Draw the labels of an issue or pull request."""
        return [self.label(repository, repository.label(name)) for name in about.labels]

    def team(self, repository: Repository, slug: str) -> Json:
        """Draw a team of the organization."""
        url = f"{self.base}/organizations/{repository.owner}/team/{slug}"
        number = zlib.crc32(slug.encode()) % 100_000
        return {
            "id": number,
            "node_id": node_id("team", number),
            "name": slug,
            "slug": slug,
            "description": "",
            "privacy": "closed",
            "notification_setting": "notifications_enabled",
            "type": "organization",
            "organization_id": self.world.account(repository.owner).id,
            "permission": "pull",
            "url": url,
            "html_url": f"{self.base}/orgs/{repository.owner}/teams/{slug}",
            "members_url": f"{url}/members{{/member}}",
            "repositories_url": f"{url}/repos",
            "parent": None,
        }

    def membership(self, repository: Repository, login: str, path: str) -> Json:
        """Draw that somebody is in the organization of a repository."""
        organization = self.world.account(repository.owner)
        url = f"{self.base}/orgs/{repository.owner}"
        return {
            "url": f"{self.base}{path}",
            "state": "active",
            "role": "member",
            "organization_url": url,
            "organization": {
                "login": repository.owner,
                "id": organization.id,
                "node_id": node_id("organization", organization.id),
                "url": url,
                "repos_url": f"{url}/repos",
                "events_url": f"{url}/events",
                "hooks_url": f"{url}/hooks",
                "issues_url": f"{url}/issues",
                "members_url": f"{url}/members{{/member}}",
                "public_members_url": f"{url}/public_members{{/member}}",
                "avatar_url": f"{self.base}/_standin/avatars/{repository.owner}.svg",
                "description": "",
            },
            "user": self.user(login),
        }

    def milestone(self, repository: Repository, milestone: Milestone) -> Json:
        """Draw a milestone."""
        url = self.api(repository, f"/milestones/{milestone.number}")
        members = [
            one
            for one in (*repository.pulls.values(), *repository.issues.values())
            if one.milestone == milestone.number
        ]
        still_open = sum(one.state == "open" for one in members)
        return {
            "url": url,
            "html_url": self.page(repository, f"/milestone/{milestone.number}"),
            "labels_url": f"{url}/labels",
            "id": milestone.id,
            "node_id": node_id("milestone", milestone.id),
            "number": milestone.number,
            "state": "open" if milestone.is_open else "closed",
            "title": milestone.title,
            "description": None,
            "creator": self.user(repository.owner),
            "open_issues": still_open,
            "closed_issues": len(members) - still_open,
            "created_at": stamp(milestone.created_at),
            "updated_at": stamp(milestone.created_at),
            "closed_at": None if milestone.is_open else stamp(milestone.created_at),
            "due_on": None,
        }

    def _tracking(self, repository: Repository, about: Issue) -> Json:
        """Draw who is responsible, and the goal it belongs to."""
        assignees = [self.user(login) for login in about.assignees]
        goal = repository.milestones.get(about.milestone) if about.milestone else None
        return {
            "assignee": assignees[0] if assignees else None,
            "assignees": assignees,
            "milestone": self.milestone(repository, goal) if goal else None,
        }

    def pull(self, repository: Repository, pull: Pull) -> Json:
        """Draw a pull request as it appears in lists."""
        url = self.api(repository, f"/pulls/{pull.number}")
        issue = self.api(repository, f"/issues/{pull.number}")
        page = self.page(repository, f"/pull/{pull.number}")
        statuses = self.api(repository, f"/statuses/{pull.head_sha}")
        hrefs = {
            "self": url,
            "html": page,
            "issue": issue,
            "comments": f"{issue}/comments",
            "review_comments": f"{url}/comments",
            "review_comment": self.api(repository, "/pulls/comments{/number}"),
            "commits": f"{url}/commits",
            "statuses": statuses,
        }
        return {
            "url": url,
            "id": pull.id,
            "node_id": node_id("pull", pull.id),
            "html_url": page,
            "diff_url": f"{page}.diff",
            "patch_url": f"{page}.patch",
            "issue_url": issue,
            "number": pull.number,
            "state": pull.state,
            "locked": False,
            "title": pull.title,
            "user": self.user(pull.author),
            "body": pull.body or None,
            "created_at": stamp(pull.created_at),
            "updated_at": stamp(pull.updated_at),
            "closed_at": stamp(pull.closed_at) if pull.closed_at else None,
            "merged_at": stamp(pull.merged_at) if pull.merged_at else None,
            "merge_commit_sha": repository.git.merged.get(
                pull.number, made_up_sha(f"merge {pull.head_sha}")
            ),
            **self._tracking(repository, pull),
            "requested_reviewers": [self.user(login) for login in pull.reviewers],
            "requested_teams": [self.team(repository, slug) for slug in pull.review_teams],
            "labels": self.labels(repository, pull),
            "draft": pull.is_draft,
            "commits_url": hrefs["commits"],
            "review_comments_url": hrefs["review_comments"],
            "review_comment_url": hrefs["review_comment"],
            "comments_url": hrefs["comments"],
            "statuses_url": statuses,
            "head": self._end(repository, pull, head=True),
            "base": self._end(repository, pull, head=False),
            "_links": {name: {"href": href} for name, href in hrefs.items()},
            "author_association": repository.association(pull.author),
            "auto_merge": self._auto_merge(repository, pull),
            "active_lock_reason": None,
        }

    def full_pull(self, repository: Repository, pull: Pull) -> Json:
        """Draw a pull request as it appears alone and in webhooks."""
        return {
            **self.pull(repository, pull),
            "merged": pull.merged_at is not None,
            "mergeable": None if pull.merged_at else True,
            "rebaseable": None if pull.merged_at else True,
            "mergeable_state": "unknown" if pull.merged_at else "clean",
            "merged_by": None,
            "comments": len(pull.comments),
            "review_comments": 0,
            "maintainer_can_modify": pull.from_fork,
            "commits": 1,
            "additions": sum(file.additions for file in pull.files),
            "deletions": sum(file.deletions for file in pull.files),
            "changed_files": len(pull.files),
        }

    def reviewed_pull(self, repository: Repository, pull: Pull) -> Json:
        """Draw a pull request as the webhook of a review shows it."""
        return self.pull(repository, pull)

    def review(self, repository: Repository, pull: Pull, review: Review) -> Json:
        """Draw a review."""
        page = f"{self.page(repository, f'/pull/{pull.number}')}#pullrequestreview-{review.id}"
        url = self.api(repository, f"/pulls/{pull.number}")
        return {
            "id": review.id,
            "node_id": node_id("review", review.id),
            "user": self.user(review.author),
            "body": review.body or None,
            "commit_id": review.commit,
            "submitted_at": stamp(review.submitted_at),
            "updated_at": stamp(review.submitted_at),
            "state": review.state,
            "html_url": page,
            "pull_request_url": url,
            "author_association": repository.association(review.author),
            "_links": {"html": {"href": page}, "pull_request": {"href": url}},
        }

    def _auto_merge(self, repository: Repository, pull: Pull) -> Json | None:
        asked = repository.merging.auto_merge.get(pull.number)
        if asked is None:
            return None
        return {
            "enabled_by": self.user(asked.by),
            "merge_method": asked.method,
            "commit_title": pull.title,
            "commit_message": "",
        }

    def _end(self, repository: Repository, pull: Pull, *, head: bool) -> Json:
        """Draw the head or base of a pull request, with the whole repository in it."""
        full = self.repository(repository)
        if not head:
            sha = repository.branches.get(pull.base_branch, made_up_sha(pull.base_branch))
            owner, branch = repository.owner, pull.base_branch
        else:
            sha, branch = pull.head_sha, pull.head_branch
            owner = pull.author if pull.from_fork else repository.owner
            if pull.from_fork:
                full = {**full, **self.fork(repository, pull.author)}
        return {
            "label": f"{owner}:{branch}",
            "ref": branch,
            "sha": sha,
            "user": self.user(owner),
            "repo": full,
        }

    def file(self, repository: Repository, pull: Pull, file: ChangedFile) -> Json:
        """Draw one file of a pull request."""
        return {
            "sha": made_up_sha(f"{pull.head_sha}{file.path}"),
            "filename": file.path,
            "status": file.status,
            "additions": file.additions,
            "deletions": file.deletions,
            "changes": file.additions + file.deletions,
            "blob_url": self.page(repository, f"/blob/{pull.head_sha}/{file.path}"),
            "raw_url": self.page(repository, f"/raw/{pull.head_sha}/{file.path}"),
            "contents_url": self.api(repository, f"/contents/{file.path}?ref={pull.head_sha}"),
            "patch": "@@ -1 +1 @@\n-before\n+after",
            **({"previous_filename": file.previous_path} if file.previous_path else {}),
        }

    def reactions(self, url: str, reactions: list[Reaction]) -> Json:
        """Sum up the reactions under something."""
        counts = Counter(reaction.content for reaction in reactions)
        return {
            "url": f"{url}/reactions",
            "total_count": len(reactions),
            **{content: counts[content] for content in REACTIONS},
        }

    def reaction(self, reaction: Reaction) -> Json:
        """Draw one reaction."""
        return {
            "id": reaction.id,
            "node_id": node_id("reaction", reaction.id),
            "user": self.user(reaction.user),
            "content": reaction.content,
            "created_at": stamp(reaction.created_at),
        }

    def comment(self, repository: Repository, comment: Comment) -> Json:
        """Draw a comment."""
        url = self.api(repository, f"/issues/comments/{comment.id}")
        place = "pull" if comment.number in repository.pulls else "issues"
        page = self.page(repository, f"/{place}/{comment.number}#issuecomment-{comment.id}")
        by_app = comment.by_app and self.world.app is not None
        return {
            "id": comment.id,
            "node_id": node_id("comment", comment.id),
            "url": url,
            "html_url": page,
            "body": comment.body,
            "user": self.user(comment.author),
            "created_at": stamp(comment.created_at),
            "updated_at": stamp(comment.updated_at),
            "issue_url": self.api(repository, f"/issues/{comment.number}"),
            "author_association": repository.association(comment.author),
            "performed_via_github_app": (
                self.app(self.world.app) if by_app and self.world.app else None
            ),
            "reactions": self.reactions(url, comment.reactions),
        }

    def issue(self, repository: Repository, about: Issue) -> Json:
        """Draw an issue, or a pull request as the issue it also is."""
        url = self.api(repository, f"/issues/{about.number}")
        is_pull = isinstance(about, Pull)
        page = self.page(repository, f"/{'pull' if is_pull else 'issues'}/{about.number}")
        return {
            "url": url,
            "repository_url": self.api(repository),
            "labels_url": f"{url}/labels{{/name}}",
            "comments_url": f"{url}/comments",
            "events_url": f"{url}/events",
            "html_url": page,
            "id": about.id,
            "node_id": node_id("pull" if is_pull else "issue", about.id),
            "number": about.number,
            "title": about.title,
            "user": self.user(about.author),
            "labels": self.labels(repository, about),
            "state": about.state,
            "locked": False,
            **self._tracking(repository, about),
            "comments": len(about.comments),
            "created_at": stamp(about.created_at),
            "updated_at": stamp(about.updated_at),
            "closed_at": stamp(about.closed_at) if about.closed_at else None,
            "author_association": repository.association(about.author),
            "active_lock_reason": None,
            "body": about.body or None,
            "reactions": self.reactions(url, []),
            "timeline_url": f"{url}/timeline",
            "performed_via_github_app": None,
            "state_reason": about.state_reason,
            **self._as_pull(repository, about, page),
        }

    def full_issue(self, repository: Repository, about: Issue) -> Json:
        """Draw an issue as it appears alone: with who closed it."""
        closer = self.user(about.closed_by) if about.closed_by else None
        return {**self.issue(repository, about), "closed_by": closer}

    def _as_pull(self, repository: Repository, about: Issue, page: str) -> Json:
        """Draw what only the issue of a pull request has."""
        if not isinstance(about, Pull):
            return {}
        links = {
            "url": self.api(repository, f"/pulls/{about.number}"),
            "html_url": page,
            "diff_url": f"{page}.diff",
            "patch_url": f"{page}.patch",
            "merged_at": stamp(about.merged_at) if about.merged_at else None,
        }
        return {"draft": about.is_draft, "pull_request": links}

    def status(self, repository: Repository, sha: str, status: CommitStatus) -> Json:
        """Draw one commit status."""
        return {
            "url": self.api(repository, f"/statuses/{sha}"),
            "avatar_url": f"{self.base}/_standin/avatars/{repository.owner}.svg",
            "id": status.id,
            "node_id": node_id("status", status.id),
            "state": status.state,
            "description": status.description or None,
            "target_url": status.target_url,
            "context": status.context,
            "created_at": stamp(status.created_at),
            "updated_at": stamp(status.created_at),
        }

    def combined_status(self, repository: Repository, sha: str) -> Json:
        """Draw all statuses of a commit and what they sum up to."""
        statuses = repository.statuses.get(sha, [])
        states = {status.state for status in statuses}
        state = "failure" if states & {"failure", "error"} else "pending"
        if states == {"success"}:
            state = "success"
        return {
            "state": state,
            "statuses": [self.status(repository, sha, status) for status in statuses],
            "sha": sha,
            "total_count": len(statuses),
            "repository": self.small_repository(repository),
            "commit_url": self.api(repository, f"/commits/{sha}"),
            "url": self.api(repository, f"/commits/{sha}/status"),
        }

    def created_status(self, repository: Repository, sha: str, status: CommitStatus) -> Json:
        """Draw a commit status for who set it."""
        return {
            **self.status(repository, sha, status),
            "creator": self.user(status.creator or repository.owner),
        }

    def status_event(self, repository: Repository, sha: str, status: CommitStatus) -> Json:
        """Draw what the webhook of a commit status holds."""
        drawn = self.status(repository, sha, status)
        kept = (
            "id",
            "avatar_url",
            "state",
            "description",
            "target_url",
            "context",
            "created_at",
            "updated_at",
        )
        branches = [name for name, head in repository.branches.items() if head == sha]
        return {
            **{key: drawn[key] for key in kept},
            "sha": sha,
            "name": repository.full_name,
            "commit": self._commit(repository, sha),
            "branches": [
                {
                    "name": name,
                    "commit": {"sha": sha, "url": self.api(repository, f"/commits/{sha}")},
                    "protected": False,
                }
                for name in branches
            ],
        }

    def _commit(self, repository: Repository, sha: str) -> Json:
        url = self.api(repository, f"/commits/{sha}")
        person = {
            "name": repository.owner,
            "email": self.address(repository.owner),
            "date": stamp(repository.created_at),
        }
        return {
            "sha": sha,
            "node_id": made_up_sha(f"node {sha}"),
            "commit": {
                "author": person,
                "committer": person,
                "message": "Improve",
                "tree": {
                    "sha": made_up_sha(sha),
                    "url": self.api(repository, f"/git/trees/{made_up_sha(sha)}"),
                },
                "url": self.api(repository, f"/git/commits/{sha}"),
                "comment_count": 0,
                "verification": {
                    "verified": False,
                    "reason": "unsigned",
                    "signature": None,
                    "payload": None,
                    "verified_at": None,
                },
            },
            "url": url,
            "html_url": self.page(repository, f"/commit/{sha}"),
            "comments_url": f"{url}/comments",
            "author": self.user(repository.owner),
            "committer": self.user(repository.owner),
            "parents": [],
        }

    def branch(self, repository: Repository, name: str) -> Json:
        """Draw a branch with its newest commit."""
        sha = repository.branches[name]
        url = self.api(repository, f"/commits/{sha}")
        person = {
            "name": repository.owner,
            "email": self.address(repository.owner),
            "date": stamp(repository.created_at),
        }
        return {
            "name": name,
            "commit": {
                "sha": sha,
                "node_id": made_up_sha(f"node {sha}"),
                "commit": {
                    "author": person,
                    "committer": person,
                    "message": "Improve",
                    "tree": {"sha": made_up_sha(sha), "url": self.api(repository, "/git/trees")},
                    "url": self.api(repository, f"/git/commits/{sha}"),
                    "comment_count": 0,
                },
                "url": url,
                "html_url": self.page(repository, f"/commit/{sha}"),
                "comments_url": f"{url}/comments",
                "author": self.user(repository.owner),
                "committer": self.user(repository.owner),
                "parents": [],
            },
            "_links": {
                "self": self.api(repository, f"/branches/{name}"),
                "html": self.page(repository, f"/tree/{name}"),
            },
            "protected": bool(repository.required_checks or repository.classic_checks),
            "protection": self._protection(repository),
            "protection_url": self.api(repository, f"/branches/{name}/protection"),
        }

    def _protection(self, repository: Repository) -> Json:
        """Draw what everybody may see of a branch's protection of the old kind; rulesets do not show there."""
        contexts = list(repository.classic_checks)
        if not contexts:
            return {"enabled": False}
        required = {
            "enforcement_level": "non_admins",
            "contexts": contexts,
            "checks": [{"context": name, "app_id": None} for name in contexts],
        }
        return {"enabled": True, "required_status_checks": required}

    def content(self, repository: Repository, path: str, text: str, ref: str) -> Json:
        """Draw a file with its text in it."""
        raw = text.encode()
        blob = hashlib.sha1(b"blob %d\0" % len(raw) + raw, usedforsecurity=False).hexdigest()
        return {
            **self.entry(repository, path, ref),
            "sha": blob,
            "size": len(raw),
            "content": base64.encodebytes(raw).decode(),
            "encoding": "base64",
        }

    def entry(
        self, repository: Repository, path: str, ref: str, *, is_folder: bool = False
    ) -> Json:
        """Draw a file or folder as its folder lists it."""
        sha = made_up_sha(path)
        url = self.api(repository, f"/contents/{path}?ref={ref}")
        git = self.api(repository, f"/git/{'trees' if is_folder else 'blobs'}/{sha}")
        page = self.page(repository, f"/{'tree' if is_folder else 'blob'}/{ref}/{path}")
        return {
            "name": path.rpartition("/")[2],
            "path": path,
            "sha": sha,
            "size": 0,
            "url": url,
            "html_url": page,
            "git_url": git,
            "download_url": None if is_folder else self.page(repository, f"/raw/{ref}/{path}"),
            "type": "dir" if is_folder else "file",
            "_links": {"self": url, "git": git, "html": page},
        }

    def push(self, repository: Repository, push: Push, sender: str) -> Json:
        """Draw the commits of a push, as its webhook carries them."""
        person = {"name": sender, "email": self.address(sender), "username": sender}
        commit = {
            "id": push.after,
            "tree_id": made_up_sha(push.after),
            "distinct": True,
            "message": push.message,
            "timestamp": stamp(self.world.now()),
            "url": self.page(repository, f"/commit/{push.after}"),
            "author": person,
            "committer": person,
            "added": [],
            "removed": [],
            "modified": list(push.paths),
        }
        return {
            "ref": f"refs/heads/{push.branch}",
            "before": push.before,
            "after": push.after,
            "created": set(push.before) == {"0"},
            "deleted": False,
            "forced": False,
            "base_ref": None,
            "compare": self.page(repository, f"/compare/{push.before[:12]}...{push.after[:12]}"),
            "commits": [commit],
            "head_commit": commit,
            "pusher": {"name": sender, "email": self.address(sender)},
        }


_USER_LINKS = tuple(USER_LINKS.items())


def _texts(drawn: Json) -> list[tuple[str, str]]:
    return [(key, value) for key, value in drawn.items() if key.endswith("url")]
