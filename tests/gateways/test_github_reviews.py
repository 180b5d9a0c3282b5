"""The calls around approving and merging, between the real gateway and the pretend GitHub."""

import pytest

from chatops.errors import Refused, Transient
from chatops.gateways.github import GitHubGateway
from chatops.gateways.github_graphql import DOCUMENTS, problem_of
from chatops.names import Login, PullNumber, Sha
from chatops.standins.github.endpoints_reviews import MUTATIONS
from tests.gateways.places import AUTHOR, MEMBER, REPO, As, gateway_to, github
from tests.gateways.wire import answer, wire

pytestmark = pytest.mark.anyio

SEVEN = PullNumber(7)
TEAM = "acme/rockets"


async def test_a_head_is_where_the_pull_request_is_now() -> None:
    async with github() as place:
        pull = place.open_pull()
        before = await place.gateway.head(REPO, SEVEN)
        place.repository.push_to_pull(7)
        after = await place.gateway.head(REPO, SEVEN)

        assert (before.base, before.state, before.merged) == ("main", "open", False)
        assert before.sha != after.sha == pull.head_sha


async def test_the_files_of_a_branch_are_all_of_them_at_any_depth() -> None:
    async with github() as place:
        place.repository.push("release/2.x", files={"a/b/c.txt": "x", "README.md": "y"})

        assert await place.gateway.paths(REPO, "release/2.x") == ["README.md", "a/b/c.txt"]


async def test_a_list_of_files_that_was_cut_off_is_none() -> None:
    cut = {"sha": "a", "tree": [], "truncated": True}
    async with wire(answer(cut)) as line, GitHubGateway(api_url=line.url) as gateway:
        with pytest.raises(Refused, match="more files than GitHub lists"):
            await gateway.paths(REPO, "main")


@pytest.mark.parametrize("as_", ["app", "token"])
async def test_who_is_in_a_team_is_asked_of_github(as_: As) -> None:
    async with github(as_) as place:
        place.repository.merging.teams["acme/Rockets"] = {MEMBER}

        assert await place.gateway.is_member(REPO, TEAM, Login(MEMBER))
        assert not await place.gateway.is_member(REPO, TEAM, Login(AUTHOR))
        assert not await place.gateway.is_member(REPO, "acme/none", Login(MEMBER))


async def test_a_team_of_another_organization_owns_nothing_here() -> None:
    async with github() as place:
        assert not await place.gateway.is_member(REPO, "umbrella/rockets", Login(MEMBER))
        assert place.asked() == []


async def test_who_may_not_know_is_told_so() -> None:
    async with github() as place, gateway_to(place.hub, "app") as gateway:
        assert place.world.app is not None
        del place.world.app.permissions["members"]

        with pytest.raises(Refused) as refused:
            await gateway.is_member(REPO, TEAM, Login(MEMBER))

    assert refused.value.reason == "not_permitted"


@pytest.mark.parametrize("as_", ["app", "token"])
async def test_who_is_of_the_house_is_asked_of_github(as_: As) -> None:
    async with github(as_) as place:
        place.repository.members = {"rada"}
        place.repository.user("tess", permission="triage")

        said = [
            await place.gateway.association(REPO, Login(who))
            for who in ("rada", "tess", "nobody-yet")
        ]

    assert said == ["MEMBER", "COLLABORATOR", ""]


async def test_where_members_are_hidden_only_collaborators_are_known() -> None:
    async with github() as place, gateway_to(place.hub, "app") as gateway:
        assert place.world.app is not None
        del place.world.app.permissions["members"]
        place.repository.members = {"rada"}
        place.repository.user("tess", permission="triage")

        assert await gateway.association(REPO, Login("tess")) == "COLLABORATOR"
        with pytest.raises(Refused) as refused:
            await gateway.association(REPO, Login("nobody-yet"))

    assert refused.value.reason == "not_permitted"


@pytest.mark.parametrize("as_", ["app", "token"])
async def test_a_merge_is_arranged_and_taken_back(as_: As) -> None:
    async with github(as_) as place:
        place.repository.required_checks = ["review"]
        place.open_pull()
        state = await place.gateway.merge_state(REPO, SEVEN)

        await place.gateway.enable_auto_merge(REPO, state.node, state.sha, "squash")
        arranged = await place.gateway.merge_state(REPO, SEVEN)
        await place.gateway.disable_auto_merge(REPO, state.node)
        back = await place.gateway.merge_state(REPO, SEVEN)

        assert (state.state, state.waits, state.queued) == ("open", False, False)
        assert arranged.waits
        assert back == state


