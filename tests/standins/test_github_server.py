"""The pretend GitHub over HTTP: who may ask, what is found, and how it misbehaves when told to."""

import base64
import time
from typing import Any

import httpx
import pytest

from chatops.standins.github import GitHubStandIn, PlannedJob, Repository, World, serve_in_thread
from chatops.standins.github.endpoints_actions import created_range
from tests.standins import rocket

pytestmark = pytest.mark.anyio

REPO = rocket.PATH


def launched() -> tuple[World, Repository]:
    """Have a pull request whose CI has failed."""
    world, repository, clock = rocket.rocket()
    rocket.open_pull(repository)
    rocket.let_pass(world, clock)
    return world, repository


@pytest.mark.parametrize("header", [{"Authorization": "Bearer nobody"}, {"Authorization": "x"}])
async def test_a_stranger_is_not_let_in(header: dict[str, str]) -> None:
    world, _ = launched()
    async with GitHubStandIn(world) as hub, httpx.AsyncClient(base_url=hub.url) as client:
        response = await client.get(REPO, headers=header)

    assert response.status_code == 401
    assert response.json().keys() == {"message", "documentation_url", "status"}


async def test_what_does_not_exist_is_not_found() -> None:
    world, _ = launched()
    async with GitHubStandIn(world) as hub, rocket.client(hub) as client:
        paths = ("/repos/acme/other", f"{REPO}/pulls/x", f"{REPO}/nothing", f"{REPO}/branches/no")
        statuses = [(await client.get(path)).status_code for path in paths]

    assert statuses == [404] * 4


async def test_a_private_repository_is_not_shown_to_strangers() -> None:
    world, _ = launched()
    world.repo("acme/secret", private=True).user("mona", permission="read")
    async with GitHubStandIn(world) as hub:
        async with rocket.client(hub, "mona") as client:
            seen = await client.get("/repos/acme/secret")
        async with rocket.client(hub, "hubot") as client:
            hidden = await client.get("/repos/acme/secret")

    assert (seen.status_code, hidden.status_code) == (200, 404)


async def test_lists_come_in_pages_with_links_between_them() -> None:
    world, repository = launched()
    plans = [PlannedJob(f"job {number}") for number in range(5)]
    run = repository.run(jobs=plans, workflow="Big")
    names: list[str] = []
    links: dict[str | None, dict[str, str]] = {}
    async with GitHubStandIn(world) as hub, rocket.client(hub) as client:
        url: str | None = f"{REPO}/actions/runs/{run.id}/jobs?per_page=2"
        pages = 0
        while url:
            response = await client.get(url)
            assert response.json()["total_count"] == 5
            names += [job["name"] for job in response.json()["jobs"]]
            links = response.links
            url = links.get("next", {}).get("url")
            pages += 1

    assert (pages, names) == (3, [plan.name for plan in plans])
    assert links.keys() == {"first", "prev"}


async def test_a_page_holds_no_more_than_a_hundred() -> None:
    world, repository = launched()
    run = repository.run(jobs=[PlannedJob(str(n)) for n in range(150)], workflow="Big")
    async with GitHubStandIn(world) as hub, rocket.client(hub) as client:
        response = await client.get(f"{REPO}/actions/runs/{run.id}/jobs?per_page=1000")

    assert len(response.json()["jobs"]) == 100


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"status": "failure"}, 1),
        ({"status": "completed"}, 1),
        ({"status": "success"}, 0),
        ({"event": "pull_request"}, 1),
        ({"event": "schedule"}, 0),
        ({"branch": "topic"}, 1),
        ({"head_sha": "0" * 40}, 0),
        ({"created": ">=2026-01-05"}, 1),
        ({"created": "<2026-01-05"}, 0),
        ({"created": "2026-01-01..2026-01-05"}, 1),
        ({"created": "2026-01-06..*"}, 0),
    ],
)
async def test_runs_are_filtered(query: dict[str, str], found: int) -> None:
    world, _ = launched()
    async with GitHubStandIn(world) as hub, rocket.client(hub) as client:
        response = await client.get(f"{REPO}/actions/runs", params=query)

    assert response.json()["total_count"] == found


@pytest.mark.parametrize(
    ("text", "range_"),
    [
        ("2026-01-05", ("2026-01-05T00:00:00Z", "2026-01-05T23:59:59Z")),
        (">2026-01-05", ("2026-01-06T00:00:00Z", "9")),
        ("<=2026-01-05T12:00:00Z", ("", "2026-01-05T12:00:00Z")),
        ("*..2026-01-05T12:00:00+02:00", ("", "2026-01-05T10:00:00Z")),
    ],
)
def test_ranges_of_dates_are_read_as_github_reads_them(text: str, range_: tuple[str, str]) -> None:
    assert created_range(text) == range_


