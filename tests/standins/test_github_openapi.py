"""Every REST call, through a proxy that knows GitHub's published description of it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from chatops.standins.github import GitHubStandIn, World, serve_in_thread
from chatops.standins.github.git_data import tree_sha
from chatops.standins.github.server import (
    BY_APP,
    IN_ORGANIZATION,
    IN_REPOSITORY,
    IN_TEAM,
    REPOSITORY,
)
from chatops.standins.github.things import App
from chatops.standins.github.world import made_up_sha
from tests.standins import rocket
from tests.standins.published import prism, same_shape

pytestmark = [pytest.mark.node, pytest.mark.xdist_group("prism")]

OPERATIONS = [
    *((method, REPOSITORY + re.sub(":path", "", path)) for method, path, _ in IN_REPOSITORY),
    *((method, path) for method, path, _ in BY_APP),
    ("GET", IN_TEAM),
    ("GET", IN_ORGANIZATION),
    ("GET", "/user"),
    ("GET", "/rate_limit"),
]


@dataclass(slots=True, kw_only=True)
class Checked:
    """The stand-in behind Prism, and numbers to ask for."""

    hub: GitHubStandIn
    app: App
    person: httpx.Client
    by_app: httpx.Client
    run_id: int
    job_id: int
    comment_id: int
    sha: str
    other_sha: str
    base: str
    topic: str
    tree: str

    @property
    def world(self) -> World:
        return self.hub.world


@pytest.fixture(scope="module")
def checked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Checked]:
    world, repository, clock = rocket.rocket()
    repository.gatekeeper(rocket.REQUIRED)
    repository.required_checks = ["Gatekeeper / gatekeeper"]
    app = world.register_app()
    rocket.open_pull(repository)
    repository.run(workflow="CI", head_sha=made_up_sha("main"), jobs=[rocket.BUILD])
    rocket.let_pass(world, clock)
    rocket.let_pass(world, clock)
    app_key = rocket.app_jwt(app, world)
    sha = repository.pulls[7].head_sha
    repository.status(sha, "license", "success", target_url="https://example.org/license")
    comment = repository.comment(7, author="hubot", body="Ready for review")
    repository.write_file("README.md", "# Rocket\n")
    repository.issue(number=12, author="hubot")
    repository.milestone("Lift-off")
    repository.teams.add("pilots")
    repository.members = {"mona"}
    repository.merging.teams["acme/rockets"] = {"mona"}
    other = repository.pull(number=8)
    repository.merging.behind.add(8)
    ready = repository.pull(number=9)
    repository.status(ready.head_sha, "Gatekeeper / gatekeeper", "success")
    base = repository.commit_to("stable", {"README.md": "# Rocket\n"})
    topic = repository.commit_to("stable", {"fins": "four"})
    run = next(r for r in repository.runs_of(sha) if r.workflow.name == "CI")
    folder = tmp_path_factory.mktemp("prism")
    with (
        serve_in_thread(world, webhook_url="http://127.0.0.1:9/", secret="s") as hub,
        prism(hub.url, OPERATIONS, folder) as proxy,
        _client(proxy, world.token("mona")) as person,
        _client(proxy, app_key) as by_app,
    ):
        yield Checked(
            hub=hub,
            app=app,
            person=person,
            by_app=by_app,
            run_id=run.id,
            job_id=run.latest.jobs[0].id,
            comment_id=comment.id,
            sha=sha,
            other_sha=other.head_sha,
            base=base.sha,
            topic=topic.sha,
            tree=tree_sha(base.files),
        )


def _client(proxy: str, token: str) -> httpx.Client:
    headers = {"Authorization": f"Bearer {token}", "Accept": "application/vnd.github+json"}
    return httpx.Client(base_url=proxy, headers=headers, trust_env=False, timeout=30)


def _call(
    checked: Checked, method: str, path: str, *, expect: int, body: object = None
) -> httpx.Response:
    by_app = path.startswith("/app") or path.endswith("/installation")
    client = checked.by_app if by_app else checked.person
    response = client.request(method, path, json=body)
    assert response.status_code == expect, response.text
    return response


def test_every_call_fits_what_github_published(checked: Checked) -> None:
    repo, run = rocket.PATH, f"{rocket.PATH}/actions/runs/{checked.run_id}"
    comments = f"{repo}/issues/comments/{checked.comment_id}"
    installation = f"/app/installations/{checked.app.installation_id}"
    checked.hub.webhooks.ping()
    delivery = checked.hub.webhooks.deliveries[-1].id
    calls: list[tuple[str, str, int, object]] = [
        ("GET", repo, 200, None),
        ("GET", f"{repo}/actions/runs?head_sha={checked.sha}", 200, None),
        ("GET", f"{repo}/actions/runs?created=2026-01-05T12:00:00Z&status=completed", 200, None),
        ("GET", f"{repo}/actions/workflows/ci.yaml/runs?per_page=1", 200, None),
        ("GET", run, 200, None),
        ("POST", f"{run}/approve", 403, None),
        ("POST", f"{run}/cancel", 409, None),
        ("POST", f"{run}/rerun-failed-jobs", 201, {"enable_debug_logging": False}),
        ("POST", f"{run}/rerun-failed-jobs", 403, None),
        ("POST", f"{run}/cancel", 202, None),
        ("POST", f"{run}/rerun", 201, None),
        ("GET", f"{run}/attempts/1", 200, None),
        ("GET", f"{run}/attempts/2", 200, None),
        ("GET", f"{run}/attempts/2/jobs?per_page=100", 200, None),
        ("GET", f"{run}/jobs?filter=all&per_page=100", 200, None),
        ("POST", f"{run}/cancel", 202, None),
        ("GET", f"{repo}/actions/jobs/{checked.job_id}", 200, None),
        ("POST", f"{repo}/actions/jobs/{checked.job_id}/rerun", 201, None),
        ("GET", f"{repo}/pulls?state=all", 200, None),
        ("GET", f"{repo}/pulls/7", 200, None),
        ("GET", f"{repo}/pulls/7/files", 200, None),
        ("POST", f"{repo}/issues/7/comments", 201, {"body": "/retest"}),
        ("GET", f"{repo}/issues/7/comments?since=2020-01-01T00:00:00Z", 200, None),
        ("GET", comments, 200, None),
        ("PATCH", comments, 200, {"body": "Ready, really"}),
        ("POST", f"{comments}/reactions", 201, {"content": "eyes"}),
        ("POST", f"{comments}/reactions", 200, {"content": "eyes"}),
        ("GET", f"{comments}/reactions", 200, None),
        ("POST", f"{repo}/issues/7/labels", 200, {"labels": ["wip"]}),
        ("GET", f"{repo}/issues/7/labels", 200, None),
        ("GET", f"{repo}/labels/wip", 200, None),
        ("DELETE", f"{repo}/issues/7/labels/wip", 200, None),
        ("GET", f"{repo}/issues/7", 200, None),
        ("GET", f"{repo}/issues/12", 200, None),
        ("PATCH", f"{repo}/issues/12", 200, {"title": "It does not land"}),
        ("PATCH", f"{repo}/issues/12", 200, {"milestone": 1}),
        ("PATCH", f"{repo}/issues/12", 200, {"milestone": None}),
        ("PATCH", f"{repo}/issues/12", 200, {"state": "closed", "state_reason": "not_planned"}),
        ("GET", f"{repo}/issues/12", 200, None),
        ("PATCH", f"{repo}/issues/12", 200, {"state": "open"}),
        ("PATCH", f"{repo}/issues/12", 422, {"milestone": 9}),
        ("GET", f"{repo}/milestones?state=all&per_page=100", 200, None),
        ("POST", f"{repo}/issues/12/assignees", 201, {"assignees": ["mona", "nobody"]}),
        ("DELETE", f"{repo}/issues/12/assignees", 200, {"assignees": ["mona"]}),
        ("POST", f"{repo}/pulls/7/requested_reviewers", 201, {"reviewers": ["mona"]}),
        ("POST", f"{repo}/pulls/7/requested_reviewers", 201, {"team_reviewers": ["pilots"]}),
        ("POST", f"{repo}/pulls/7/requested_reviewers", 422, {"reviewers": ["hubot"]}),
        ("POST", f"{repo}/pulls/7/requested_reviewers", 422, {"reviewers": ["stranger"]}),
        ("GET", f"{repo}/pulls/7/requested_reviewers", 200, None),
        ("GET", f"{repo}/pulls/7", 200, None),
        ("DELETE", f"{repo}/pulls/7/requested_reviewers", 200, {"reviewers": ["mona"]}),
        ("GET", f"{repo}/collaborators/mona/permission", 200, None),
        ("GET", f"{repo}/contents/README.md?ref=main", 200, None),
        ("GET", f"{repo}/rules/branches/main", 200, None),
        ("GET", f"{repo}/commits/{checked.sha}/check-runs", 200, None),
        ("GET", f"{repo}/commits/{checked.sha}/status", 200, None),
        ("POST", f"{repo}/statuses/{checked.sha}", 201, {"state": "success", "context": "dco"}),
        ("POST", f"{repo}/statuses/{'0' * 40}", 422, {"state": "success", "context": "dco"}),
        ("GET", f"{repo}/branches/main", 200, None),
        ("GET", f"{repo}/installation", 200, None),
        ("GET", "/app", 200, None),
        ("GET", "/app/installations", 200, None),
        ("POST", f"{installation}/access_tokens", 201, None),
        ("GET", "/app/hook/deliveries?per_page=5", 200, None),
        ("POST", f"/app/hook/deliveries/{delivery}/attempts", 202, None),
        ("GET", "/user", 200, None),
        ("GET", "/rate_limit", 200, None),
        ("GET", f"{repo}/pulls/404", 404, None),
        ("GET", f"{repo}/git/trees/main?recursive=1", 200, None),
        ("GET", "/orgs/acme/teams/rockets/memberships/mona", 200, None),
        ("GET", "/orgs/acme/teams/rockets/memberships/hubot", 404, None),
        ("GET", "/orgs/acme/memberships/mona", 200, None),
        ("GET", "/orgs/acme/memberships/hubot", 404, None),
        ("GET", f"{repo}/collaborators/mona", 204, None),
        ("GET", f"{repo}/collaborators/hubot", 404, None),
        ("PUT", f"{repo}/pulls/8/update-branch", 202, {"expected_head_sha": checked.other_sha}),
        ("PUT", f"{repo}/pulls/8/update-branch", 422, {"expected_head_sha": checked.other_sha}),
        ("PUT", f"{repo}/pulls/8/merge", 409, {"sha": checked.other_sha}),
        ("PUT", f"{repo}/pulls/8/merge", 405, {"merge_method": "squash"}),
        ("PUT", f"{repo}/pulls/9/merge", 200, {"merge_method": "squash"}),
        ("GET", f"{repo}/git/commits/{checked.base}", 200, None),
        ("GET", f"{repo}/git/commits/{'0' * 40}", 404, None),
        ("POST", f"{repo}/git/commits", 201, {"message": "m", "tree": checked.tree}),
        ("POST", f"{repo}/git/commits", 422, {"message": "m", "tree": "0" * 40}),
        ("POST", f"{repo}/git/refs", 201, {"ref": "refs/heads/a/b", "sha": checked.base}),
        ("POST", f"{repo}/git/refs", 422, {"ref": "refs/heads/a/b", "sha": checked.base}),
        ("POST", f"{repo}/merges", 201, {"base": "a/b", "head": checked.topic}),
        ("POST", f"{repo}/merges", 204, {"base": "a/b", "head": checked.topic}),
        ("POST", f"{repo}/merges", 404, {"base": "gone", "head": checked.topic}),
        ("PATCH", f"{repo}/git/refs/heads/a/b", 200, {"sha": checked.base, "force": True}),
        ("POST", f"{repo}/pulls", 201, {"title": "t", "head": "a/b", "base": "main"}),
        ("POST", f"{repo}/pulls", 422, {"title": "t", "head": "a/b", "base": "main"}),
        ("DELETE", f"{repo}/git/refs/heads/a/b", 204, None),
        ("DELETE", f"{repo}/git/refs/heads/a/b", 422, None),
    ]

    for method, path, status, body in calls:
        _call(checked, method, path, expect=status, body=body)
    reactions: list[dict[str, Any]] = _call(
        checked, "GET", f"{comments}/reactions", expect=200
    ).json()
    _call(checked, "DELETE", f"{comments}/reactions/{reactions[0]['id']}", expect=204)

    asked = {(entry.method, entry.path) for entry in checked.hub.requests}
    missed = [
        (method, path)
        for method, path in OPERATIONS
        if not any(m == method and _is(path).fullmatch(p) for m, p in asked)
    ]
    assert missed == []


def _is(path: str) -> re.Pattern[str]:
    # The name of a branch among all references has a slash in it always.
    shape = re.escape(same_shape(path)).replace(r"/git/refs/\{\}", "/git/refs/.+")
    return re.compile(shape.replace(r"\{\}", "[^/]+"))


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/actions/runs/1/rerun-failed-jobs", {"enable_debug_logging": "yes"}),
        ("POST", "/issues/comments/1/reactions", {"content": "shrug"}),
        ("POST", "/issues/7/comments", {}),
    ],
)
def test_a_body_that_github_would_refuse_is_refused_on_the_way(
    checked: Checked, method: str, path: str, body: object
) -> None:
    before = len(checked.hub.requests)

    _call(checked, method, rocket.PATH + path, expect=422, body=body)

    assert len(checked.hub.requests) == before
