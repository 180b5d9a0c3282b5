"""Writes wait for each other; what does something goes before what tells of it."""

import asyncio
import itertools
import time

import pytest

from chatops.gateways.github_turns import Rank, Turns, rank_of

GAP = 0.02


@pytest.mark.parametrize(
    ("path", "rank"),
    [
        ("/repos/acme/rocket/actions/runs/1/rerun-failed-jobs", Rank.DOES),
        ("/repos/acme/rocket/issues/7/labels", Rank.DOES),
        ("/repos/acme/comments/issues/7/labels", Rank.DOES),
        ("/repos/acme/rocket/issues/comments/9/reactions", Rank.MARKS),
        ("/repos/acme/rocket/issues/7/comments", Rank.TELLS),
        ("/repos/acme/rocket/issues/comments/9", Rank.TELLS),
    ],
)
def test_an_address_says_how_urgent_a_write_is(path: str, rank: Rank) -> None:
    assert rank_of(path) is rank


def in_order(*ranks: Rank, leaves: int | None = None) -> list[tuple[int, float]]:
    """Let writers come in this order, all at once; return who had a turn when. `leaves` goes before it is its turn."""

    async def main() -> list[tuple[int, float]]:
        turns = Turns(GAP)
        had = []

        async def write(number: int, rank: Rank) -> None:
            async with turns.turn(rank):
                had.append((number, time.monotonic()))

        tasks = [asyncio.create_task(write(*one)) for one in enumerate(ranks)]
        await asyncio.sleep(GAP / 4)
        if leaves is not None:
            tasks[leaves].cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        return had

    return asyncio.run(main())


def test_acts_go_first_then_marks_then_comments_and_each_in_its_order() -> None:
    tells, marks, does = Rank.TELLS, Rank.MARKS, Rank.DOES

    had = in_order(tells, tells, marks, does, does, marks, does)

    assert [number for number, _ in had] == [0, 3, 4, 6, 2, 5, 1]


def test_there_is_a_pause_after_each() -> None:
    moments = [moment for _, moment in in_order(*[Rank.DOES] * 4)]

    assert all(later - earlier >= GAP * 0.9 for earlier, later in itertools.pairwise(moments))


def test_who_leaves_holds_up_nobody() -> None:
    had = in_order(Rank.DOES, Rank.DOES, Rank.DOES, leaves=1)

    assert [number for number, _ in had] == [0, 2]


def test_a_turn_that_was_given_to_somebody_who_leaves_goes_on_to_the_next() -> None:
    async def main() -> str:
        turns = Turns(0)

        async def write() -> str:
            async with turns.turn(Rank.DOES):
                return "done"

        first = asyncio.create_task(write())
        await asyncio.sleep(0)
        first.cancel()
        await asyncio.gather(first, return_exceptions=True)
        return await asyncio.wait_for(write(), timeout=1)

    assert asyncio.run(main()) == "done"