async def test_an_unchanged_answer_is_free() -> None:
    world, repository = launched()
    async with GitHubStandIn(world) as hub, rocket.client(hub) as client:
        first = await client.get(f"{REPO}/pulls/7")
        same = await client.get(f"{REPO}/pulls/7", headers={"If-None-Match": first.headers["etag"]})
        repository.remove_label(7, "ok-to-test", actor="mona")
        other = await client.get(
            f"{REPO}/pulls/7", headers={"If-None-Match": first.headers["etag"]}
        )

    assert [r.status_code for r in (first, same, other)] == [200, 304, 200]
    assert [r.headers["x-ratelimit-used"] for r in (first, same, other)] == ["1", "1", "2"]
    assert same.content == b""


async def test_the_limit_is_counted_and_resets_after_an_hour() -> None:
    world, _, clock = rocket.rocket()
    async with GitHubStandIn(world) as hub, rocket.client(hub) as client:
        hub.gate.limit = 2
        statuses = [(await client.get(REPO)).status_code for _ in range(3)]
        limited = await client.get(REPO)
        free = await client.get("/rate_limit")
        clock.advance(3601)
        later = await client.get(REPO)

    assert statuses == [200, 200, 403]
    assert limited.headers["x-ratelimit-remaining"] == "0"
    assert int(limited.headers["x-ratelimit-reset"]) <= clock.now().timestamp()
    assert "rate limit exceeded" in limited.json()["message"]
    assert free.json()["rate"]["remaining"] == 0
    assert later.status_code == 200


async def test_nobody_reads_what_is_public_sixty_times_an_hour() -> None:
    world, _ = launched()
    world.repo("acme/secret", private=True)
    async with GitHubStandIn(world) as hub, httpx.AsyncClient(base_url=hub.url) as client:
        public = await client.get(REPO)
        private = await client.get("/repos/acme/secret")
        self_ = await client.get("/user")
        written = await client.post(f"{REPO}/issues/7/comments", json={"body": "Hello"})

    assert [r.status_code for r in (public, private, self_, written)] == [200, 404, 401, 401]
    assert public.headers["x-ratelimit-limit"] == "60"


async def test_a_folder_is_listed_whatever_was_asked_for() -> None:
    world, repository = launched()
    repository.write_file("ci/required.yaml", "required: []\n")
    repository.write_file("ci/scripts/run.sh", "true\n")
    async with GitHubStandIn(world) as hub, rocket.client(hub) as client:
        raw = {"Accept": "application/vnd.github.raw+json"}
        listed = await client.get(f"{REPO}/contents/ci", headers=raw)
        top = await client.get(f"{REPO}/contents/")

    assert [(entry["path"], entry["type"]) for entry in listed.json()] == [
        ("ci/required.yaml", "file"),
        ("ci/scripts", "dir"),
    ]
    assert [entry["name"] for entry in top.json()] == ["ci"]


async def test_the_time_in_every_answer_is_the_worlds() -> None:
    world, _, clock = rocket.rocket()
    async with GitHubStandIn(world) as hub, rocket.client(hub) as client:
        first = await client.get(REPO)
        clock.advance(3600)
        later = await client.get("/")

    assert first.headers["date"] == "Mon, 05 Jan 2026 12:00:00 GMT"
    assert later.headers["date"] == "Mon, 05 Jan 2026 13:00:00 GMT"


async def test_a_reader_may_not_run_jobs_again_and_a_writer_may() -> None:
    world, repository = launched()
    run = repository.runs_newest_first()[0]
    path = f"{REPO}/actions/runs/{run.id}/rerun-failed-jobs"
    async with GitHubStandIn(world) as hub:
        async with rocket.client(hub, "hubot") as client:
            refused = await client.post(path)
        async with rocket.client(hub, "mona") as client:
            allowed = await client.post(path)
            too_soon = await client.post(path)

    assert [refused.status_code, allowed.status_code, too_soon.status_code] == [403, 201, 403]
    assert too_soon.json()["message"] == "This workflow is already running"
    assert (run.latest.number, run.latest.triggered_by) == (2, "mona")


