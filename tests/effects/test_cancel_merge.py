import asyncio

import pytest

from chatops.effects.cancel_merge import CancelMerge
from chatops.errors import Refused
from chatops.events.merges import MergeCancelled, MergeCancelRequested
from chatops.standins.github.reviewing import AutoMerge
from tests.effects.outside import Outside, outside
from tests.scene import COMMAND, PULL, REPO

REQUEST = MergeCancelRequested(command=COMMAND, repo=REPO, number=PULL)


async def cancel(world: Outside) -> bool:
    (cancelled,) = await CancelMerge().perform(REQUEST, world.ports)
    assert isinstance(cancelled, MergeCancelled)
    return cancelled.found


def test_auto_merge_is_switched_off_once() -> None:
    async def play() -> None:
        async with outside() as world:
            world.repository.merging.auto_merge[PULL] = AutoMerge(by="mona", method="merge")

            assert [await cancel(world), await cancel(world)] == [False, True]
            assert world.repository.merging.auto_merge == {}

    asyncio.run(play())


def test_it_leaves_the_queue_once() -> None:
    async def play() -> None:
        async with outside() as world:
            world.repository.merging.queue.append(PULL)

            assert [await cancel(world), await cancel(world)] == [False, True]
            assert world.repository.merging.queue == []

    asyncio.run(play())


def test_what_is_merged_is_merged() -> None:
    async def play() -> None:
        async with outside() as world:
            world.repository.close_pull(PULL, actor="mona", merge=True)

            with pytest.raises(Refused, match="has been merged already"):
                await cancel(world)

    asyncio.run(play())


def test_it_says_what_it_would_do() -> None:
    said = CancelMerge().describe(REQUEST)

    assert said == "Would let GitHub merge #7 no longer by itself."
