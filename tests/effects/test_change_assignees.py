import asyncio
from collections.abc import Sequence

from chatops.effects.change_assignees import ChangeAssignees
from chatops.events.changes import AssigneesChanged, AssigneesRequested
from tests.effects.outside import Outside, outside
from tests.scene import COMMAND, PULL, REPO


def wish(
    add: Sequence[str] = (), remove: Sequence[str] = (), before: Sequence[str] | None = ()
) -> AssigneesRequested:
    known = None if before is None else tuple(before)
    return AssigneesRequested(
        command=COMMAND, repo=REPO, number=PULL, add=tuple(add), remove=tuple(remove), before=known
    )  # fmt: skip


async def change(world: Outside, asked: AssigneesRequested) -> AssigneesChanged:
    (changed,) = await ChangeAssignees().perform(asked, world.ports)
    assert isinstance(changed, AssigneesChanged)
    return changed


def test_people_come_and_go() -> None:
    async def play() -> None:
        async with outside() as world:
            world.repository.user("alice", permission="triage")
            world.repository.assign(PULL, "mona", actor="alice")

            changed = await change(world, wish(["Alice"], ["mona", "gone"], before=["mona"]))

            assert world.repository.pulls[PULL].assignees == ["alice"]
            assert (changed.added, changed.removed) == (("Alice",), ("mona",))
            assert changed.unchanged == ("gone",)

    asyncio.run(play())


def test_a_second_time_changes_nothing_and_tells_the_same() -> None:
    async def play() -> None:
        async with outside() as world:
            asked = wish(["mona", "nobody-here"])

            first = await change(world, asked)
            second = await change(world, asked)

            assert first == second
            assert (first.added, first.ignored) == (("mona",), ("nobody-here",))
            assert world.repository.pulls[PULL].assignees == ["mona"]

    asyncio.run(play())


def test_where_nobody_knew_who_was_before_whom_it_finds_counts() -> None:
    async def play() -> None:
        async with outside() as world:
            world.repository.user("alice", permission="triage")
            world.repository.assign(PULL, "mona", actor="mona")

            changed = await change(world, wish(["mona", "alice"], before=None))

            assert (changed.added, changed.unchanged) == (("alice",), ("mona",))

    asyncio.run(play())


def test_what_is_so_already_is_no_call() -> None:
    async def play() -> None:
        async with outside() as world:
            world.repository.assign(PULL, "mona", actor="mona")

            changed = await change(world, wish(["mona"], before=["mona"]))

            assert changed.unchanged == ("mona",)
            assert world.calls("assignees") == []

    asyncio.run(play())


def test_it_says_what_it_would_do() -> None:
    assert ChangeAssignees().describe(wish(["alice"], ["bob", "eve"])) == (
        "Would assign `alice` and unassign `bob`, `eve` on #7."
    )
