"""Each call of the port, between the real gateway and the pretend GitHub."""

from datetime import UTC, datetime, timedelta

import pytest

from chatops.errors import Refused
from chatops.gateways.github import GitHubGateway
from chatops.names import JobId, Login, PullNumber, Repo, RunId, Sha
from chatops.ports import GitHub, Permission
from tests.gateways.places import (
    AUTHOR,
    FLAKY,
    LIQUID,
    MEMBER,
    PASSES,
    REPO,
    As,
    github,
    served,
    under,
)
from tests.gateways.wire import answer, wire

pytestmark = pytest.mark.anyio

SEVEN, EIGHT = PullNumber(7), PullNumber(8)


def fits(gateway: GitHubGateway) -> GitHub:
    """Let the type checker see that the gateway is what the port asks for."""
    return gateway


# People


@pytest.mark.parametrize(
    ("held", "permission"),
    [
        ("read", Permission.READ),
        ("triage", Permission.TRIAGE),
        ("write", Permission.WRITE),
        ("maintain", Permission.MAINTAIN),
        ("admin", Permission.ADMIN),
    ],
)
async def test_a_role_is_githubs_own(held: str, permission: Permission) -> None:
    async with github("app") as place:
        place.repository.user("octocat", permission=held)

        assert await place.gateway.permission(REPO, Login("octocat")) is permission


async def test_whom_github_does_not_know_may_nothing() -> None:
    async with github("app") as place:
        assert await place.gateway.permission(REPO, Login("nobody")) is Permission.NONE


async def test_a_role_that_the_token_may_not_see_is_unknown_and_not_none() -> None:
    async with github() as place:
        place.repository.user(MEMBER, permission="triage")

        assert await place.gateway.permission(REPO, Login(AUTHOR)) is Permission.UNKNOWN


async def test_a_role_is_the_accounts_not_the_names() -> None:
    async with github("app") as here:
        mine = here.repository.user("octocat", permission="write").id

        found = [
            await here.gateway.permission(REPO, Login("octocat"), account=account)
            for account in (mine, mine + 1)
        ]

        assert found == [Permission.WRITE, Permission.UNKNOWN]


@pytest.mark.parametrize(
    ("described", "permission"),
    [
        ({"role_name": "release captain", "permission": "write"}, Permission.WRITE),
        ({"role_name": "release captain", "permission": "novel"}, Permission.UNKNOWN),
        ({"role_name": ["write"], "permission": {}}, Permission.UNKNOWN),
        ({}, Permission.UNKNOWN),
    ],
)
async def test_a_role_of_an_organizations_own_counts_for_what_it_amounts_to(
    described: object, permission: Permission
) -> None:
    async with wire(answer(described)) as line, GitHubGateway(api_url=line.url) as gateway:
        assert await gateway.permission(REPO, Login("mona")) is permission


async def test_a_name_cannot_become_another_address() -> None:
    missing = answer({"message": "Not Found"}, 404)
    async with wire(missing) as line, GitHubGateway(api_url=line.url) as gateway:
        await gateway.permission(REPO, Login("../../../user?x=#"))
        with pytest.raises(Refused) as repository:
            await gateway.pull(Repo("acme/../../user"), SEVEN)
        with pytest.raises(Refused) as file:
            await gateway.file(REPO, "../../../user", "main")
        with pytest.raises(Refused) as branch:
            await gateway.required_checks(REPO, "../..")

    (heard,) = line.heard
    inside = "/repos/acme/rocket/collaborators/..%2F..%2F..%2Fuser%3Fx%3D%23/permission"
    assert heard.target == inside
    assert {one.value.reason for one in (repository, file, branch)} == {"bad_address"}


@pytest.mark.parametrize("as_", ["app", "token"])
async def test_our_own_comments_are_known_as_ours(as_: As) -> None:
    async with github(as_) as place:
        place.open_pull()
        place.repository.comment(7, author=AUTHOR, body="Look!")
        written = await place.gateway.comment(REPO, SEVEN, "Hello")

        comments = [comment async for comment in place.gateway.comments(REPO, SEVEN)]

        ours = [comment["id"] for comment in comments if await place.gateway.is_ours(comment)]
        assert ours == [written]


