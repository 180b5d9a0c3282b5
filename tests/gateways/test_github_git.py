"""The calls about commits and branches, between the real gateway and the pretend GitHub."""

import pytest

from chatops.errors import Refused, Transient
from chatops.gateways.github import GitHubGateway
from chatops.names import Sha
from tests.gateways.places import MEMBER, REPO, As, github
from tests.gateways.wire import answer, wire

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("as_", ["app", "token"])
async def test_a_commit_is_made_of_a_tree_and_parents_in_somebodys_name(as_: As) -> None:
    async with github(as_) as place:
        first = place.repository.commit_to("main", {"a": "1"}, message="First")
        known = await place.gateway.commit(REPO, Sha(first.sha))

        made = await place.gateway.create_commit(
            REPO, message="Second", tree=known.tree, parents=[known.sha], author=known.author
        )

        again = await place.gateway.commit(REPO, made)
        assert known.message == "First"
        assert (again.message, again.tree, again.parents) == ("Second", known.tree, (known.sha,))
        assert again.author["name"] == MEMBER


async def test_a_branch_is_made_then_moved_then_gone() -> None:
    async with github() as place:
        first = Sha(place.repository.commit_to("main", {"a": "1"}).sha)
        second = Sha(place.repository.commit_to("main", {"a": "2"}).sha)

        await place.gateway.set_branch(REPO, "pick/x", second)
        await place.gateway.set_branch(REPO, "pick/x", first)
        assert await place.gateway.branch_head(REPO, "pick/x") == first
        await place.gateway.delete_branch(REPO, "pick/x")

        with pytest.raises(Refused) as refused:
            await place.gateway.branch_head(REPO, "pick/x")
        assert refused.value.reason == "not_found"


async def test_a_branch_at_a_commit_that_is_not_there_is_refused() -> None:
    async with github() as place:
        with pytest.raises(Refused):
            await place.gateway.set_branch(REPO, "pick/x", Sha("b" * 40))


async def test_a_merge_yields_the_tree_of_both_sides_or_a_conflict() -> None:
    async with github() as place:
        repository = place.repository
        base = repository.commit_to("main", {"a": "1", "b": "1"})
        repository.branches["topic"] = base.sha
        topic = repository.commit_to("topic", {"b": "2"})
        repository.commit_to("main", {"a": "2"})

        tree = await place.gateway.merge_into(REPO, "main", Sha(topic.sha))

        assert repository.git.trees[tree] == {"a": "2", "b": "2"}

        repository.branches["other"] = base.sha
        other = repository.commit_to("other", {"a": "3"})
        with pytest.raises(Refused) as refused:
            await place.gateway.merge_into(REPO, "main", Sha(other.sha))
        assert refused.value.reason == "conflict"


async def test_nothing_to_merge_is_not_what_was_asked_for() -> None:
    async with github() as place:
        head = Sha(place.repository.commit_to("main", {"a": "1"}).sha)

        with pytest.raises(Transient):
            await place.gateway.merge_into(REPO, "main", head)


async def test_a_pull_request_of_a_branch_is_found_also_when_it_is_closed() -> None:
    async with github() as place:
        place.repository.commit_to("main", {"a": "1"})
        place.repository.commit_to("pick/x", {"a": "2"})
        assert await place.gateway.pull_from(REPO, "pick/x", "main") is None

        opened = await place.gateway.open_pull(
            REPO, head="pick/x", base="main", title="Pick", body="Please"
        )
        place.repository.close_pull(opened, actor=MEMBER)

        assert await place.gateway.pull_from(REPO, "pick/x", "main") == opened
        assert place.repository.pulls[opened].title == "Pick"


@pytest.mark.parametrize("said", [{}, {"sha": "a"}, {"number": "x"}])
async def test_what_github_does_not_say_is_asked_again(said: object) -> None:
    async with wire(answer(said)) as line, GitHubGateway(api_url=line.url) as gateway:
        with pytest.raises(Transient):
            await gateway.commit(REPO, Sha("a"))
        with pytest.raises(Transient):
            await gateway.branch_head(REPO, "main")
        with pytest.raises(Transient):
            await gateway.open_pull(REPO, head="a", base="b", title="t", body="")
