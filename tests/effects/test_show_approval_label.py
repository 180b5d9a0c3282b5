import asyncio

import pytest

from chatops.effects.show_approval_label import ShowApprovalLabel
from chatops.errors import Refused
from chatops.events.approvals import ApprovalLabelRequested, ApprovalLabelShown
from tests.effects.outside import Outside, outside
from tests.scene import PULL, REPO


def request(*, wanted: bool) -> ApprovalLabelRequested:
    return ApprovalLabelRequested(repo=REPO, number=PULL, label="lgtm", wanted=wanted, because="x")


async def show(world: Outside, *, wanted: bool) -> ApprovalLabelShown:
    (shown,) = await ShowApprovalLabel().perform(request(wanted=wanted), world.ports)
    assert isinstance(shown, ApprovalLabelShown)
    return shown


def test_the_label_comes_and_goes_and_what_is_so_is_left_alone() -> None:
    async def play() -> None:
        async with outside() as world:
            world.repository.label("lgtm")
            labels = world.repository.pulls[PULL].labels

            found = [(await show(world, wanted=wanted)).found for wanted in (False, True, True)]
            assert (found, labels) == ([True, False, True], ["lgtm"])

            assert not (await show(world, wanted=False)).found
            assert labels == []

    asyncio.run(play())


def test_a_label_that_the_repository_does_not_have_is_not_made() -> None:
    async def play() -> None:
        async with outside() as world:
            with pytest.raises(Refused, match="has no label `lgtm`"):
                await show(world, wanted=True)

    asyncio.run(play())


@pytest.mark.parametrize(
    ("wanted", "said"),
    [(True, "Would put the label `lgtm` on #7."), (False, "Would take the label `lgtm` off #7.")],
)
def test_it_says_what_it_would_do(said: str, *, wanted: bool) -> None:
    assert ShowApprovalLabel().describe(request(wanted=wanted)) == said