async def test_nobody_has_written_nothing() -> None:
    async with github("nobody") as place:
        place.open_pull()
        place.repository.comment(7, author="ghost", body="Boo")

        comments = [comment async for comment in place.gateway.comments(REPO, SEVEN)]

        assert [await place.gateway.is_ours(comment) for comment in comments] == [False]
        assert not await place.gateway.is_ours({"user": None, "performed_via_github_app": None})
        assert "/user" not in place.asked()


async def test_the_token_of_a_workflow_belongs_to_actions() -> None:
    refusal = answer({"message": "Resource not accessible by integration"}, 403)
    async with wire(refusal) as line, GitHubGateway(api_url=line.url, token="t") as gateway:
        assert await gateway.is_ours({"user": {"login": "github-actions[bot]"}})
        assert not await gateway.is_ours({"user": {"login": "mona"}})


# Pull requests and their conversations


async def test_a_pull_request_is_githubs_object() -> None:
    async with github() as place:
        pull = place.open_pull()

        found = await fits(place.gateway).pull(REPO, SEVEN)

        assert (found["number"], found["head"]["sha"]) == (7, pull.head_sha)


async def test_a_renamed_file_has_two_paths() -> None:
    async with github() as place:
        place.open_pull()

        paths = await place.gateway.pull_files(REPO, SEVEN)

        assert paths == ["src/fins.py", "fins.md", "docs/fins.md"]


async def test_all_open_pull_requests_are_listed_and_no_closed_one() -> None:
    async with github() as place:
        for number in range(1, 131):
            place.open_pull(number)
        place.repository.close_pull(5, actor=MEMBER)

        numbers = [pull["number"] async for pull in place.gateway.pulls(REPO)]

        assert sorted(numbers) == [number for number in range(1, 131) if number != 5]
        assert len(place.asked()) == 2


async def test_comments_are_read_anew_each_time_and_since_a_moment() -> None:
    async with github() as place:
        place.open_pull()
        place.repository.comment(7, author=AUTHOR, body="old")
        place.clock.advance(60)
        comment = place.repository.comment(7, author=AUTHOR, body="new")

        everything = [one["body"] async for one in place.gateway.comments(REPO, SEVEN)]
        since = place.gateway.comments(REPO, SEVEN, since=place.clock.now())
        newest = [one["body"] async for one in since]
        place.repository.edit_comment(comment, body="newer", actor=AUTHOR)
        edited = [one["body"] async for one in place.gateway.comments(REPO, SEVEN)]

        assert (everything, newest, edited) == (["old", "new"], ["new"], ["old", "newer"])


async def test_a_comment_is_written_edited_and_answered_once() -> None:
    async with github("app") as place:
        pull = place.open_pull()

        number = await place.gateway.comment(REPO, SEVEN, "Läuft — ✅")
        await place.gateway.edit_comment(REPO, number, "Fertig — ✅")
        await place.gateway.react(REPO, number, "rocket")
        await place.gateway.react(REPO, number, "rocket")

        (comment,) = pull.comments
        assert (comment.id, comment.body) == (number, "Fertig — ✅")
        assert [reaction.content for reaction in comment.reactions] == ["rocket"]


async def test_an_issue_and_a_pull_request_are_described_alike() -> None:
    async with github("app") as place:
        place.repository.pull(number=7, author=AUTHOR, labels=["wip"])
        place.repository.issue(number=8, author=AUTHOR, title="It leaks")
        place.repository.milestone("3.2")
        place.repository.set_milestone(8, 1, actor=MEMBER)
        place.repository.close(8, actor=MEMBER, reason="not_planned")
        place.repository.close_pull(7, actor=MEMBER, merge=True)

        pull = await place.gateway.issue(REPO, SEVEN)
        issue = await place.gateway.issue(REPO, EIGHT)

        assert (pull.is_pull, pull.is_merged, pull.labels) == (True, True, ("wip",))
        assert (issue.is_pull, issue.author, issue.title) == (False, AUTHOR, "It leaks")
        assert (issue.state, issue.reason, issue.closed_by) == ("closed", "not_planned", MEMBER)
        assert issue.milestone == "3.2"