async def test_an_app_without_the_permission_may_not_run_jobs_again() -> None:
    world, repository = launched()
    app = world.register_app(permissions={"actions": "read", "issues": "write"})
    run = repository.runs_newest_first()[0]
    async with GitHubStandIn(world) as hub, httpx.AsyncClient(base_url=hub.url) as client:
        token = await installation_token(client, rocket.app_jwt(app, world), app.installation_id)
        headers = {"Authorization": f"Bearer {token}"}
        refused = await client.post(f"{REPO}/actions/runs/{run.id}/rerun", headers=headers)
        said = await client.post(
            f"{REPO}/issues/7/comments", json={"body": "Sorry"}, headers=headers
        )

    assert refused.status_code == 403
    assert refused.json()["message"] == "Resource not accessible by integration"
    assert said.json()["user"]["type"] == "Bot"
    assert said.json()["performed_via_github_app"]["slug"] == "chatops"


async def installation_token(client: httpx.AsyncClient, signed: str, installation: int) -> str:
    response = await client.post(
        f"/app/installations/{installation}/access_tokens",
        headers={"Authorization": f"Bearer {signed}"},
    )
    assert response.status_code == 201
    token: str = response.json()["token"]
    return token


async def test_an_installation_token_is_long_has_dots_and_expires() -> None:
    world, _, clock = rocket.rocket()
    app = world.register_app()
    async with GitHubStandIn(world) as hub, httpx.AsyncClient(base_url=hub.url) as client:
        token = await installation_token(client, rocket.app_jwt(app, world), app.installation_id)
        headers = {"Authorization": f"token {token}"}
        now = await client.get(REPO, headers=headers)
        clock.advance(3601)
        later = await client.get(REPO, headers=headers)

    assert token.startswith("ghs_")
    assert token.count(".") == 2
    assert len(token) > 100
    assert (now.status_code, later.status_code) == (200, 401)


async def test_only_the_app_itself_speaks_for_it() -> None:
    world, _ = launched()
    app = world.register_app()
    stranger = World().register_app()
    forged = rocket.app_jwt(app, world, key=stranger.private_key_pem)
    too_long = rocket.app_jwt(app, world, lasts=3600)
    expired = rocket.app_jwt(app, world, lasts=-600)
    async with GitHubStandIn(world) as hub, httpx.AsyncClient(base_url=hub.url) as client:
        statuses = [
            (await client.get("/app", headers={"Authorization": f"Bearer {token}"})).status_code
            for token in (
                rocket.app_jwt(app, world),
                forged,
                too_long,
                expired,
                world.token("mona"),
            )
        ]

    assert statuses == [200, 401, 401, 401, 401]


async def test_the_same_reaction_twice_is_one() -> None:
    world, repository = launched()
    comment = repository.comment(7, author="hubot", body="/retest")
    path = f"{REPO}/issues/comments/{comment.id}/reactions"
    async with GitHubStandIn(world) as hub, rocket.client(hub) as client:
        first = await client.post(path, json={"content": "eyes"})
        second = await client.post(path, json={"content": "eyes"})
        wrong = await client.post(path, json={"content": "shrug"})
        gone = await client.delete(f"{path}/{first.json()['id']}")

    assert [r.status_code for r in (first, second, wrong, gone)] == [201, 200, 422, 204]
    assert first.json()["id"] == second.json()["id"]
    assert comment.reactions == []


async def test_comments_are_found_by_when_they_changed() -> None:
    world, repository, clock = rocket.rocket()
    rocket.open_pull(repository)
    repository.comment(7, author="hubot", body="old")
    clock.advance(60)
    repository.comment(7, author="hubot", body="new")
    since = clock.now().isoformat().replace("+00:00", "Z")
    async with GitHubStandIn(world) as hub, rocket.client(hub) as client:
        response = await client.get(f"{REPO}/issues/7/comments", params={"since": since})

    assert [comment["body"] for comment in response.json()] == ["new"]


async def test_a_comment_that_is_too_long_is_refused() -> None:
    world, repository = launched()
    async with GitHubStandIn(world) as hub, rocket.client(hub) as client:
        response = await client.post(f"{REPO}/issues/7/comments", json={"body": "x" * 65_537})
        empty = await client.post(f"{REPO}/issues/7/comments", json={"body": " "})

    assert (response.status_code, empty.status_code) == (422, 422)
    assert repository.pulls[7].comments == []


