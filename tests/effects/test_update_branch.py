import asyncio

import pytest

from chatops.effects.update_branch import UpdateBranch
from chatops.errors import Refused
from chatops.events.merges import BranchUpdated, BranchUpdateRequested
from chatops.names import Sha
from tests.effects.outside import Outside, outside
from tests.scene import COMMAND, PULL, REPO


def request(world: Outside) -> BranchUpdateRequested:
    head = Sha(world.repository.pulls[PULL].head_sha)
    return BranchUpdateRequested(command=COMMAND, repo=REPO, number=PULL, sha=head, base="main")


async def update(world: Outside, wanted: BranchUpdateRequested) -> bool:
    (updated,) = await UpdateBranch().perform(wanted, world.ports)
    assert isinstance(updated, BranchUpdated)
    return updated.found


def test_the_base_is_merged_in_once() -> None:
    async def play() -> None:
        async with outside() as world:
            world.repository.merging.behind.add(PULL)
            wanted = request(world)

            found = [await update(world, wanted), await update(world, wanted)]

            assert found == [False, True]
            assert world.repository.pulls[PULL].head_sha != wanted.sha

    asyncio.run(play())


@pytest.mark.parametrize(
    ("conflicts", "said"),
    [(False, "has everything of its base branch already"), (True, "There are conflicts")],
)
def test_what_github_would_not_is_said(said: str, *, conflicts: bool) -> None:
    async def play() -> None:
        async with outside() as world:
            if conflicts:
                world.repository.merging.conflicting.add(PULL)

            with pytest.raises(Refused, match=said):
                await update(world, request(world))

    asyncio.run(play())


def test_a_closed_pull_request_keeps_its_branch() -> None:
    async def play() -> None:
        async with outside() as world:
            world.repository.close_pull(PULL, actor="mona")

            with pytest.raises(Refused, match="#7 is closed"):
                await update(world, request(world))

    asyncio.run(play())


def test_it_says_what_it_would_do() -> None:
    async def play() -> None:
        async with outside() as world:
            said = UpdateBranch().describe(request(world))

            assert said == "Would merge `main` into the branch of #7."

    asyncio.run(play())
