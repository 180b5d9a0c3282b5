import asyncio

from chatops.effects.show_approval_status import ShowApprovalStatus
from chatops.events.approvals import ApprovalStatusRequested, ApprovalStatusShown
from chatops.names import Sha
from tests.effects.outside import Outside, outside
from tests.scene import PULL, REPO


def wanted(world: Outside, state: str = "success") -> ApprovalStatusRequested:
    return ApprovalStatusRequested(
        repo=REPO, number=PULL, sha=Sha(world.repository.pulls[PULL].head_sha),
        context="chatops/lgtm", state=state, description="mona said /lgtm", because="x",
    )  # fmt: skip


async def show(world: Outside, state: str = "success") -> ApprovalStatusShown:
    (shown,) = await ShowApprovalStatus().perform(wanted(world, state), world.ports)
    assert isinstance(shown, ApprovalStatusShown)
    return shown


def test_the_commit_carries_the_status() -> None:
    async def play() -> None:
        async with outside() as world:
            shown = await show(world)

            (status,) = world.repository.statuses[shown.sha]
            assert (status.context, status.state) == ("chatops/lgtm", "success")
            assert not shown.found

    asyncio.run(play())


def test_one_that_says_so_already_is_not_set_again() -> None:
    async def play() -> None:
        async with outside() as world:
            await show(world)
            again = await show(world)
            other = await show(world, "pending")

            assert (again.found, other.found) == (True, False)
            assert len(world.calls("statuses")) == 2

    asyncio.run(play())


def test_it_says_what_it_would_do() -> None:
    async def play() -> None:
        async with outside() as world:
            said = ShowApprovalStatus().describe(wanted(world))

            assert said.startswith("Would set the status `chatops/lgtm` of `")
            assert said.endswith("` to success.")

    asyncio.run(play())