async def test_only_those_who_may_triage_label() -> None:
    world, repository = launched()
    path = f"{REPO}/issues/7/labels"
    async with GitHubStandIn(world) as hub:
        async with rocket.client(hub, "hubot") as client:
            refused = await client.post(path, json={"labels": ["wip"]})
        async with rocket.client(hub, "tritri") as client:
            added = await client.post(path, json=["wip", "help wanted"])
            removed = await client.delete(f"{path}/help%20wanted")
            missing = await client.delete(f"{path}/help%20wanted")

    assert [r.status_code for r in (refused, added, removed, missing)] == [403, 200, 200, 404]
    assert missing.json()["message"] == "Label does not exist"
    assert repository.pulls[7].labels == ["ok-to-test", "wip"]


async def test_a_label_is_the_same_however_its_letters_are_written() -> None:
    world, repository = launched()
    repository.label("kind/bug")
    path = f"{REPO}/issues/7/labels"
    async with GitHubStandIn(world) as hub, rocket.client(hub, "tritri") as client:
        await client.post(path, json=["kind/BuG", "Kind/Bug"])
        added = list(repository.pulls[7].labels)
        await client.delete(f"{path}/KIND/bug")

    assert added == ["ok-to-test", "kind/bug"]
    assert repository.pulls[7].labels == ["ok-to-test"]


@pytest.mark.parametrize(
    ("login", "permission", "role"),
    [("mona", "write", "write"), ("tritri", "read", "triage"), ("boss", "admin", "admin")],
)
async def test_permissions_are_told_by_old_name_and_role(
    login: str, permission: str, role: str
) -> None:
    world, repository = launched()
    repository.user("boss", permission="admin")
    async with GitHubStandIn(world) as hub, rocket.client(hub) as client:
        response = await client.get(f"{REPO}/collaborators/{login}/permission")
        unknown = await client.get(f"{REPO}/collaborators/nobody/permission")

    assert (response.json()["permission"], response.json()["role_name"]) == (permission, role)
    assert unknown.status_code == 404


async def test_a_file_is_read_as_json_and_as_it_is() -> None:
    world, repository = launched()
    repository.write_file("ci/required.yaml", "required: [tests — all]\n")
    path = f"{REPO}/contents/ci/required.yaml"
    async with GitHubStandIn(world) as hub, rocket.client(hub) as client:
        as_json = await client.get(path)
        raw = await client.get(path, headers={"Accept": "application/vnd.github.raw+json"})
        missing = await client.get(path, params={"ref": "no-such-branch"})

    assert base64.b64decode(as_json.json()["content"]).decode() == raw.text
    assert raw.text == "required: [tests — all]\n"
    assert missing.status_code == 404


async def test_checks_of_a_commit_are_those_of_the_latest_attempts() -> None:
    world, repository = launched()
    run = repository.runs_newest_first()[0]
    world.ci.rerun_failed(run, actor="mona")
    path = f"{REPO}/commits/{run.head_sha}/check-runs"
    async with GitHubStandIn(world) as hub, rocket.client(hub) as client:
        latest = (await client.get(path)).json()
        everything = (await client.get(path, params={"filter": "all"})).json()

    assert (latest["total_count"], everything["total_count"]) == (3, 6)
    assert {check["id"] for check in latest["check_runs"]} == {job.id for job in run.latest.jobs}


async def test_calls_go_wrong_when_told_to_and_only_then() -> None:
    world, _ = launched()
    async with GitHubStandIn(world) as hub, rocket.client(hub) as client:
        hub.fail("502", method="GET", path="/pulls/", times=2)
        hub.fail("secondary_429", path="/branches", retry_after=7)
        hub.fail("primary_limit", path="/rules")
        added = await client.post("/_standin/faults", json={"kind": "500", "path": "/status$"})
        paths = ("/pulls/7", "/pulls/7", "/pulls/7", "/branches/main", "/branches/main")
        statuses = [(await client.get(REPO + path)).status_code for path in paths]
        hub.fail("secondary_403", path="/branches", retry_after=7)
        secondary = await client.get(f"{REPO}/branches/main")
        primary = await client.get(f"{REPO}/rules/branches/main")
        other = await client.get(f"{REPO}/commits/main/status")

    assert added.status_code == 201
    assert statuses == [502, 502, 200, 429, 200]
    assert (secondary.status_code, secondary.headers["retry-after"]) == (403, "7")
    assert secondary.headers["x-ratelimit-remaining"] != "0"
    assert (primary.status_code, primary.headers["x-ratelimit-remaining"]) == (403, "0")
    assert other.status_code == 500