async def test_people_are_assigned_and_whom_github_leaves_out_is_missing_in_the_answer() -> None:
    async with github("app") as place:
        issue = place.repository.issue(number=8, author=AUTHOR)

        assigned = await place.gateway.assign(REPO, EIGHT, [MEMBER, "nobody-here"])
        assert list(assigned) == issue.assignees == [MEMBER]

        await place.gateway.unassign(REPO, EIGHT, [MEMBER, "nobody-here"])
        assert issue.assignees == []


async def test_reviews_are_asked_of_people_and_teams_all_or_none() -> None:
    async with github("app") as place:
        pull = place.repository.pull(number=7, author=AUTHOR)
        place.repository.teams.add("pilots")
        both = [MEMBER, "acme/pilots"]

        with pytest.raises(Refused, match="only be requested from collaborators") as refused:
            await place.gateway.request_reviews(REPO, SEVEN, [MEMBER, "nobody-here"])
        assert (refused.value.reason, pull.reviewers) == ("invalid", [])

        await place.gateway.request_reviews(REPO, SEVEN, both)
        assert await place.gateway.requested_reviewers(REPO, SEVEN) == both

        await place.gateway.withdraw_reviews(REPO, SEVEN, ["acme/pilots"])
        assert await place.gateway.requested_reviewers(REPO, SEVEN) == [MEMBER]


async def test_title_state_and_milestone_are_changed() -> None:
    async with github("app") as place:
        issue = place.repository.issue(number=8, author=AUTHOR)
        place.repository.milestone("3.1", is_open=False)
        place.repository.milestone("3.2")

        [goal] = await place.gateway.open_milestones(REPO)
        await place.gateway.retitle(REPO, EIGHT, "It leaks: ✅")
        await place.gateway.set_milestone(REPO, EIGHT, goal.number)
        await place.gateway.set_state(REPO, EIGHT, "closed", "not_planned")

        assert (issue.title, issue.milestone) == ("It leaks: ✅", 2)
        assert (issue.state, issue.state_reason) == ("closed", "not_planned")

        await place.gateway.set_milestone(REPO, EIGHT, None)
        await place.gateway.set_state(REPO, EIGHT, "open")
        assert (issue.milestone, issue.state) == (None, "open")


async def test_labels_are_put_on_and_taken_off_and_the_others_stay() -> None:
    async with github("app") as place:
        pull = place.open_pull()
        place.repository.add_label(7, "kind/bug", actor=MEMBER)

        await place.gateway.add_labels(REPO, SEVEN, ["ok-to-test", "kind/bug"])
        await place.gateway.add_labels(REPO, SEVEN, ["needs review: ✅"])
        both = await place.gateway.labels(REPO, SEVEN)
        await place.gateway.remove_label(REPO, SEVEN, "kind/bug")
        await place.gateway.remove_label(REPO, SEVEN, "kind/bug")

        assert both == ["kind/bug", "ok-to-test", "needs review: ✅"]
        assert await place.gateway.labels(REPO, SEVEN) == pull.labels
        assert pull.labels == ["ok-to-test", "needs review: ✅"]


async def test_a_commit_status_is_set_and_the_newest_of_a_context_counts() -> None:
    async with github("app") as place:
        sha = Sha(place.open_pull().head_sha)

        for state in ("pending", "success"):
            await place.gateway.set_status(
                REPO, sha, context="chatops/gate — ✅", state=state, description="x" * 200
            )
        await place.gateway.set_status(
            REPO, sha, context="dco", state="failure", description="", url="https://ci.example/1"
        )

        found = await place.gateway.statuses(REPO, sha)
        assert [(one["context"], one["state"], one["target_url"]) for one in found] == [
            ("chatops/gate — ✅", "success", None),
            ("dco", "failure", "https://ci.example/1"),
        ]
        assert found[0]["description"] == "x" * 140


