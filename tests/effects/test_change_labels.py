import asyncio
from collections.abc import Sequence

import pytest

from chatops.effects.change_labels import ChangeLabels
from chatops.errors import Refused
from chatops.events.changes import LabelsChanged, LabelsRequested
from tests.effects.outside import Outside, outside
from tests.scene import COMMAND, PULL, REPO


async def change(
    world: Outside,
    *,
    add: Sequence[str] = (),
    remove: Sequence[str] = (),
    before: Sequence[str] = (),
) -> LabelsChanged:
    wanted = LabelsRequested(
        command=COMMAND,
        repo=REPO,
        number=PULL,
        add=tuple(add),
        remove=tuple(remove),
        before=tuple(before),
    )
    (changed,) = await ChangeLabels().perform(wanted, world.ports)
    assert isinstance(changed, LabelsChanged)
    return changed


def labels(world: Outside) -> list[str]:
    return world.repository.pulls[PULL].labels


def test_labels_come_and_go() -> None:
    async def play() -> None:
        async with outside() as world:
            for name in ("bug", "area/agent", "wip"):
                world.repository.label(name)
            world.repository.add_label(PULL, "wip", actor="mona")

            changed = await change(
                world, add=["bug", "area/agent"], remove=["wip", "gone"], before=["wip"]
            )

            assert labels(world) == ["bug", "area/agent"]
            assert (changed.added, changed.removed) == (("bug", "area/agent"), ("wip",))

    asyncio.run(play())


def test_a_second_time_changes_nothing_and_tells_the_same() -> None:
    async def play() -> None:
        async with outside() as world:
            world.repository.label("bug")

            first = await change(world, add=["bug"])
            calls = len(world.calls("labels"))
            second = await change(world, add=["bug"])

            assert second == first
            assert len(world.calls("labels")) == calls

    asyncio.run(play())


def test_the_case_of_a_label_does_not_matter() -> None:
    async def play() -> None:
        async with outside() as world:
            world.repository.label("Bug")
            world.repository.add_label(PULL, "Bug", actor="mona")

            changed = await change(world, add=["bug"], before=["Bug"])

            assert labels(world) == ["Bug"]
            assert changed.added == ()

    asyncio.run(play())


def test_a_label_that_the_repository_does_not_have_is_not_made() -> None:
    async def play() -> None:
        async with outside() as world:
            world.repository.label("bug")

            changed = await change(world, add=["bug", "bgu"])

            assert (changed.added, changed.unknown) == (("bug",), ("bgu",))
            assert labels(world) == ["bug"]
            assert set(world.repository.labels) == {"bug"}

    asyncio.run(play())


def test_where_there_is_none_of_the_labels_that_is_a_refusal() -> None:
    async def play() -> None:
        async with outside() as world:
            with pytest.raises(Refused, match="acme/rocket has no label `bgu`, `bag`"):
                await change(world, add=["bgu", "bag"])

            assert labels(world) == []

    asyncio.run(play())


def test_a_label_does_not_make_room_for_one_that_is_not_there() -> None:
    async def play() -> None:
        async with outside() as world:
            for name in ("bug", "stage/alpha"):
                world.repository.label(name)
            world.repository.add_label(PULL, "stage/alpha", actor="mona")
            swap = LabelsRequested(
                command=COMMAND, repo=REPO, number=PULL, add=("stage/beta", "bug"),
                remove=("stage/alpha",), before=("stage/alpha",), replaces=True,
            )  # fmt: skip

            with pytest.raises(Refused, match="has no label `stage/beta`"):
                await ChangeLabels().perform(swap, world.ports)
            assert labels(world) == ["stage/alpha"]

            world.repository.label("stage/beta")
            await ChangeLabels().perform(swap, world.ports)
            assert labels(world) == ["stage/beta", "bug"]

    asyncio.run(play())


def test_it_tells_what_it_would_do() -> None:
    wanted = LabelsRequested(
        command=COMMAND, repo=REPO, number=PULL, add=("bug", "a`b"), remove=("wip",)
    )

    said = ChangeLabels().describe(wanted)

    assert said == "Would add `bug`, `ab` to #7 and take `wip` off it."