async def test_a_queue_is_entered_and_left() -> None:
    async with github() as place:
        place.repository.merging.has_queue = True
        place.open_pull()
        state = await place.gateway.merge_state(REPO, SEVEN)

        await place.gateway.enqueue(REPO, state.node, state.sha)
        queued = await place.gateway.merge_state(REPO, SEVEN)
        await place.gateway.dequeue(REPO, state.node)

        assert queued.queued
        assert place.repository.merging.queue == []


async def test_what_is_merged_says_so() -> None:
    async with github() as place:
        place.open_pull()
        state = await place.gateway.merge_state(REPO, SEVEN)

        await place.gateway.merge(REPO, SEVEN, state.sha, "rebase")

        assert (await place.gateway.merge_state(REPO, SEVEN)).state == "merged"


async def test_nothing_is_done_to_a_head_that_nobody_has_seen() -> None:
    async with github() as place:
        place.repository.merging.has_queue = True
        place.repository.merging.behind.add(7)
        place.open_pull()
        node, old = (await place.gateway.merge_state(REPO, SEVEN)).node, Sha("b" * 40)
        calls = [
            place.gateway.enable_auto_merge(REPO, node, old, "merge"),
            place.gateway.enqueue(REPO, node, old),
            place.gateway.merge(REPO, SEVEN, old, "merge"),
            place.gateway.update_branch(REPO, SEVEN, old),
        ]
        for call in calls:
            with pytest.raises(Refused) as refused:
                await call
            assert refused.value.reason == "moved_on"


async def test_a_pull_request_that_is_not_there_is_a_refusal() -> None:
    async with github() as place:
        with pytest.raises(Refused) as refused:
            await place.gateway.merge_state(REPO, PullNumber(404))

    assert refused.value.reason == "not_found"


@pytest.mark.parametrize("said", [{"data": None}, {"data": {"repository": None}}, {}])
async def test_an_answer_that_says_nothing_is_tried_again(said: object) -> None:
    async with wire(answer(said)) as line, GitHubGateway(api_url=line.url) as gateway:
        with pytest.raises(Transient):
            await gateway.merge_state(REPO, SEVEN)


@pytest.mark.parametrize(
    ("kind", "message", "reason"),
    [
        ("UNPROCESSABLE", "Pull request Pull request is in clean status", "ready"),
        ("UNPROCESSABLE", "Pull request Pull request is in unstable status", "ready"),
        ("UNPROCESSABLE", "Pull request Protected branch rules not configured for this branch", "ready"),
        ("UNPROCESSABLE", "Pull request Auto merge is not allowed for this repository", "not_enabled"),
        ("UNPROCESSABLE", "Pull request is in draft state", "draft"),
        ("UNPROCESSABLE", "Merge conflict", "conflict"),
        ("FORBIDDEN", "Resource not accessible by integration", "not_permitted"),
        ("NOT_FOUND", "Could not resolve to a node", "not_found"),
        ("UNPROCESSABLE", "Something  new", "invalid"),
    ],
)  # fmt: skip
def test_a_no_within_a_success_is_a_refusal(kind: str, message: str, reason: str) -> None:
    problem = problem_of([{"type": kind, "message": message}])

    assert isinstance(problem, Refused)
    assert problem.reason == reason


@pytest.mark.parametrize(
    "errors",
    [
        [{"type": "RATE_LIMITED", "message": "API rate limit exceeded"}],
        [{"message": "Something went wrong while executing your query."}],
        [{"message": "This query timed out"}],
    ],
)
def test_what_passes_is_waited_for(errors: object) -> None:
    assert isinstance(problem_of(errors), Transient)


@pytest.mark.parametrize("errors", [[], ["odd"], {"a": 1}, [{"message": None}]])
def test_no_error_crashes_the_reader(errors: object) -> None:
    assert isinstance(problem_of(errors), Refused)


def test_every_mutation_of_the_table_is_one_that_the_pretend_github_knows() -> None:
    assert DOCUMENTS.keys() - MUTATIONS.keys() == {"mergeState"}


@pytest.mark.parametrize(
    ("rest", "graphql"),
    [("", "/graphql"), ("/api/v3", "/api/graphql"), ("/api/v3/", "/api/graphql")],
)
async def test_graphql_is_beside_the_rest_api_wherever_that_is(rest: str, graphql: str) -> None:
    none = {"data": {"repository": {"pullRequest": {
        "id": "PR_1", "state": "OPEN", "headRefOid": "a", "autoMergeRequest": None,
    }}}}  # fmt: skip
    async with wire(answer(none)) as line, GitHubGateway(api_url=line.url + rest) as gateway:
        found = await gateway.merge_state(REPO, SEVEN)

        assert found.node == "PR_1"
        assert [heard.target for heard in line.heard] == [graphql]