async def test_a_label_is_there_to_be_given_or_not() -> None:
    async with github() as place:
        place.repository.label("kind/bug")

        assert await place.gateway.has_label(REPO, "kind/bug")
        assert not await place.gateway.has_label(REPO, "kind/feature")


async def test_who_may_not_label_is_refused() -> None:
    async with github() as place:
        place.open_pull()
        place.repository.user(MEMBER, permission="read")

        for call in (
            place.gateway.add_labels(REPO, SEVEN, ["wip"]),
            place.gateway.remove_label(REPO, SEVEN, "wip"),
        ):
            with pytest.raises(Refused) as refused:
                await call
            assert refused.value.reason == "not_permitted"


# Runs and jobs


async def test_the_runs_of_a_commit_are_those_of_no_other() -> None:
    async with github() as place:
        first, second = place.open_pull(7), place.open_pull(8)
        place.run(first)
        place.run(first, workflow="Static checks")
        place.run(second)

        runs = place.gateway.runs_of_commit(REPO, Sha(first.head_sha))

        assert [run["name"] async for run in runs] == ["Static checks", "CI"]


async def test_the_runs_of_a_workflow_end_where_they_are_too_old() -> None:
    async with github() as place:
        place.repository.workflow("Nightly", path=".github/workflows/nightly.yaml")
        for _ in range(130):
            place.repository.start_nightly("Nightly")
            place.let_pass(24 * 3600)
        newest = place.clock.now()

        since = place.gateway.runs_of_workflow(
            REPO, "nightly.yaml", since=newest - timedelta(days=3)
        )
        ended = place.gateway.runs_of_workflow(REPO, "nightly.yaml", status="in_progress")

        assert [run["run_number"] async for run in since] == [130, 129, 128]
        assert len(place.asked()) == 1
        assert [run async for run in ended] == []
        everything = place.gateway.runs_of_workflow(REPO, "nightly.yaml")
        assert len([run async for run in everything]) == 130


async def test_a_run_is_shown_as_it_is_and_as_it_was() -> None:
    async with github() as place:
        run = place.run(place.open_pull())
        place.world.ci.rerun_failed(run, actor=MEMBER)
        number = RunId(run.id)

        now = await place.gateway.run(REPO, number)
        before = await place.gateway.run(REPO, number, 1)

        assert (now["run_attempt"], now["status"]) == (2, "queued")
        assert (before["run_attempt"], before["conclusion"]) == (1, "failure")


async def test_jobs_are_those_of_one_attempt_or_of_all() -> None:
    async with github() as place:
        run = place.run(place.open_pull(), PASSES, FLAKY)
        place.world.ci.rerun_failed(run, actor=MEMBER)
        place.let_pass()
        number = RunId(run.id)

        first = [job async for job in place.gateway.jobs(REPO, number, 1)]
        every = [job async for job in place.gateway.jobs(REPO, number)]

        assert sorted(job["conclusion"] for job in first) == ["failure", "success"]
        assert sorted((job["run_attempt"], job["name"]) for job in every) == [
            (1, "build"), (1, "test (solid)"), (2, "build"), (2, "test (solid)"),
        ]  # fmt: skip


async def test_where_a_run_is_now_never_comes_from_memory() -> None:
    async with github() as place:
        run = place.run(place.open_pull())
        number = RunId(run.id)
        await place.gateway.run(REPO, number)

        ended = await place.gateway.run_state(REPO, number)
        place.world.ci.rerun_failed(run, actor=MEMBER)
        again = await place.gateway.run_state(REPO, number)

        assert (ended.attempt, ended.status, ended.conclusion) == (1, "completed", "failure")
        assert (again.attempt, again.status, again.conclusion) == (2, "queued", "")


