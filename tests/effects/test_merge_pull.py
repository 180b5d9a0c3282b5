import asyncio

import pytest

from chatops.effects.merge_pull import MergePull
from chatops.errors import Refused
from chatops.events.merges import MergeArranged, MergeRequested
from chatops.names import Sha
from tests.effects.outside import Outside, outside
from tests.scene import COMMAND, HEAD, PULL, REPO


def request(world: Outside, by: str = "auto-merge", sha: str = "") -> MergeRequested:
    head = world.repository.pulls[PULL].head_sha
    return MergeRequested(
        command=COMMAND, repo=REPO, number=PULL, sha=Sha(sha or head), by=by, method="squash"
    )


async def merge(world: Outside, by: str = "auto-merge", sha: str = "") -> tuple[str, bool]:
    (arranged,) = await MergePull().perform(request(world, by, sha), world.ports)
    assert isinstance(arranged, MergeArranged)
    return arranged.how, arranged.found


def waiting(world: Outside) -> None:
    """Let something be required that is not there."""
    world.repository.required_checks = ["review"]


def test_github_merges_it_by_itself_once_it_can() -> None:
    async def play() -> None:
        async with outside() as world:
            waiting(world)

            first = await merge(world)
            again = await merge(world)

            assert (first, again) == (("auto-merge", False), ("auto-merge", True))
            assert world.repository.merging.auto_merge[PULL].method == "squash"
            assert world.repository.pulls[PULL].state == "open"

    asyncio.run(play())


def test_where_nothing_is_waited_for_it_is_merged() -> None:
    async def play() -> None:
        async with outside() as world:
            first = await merge(world)
            again = await merge(world)

            assert (first, again) == (("merged", False), ("merged", True))
            assert world.repository.pulls[PULL].merged_at is not None

    asyncio.run(play())


def test_in_a_queue_it_stands_once() -> None:
    async def play() -> None:
        async with outside() as world:
            world.repository.merging.has_queue = True

            first = await merge(world, "merge-queue")
            again = await merge(world, "merge-queue")

            assert (first, again) == (("merge-queue", False), ("merge-queue", True))
            assert world.repository.merging.queue == [PULL]

    asyncio.run(play())


def test_what_nobody_has_seen_is_not_merged() -> None:
    async def play() -> None:
        async with outside() as world:
            with pytest.raises(Refused, match="pushed to #7 meanwhile"):
                await merge(world, sha=HEAD)

            assert world.repository.pulls[PULL].state == "open"

    asyncio.run(play())


def test_what_was_closed_meanwhile_is_not_merged() -> None:
    async def play() -> None:
        async with outside() as world:
            world.repository.close_pull(PULL, actor="mona")

            with pytest.raises(Refused, match="#7 is closed"):
                await merge(world)

    asyncio.run(play())


@pytest.mark.parametrize(
    ("by", "said"),
    [("auto-merge", "Auto-merge is switched off"), ("merge-queue", "has no merge queue")],
)
def test_what_the_repository_does_not_have_is_said(by: str, said: str) -> None:
    async def play() -> None:
        async with outside() as world:
            waiting(world)
            world.repository.merging.allows_auto_merge = False

            with pytest.raises(Refused, match=said):
                await merge(world, by)

    asyncio.run(play())


def test_it_says_what_it_would_do() -> None:
    async def play() -> None:
        async with outside() as world:
            said = [
                MergePull().describe(request(world, by)) for by in ("auto-merge", "merge-queue")
            ]

            assert said == [
                "Would let GitHub merge #7 once what is required is there.",
                "Would put #7 into the merge queue.",
            ]

    asyncio.run(play())