async def test_a_call_may_take_effect_although_it_looks_failed() -> None:
    world, repository = launched()
    async with GitHubStandIn(world) as hub, rocket.client(hub) as client:
        hub.fail("502_after", method="POST")
        response = await client.post(f"{REPO}/issues/7/comments", json={"body": "Hello"})

    assert response.status_code == 502
    assert [comment.body for comment in repository.pulls[7].comments] == ["Hello"]


async def test_a_slow_call_is_slow() -> None:
    world, _ = launched()
    async with GitHubStandIn(world) as hub, rocket.client(hub) as client:
        hub.fail("delay", seconds=0.15)
        began = time.perf_counter()
        response = await client.get(REPO)

    assert response.status_code == 200
    assert time.perf_counter() - began >= 0.15


async def test_every_call_is_written_down() -> None:
    world, _ = launched()
    async with GitHubStandIn(world) as hub, rocket.client(hub) as client:
        await client.post(f"{REPO}/issues/7/comments?x=1", json={"body": "Hello"})
        ledger: list[dict[str, Any]] = (await client.get("/_standin/requests")).json()

    (call,) = hub.requests
    assert (call.method, call.path, call.query) == (
        "POST",
        f"{REPO}/issues/7/comments",
        {"x": "1"},
    )
    assert (call.body, call.status, call.login) == ({"body": "Hello"}, 201, "mona")
    assert ledger[0]["path"] == call.path


async def test_the_pretend_ci_runs_by_itself() -> None:
    world = World()
    repository = world.repo(rocket.NAME)
    run = repository.run(jobs=[PlannedJob("build", seconds=6, queue_seconds=1)])
    async with GitHubStandIn(world) as hub:
        hub.start_ci(speed=1000, interval=0.01)
        hub.webhooks.url = None
        async with rocket.client(hub, "mona") as client:
            until = time.monotonic() + 5
            status = ""
            while status != "completed" and time.monotonic() < until:
                response = await client.get(f"{REPO}/actions/runs/{run.id}")
                status = response.json()["status"]

    assert status == "completed"


def test_code_that_is_not_async_is_served_too() -> None:
    world, _ = launched()
    with serve_in_thread(world) as hub:
        headers = {"Authorization": f"Bearer {world.token('mona')}"}
        response = httpx.get(f"{hub.url}/user", headers=headers, trust_env=False)

    assert response.json()["login"] == "mona"


async def test_a_long_history_is_served_quickly() -> None:
    world, repository, _ = rocket.rocket()
    nights: list[dict[str, Any]] = [
        {
            "id": 1_000 + night,
            "name": "Nightly",
            "path": ".github/workflows/nightly.yaml",
            "event": "schedule",
            "status": "completed",
            "conclusion": "success",
            "head_sha": f"{night:040x}",
            "created_at": f"2025-{night % 12 + 1:02}-{night % 28 + 1:02}T00:00:00Z",
            "updated_at": f"2025-{night % 12 + 1:02}-{night % 28 + 1:02}T04:00:00Z",
        }
        for night in range(200)
    ]
    jobs = [
        {
            "id": night["id"] * 1_000 + number,
            "run_id": night["id"],
            "name": f"job {number}",
            "status": "completed",
            "conclusion": "success",
            "created_at": night["created_at"],
            "started_at": night["created_at"],
            "completed_at": night["updated_at"],
        }
        for night in nights
        for number in range(100)
    ]
    repository.load_runs(nights)
    repository.load_jobs(jobs)
    async with GitHubStandIn(world) as hub, rocket.client(hub) as client:
        began = time.perf_counter()
        listed = await client.get(f"{REPO}/actions/workflows/nightly.yaml/runs?per_page=100")
        found = await client.get(f"{REPO}/actions/runs/1150/jobs?per_page=100")
        one = await client.get(f"{REPO}/actions/jobs/1150042")
        took = time.perf_counter() - began

    assert listed.json()["total_count"] == 200
    stamps = [run["created_at"] for run in listed.json()["workflow_runs"]]
    assert stamps == sorted(stamps, reverse=True)
    assert len(found.json()["jobs"]) == 100
    assert one.json()["name"] == "job 42"
    assert took < 2


async def test_a_copy_of_another_shape_is_not_taken_for_this_one() -> None:
    world, _ = launched()
    kept = world.__getstate__()

    World.__new__(World).__setstate__(dict(kept))
    with pytest.raises(ValueError, match="shape 1"):
        World.__new__(World).__setstate__({**kept, "shape": 1})