async def test_what_must_be_fresh_is_not_asked_for_as_if_it_were_remembered() -> None:
    said = answer({"run_attempt": 1, "status": "queued"}, headers={"etag": '"1"'})
    async with wire(said) as line, GitHubGateway(api_url=line.url) as gateway:
        for _ in range(2):
            await gateway.run_state(REPO, RunId(5))
        line.says(answer([{"name": "x"}], headers={"etag": '"2"'}))
        for _ in range(2):
            assert await gateway.labels(REPO, SEVEN) == ["x"]
            assert len([one async for one in gateway.comments(REPO, SEVEN)]) == 1

    assert len(line.heard) == 6
    assert not [heard for heard in line.heard if "if-none-match" in heard.headers]


async def test_each_way_to_run_again_runs_what_it_says() -> None:
    async with github() as place:
        pull = place.open_pull()
        whole, failed, single = (place.run(pull, PASSES, FLAKY, LIQUID) for _ in range(3))
        job = next(job for job in single.latest.jobs if job.name == FLAKY.name)

        await place.gateway.rerun(REPO, RunId(whole.id))
        await place.gateway.rerun_failed(REPO, RunId(failed.id))
        await place.gateway.rerun_job(REPO, JobId(job.id))

        executed = [
            [job.name for job in run.latest.jobs if not job.is_carried_over]
            for run in (whole, failed, single)
        ]
        assert [len(run.attempts) for run in (whole, failed, single)] == [2, 2, 2]
        assert executed == [
            ["build", "test (solid)", "test (liquid)"],
            ["test (solid)", "test (liquid)"],
            ["test (solid)"],
        ]


async def test_a_run_is_stopped_once() -> None:
    async with github() as place:
        run = place.repository.run(workflow="CI", jobs=[PASSES])

        await place.gateway.cancel_run(REPO, RunId(run.id))
        with pytest.raises(Refused) as refused:
            await place.gateway.cancel_run(REPO, RunId(run.id))

        assert run.latest.conclusion == "cancelled"
        assert refused.value.reason == "conflict"


async def test_what_github_will_not_do_is_refused_with_its_reason() -> None:
    async with github() as place:
        run = place.run(place.open_pull())
        await place.gateway.rerun(REPO, RunId(run.id))

        with pytest.raises(Refused) as busy:
            await place.gateway.rerun(REPO, RunId(run.id))
        with pytest.raises(Refused) as gone:
            await place.gateway.pull(REPO, PullNumber(404))
        place.repository.user(MEMBER, permission="read")
        with pytest.raises(Refused) as forbidden:
            await place.gateway.rerun(REPO, RunId(run.id))

        reasons = [problem.value.reason for problem in (busy, gone, forbidden)]
        assert reasons == ["still_running", "not_found", "not_permitted"]


async def test_nobody_may_read_and_not_write() -> None:
    async with github("nobody") as place:
        place.open_pull()

        assert (await place.gateway.pull(REPO, SEVEN))["number"] == 7
        with pytest.raises(Refused) as refused:
            await place.gateway.comment(REPO, SEVEN, "Hello")

        assert refused.value.reason == "credentials"
        assert place.gateway.limits["nobody"].limit == 60


# The repository

LIST = "required: [Prüfung — „alles“ ✅]\n"


async def test_a_file_keeps_its_letters_on_a_branch_with_slashes() -> None:
    async with github() as place:
        place.repository.push("release/2.x", files={"ci/tests.yaml": LIST})

        assert await place.gateway.file(REPO, "ci/tests.yaml", "release/2.x") == LIST


async def test_a_file_that_has_not_changed_is_read_for_nothing() -> None:
    async with github() as place:
        place.repository.write_file("ci/tests.yaml", LIST)

        texts = [await place.gateway.file(REPO, "ci/tests.yaml", "main") for _ in range(2)]
        place.repository.write_file("ci/tests.yaml", "required: []\n")
        changed = await place.gateway.file(REPO, "ci/tests.yaml", "main")

        assert (texts, changed) == ([LIST, LIST], "required: []\n")
        assert len(place.asked(costly=True)) == 2


async def test_an_empty_file_is_empty() -> None:
    async with github() as place:
        place.repository.write_file("empty", "")

        assert await place.gateway.file(REPO, "empty", "main") == ""


@pytest.mark.parametrize(
    ("path", "reason"), [("ci", "not_a_file"), ("ci/none.yaml", "not_found"), ("/", "not_a_file")]
)
async def test_what_is_no_file_is_refused(path: str, reason: str) -> None:
    async with github() as place:
        place.repository.write_file("ci/tests.yaml", LIST)

        with pytest.raises(Refused) as refused:
            await place.gateway.file(REPO, path, "main")

        assert refused.value.reason == reason


async def test_a_file_that_is_not_text_is_refused_and_not_guessed() -> None:
    latin = answer(body="Prüfung".encode("latin-1"), kind="application/vnd.github.raw+json")
    async with wire(latin) as line, GitHubGateway(api_url=line.url) as gateway:
        with pytest.raises(Refused) as refused:
            await gateway.file(REPO, "ci/tests.yaml", "main")

    assert refused.value.reason == "not_a_text"


async def test_a_file_without_a_media_type_is_still_its_text() -> None:
    async with (
        wire(answer(body=LIST.encode(), kind="")) as line,
        GitHubGateway(api_url=line.url) as gateway,
    ):
        assert await gateway.file(REPO, "ci/tests.yaml", "main") == LIST


@pytest.mark.parametrize("branch", ["main", "release/2.x"])
async def test_required_checks_come_from_rulesets_and_from_classic_protection(branch: str) -> None:
    async with github() as place:
        place.repository.push(branch)
        place.repository.required_checks = ["Gatekeeper / gatekeeper", "both"]
        place.repository.classic_checks = ["both", "dco"]

        names = await place.gateway.required_checks(REPO, branch)

        assert names == ["Gatekeeper / gatekeeper", "both", "dco"]


async def test_a_branch_without_rules_requires_nothing_and_no_branch_is_refused() -> None:
    async with github() as place:
        assert await place.gateway.required_checks(REPO, "main") == []
        with pytest.raises(Refused) as refused:
            await place.gateway.required_checks(REPO, "no-such-branch")

        assert refused.value.reason == "not_found"


# Other addresses


@pytest.mark.parametrize("as_", ["app", "token"])
async def test_github_enterprise_lives_under_a_path(as_: As) -> None:
    async with github(as_) as inner, served(under("/api/v3", inner.hub.app)) as address:
        inner.hub.be_known_at(f"{address}/api/v3")
        for number in range(1, 121):
            inner.open_pull(number)
        app = inner.world.app
        assert app is not None
        async with GitHubGateway(
            api_url=f"{address}/api/v3/",
            app_id=str(app.id) if as_ == "app" else "",
            private_key=app.private_key_pem if as_ == "app" else "",
            token=inner.world.token(MEMBER) if as_ == "token" else "",
            write_gap=timedelta(),
        ) as gateway:
            numbers = [pull["number"] async for pull in gateway.pulls(REPO)]
            await gateway.comment(REPO, SEVEN, "Hello")

        assert len(numbers) == 120
        assert [comment.body for comment in inner.repository.pulls[7].comments] == ["Hello"]


async def test_settings_say_how_to_speak() -> None:
    class Shown:
        def reveal(self) -> str:
            return "the token"

    class Said:
        github_app_id = ""
        github_private_key = None
        github_token = Shown()
        github_write_gap_ms = 0

        def __init__(self, url: str) -> None:
            self.github_api_url = url

    async with (
        wire(answer({"number": 7})) as line,
        GitHubGateway.from_settings(Said(line.url)) as gateway,
    ):
        await gateway.pull(REPO, SEVEN)

    (heard,) = line.heard
    assert heard.token == "Bearer the token"
    assert heard.headers["x-github-api-version"] == "2022-11-28"
    assert heard.headers["user-agent"] == "chatops"


async def test_a_moment_is_asked_for_in_githubs_own_form() -> None:
    moment = datetime(2026, 1, 5, 12, 0, 0, 999_999, tzinfo=UTC)
    async with wire(answer([])) as line, GitHubGateway(api_url=line.url) as gateway:
        assert [one async for one in gateway.comments(REPO, SEVEN, since=moment)] == []

    assert "since=2026-01-05T12%3A00%3A00Z" in line.heard[0].target
