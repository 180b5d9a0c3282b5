import asyncio

import pytest

from chatops.effects.edit_issue import EditIssue
from chatops.errors import Refused
from chatops.events.changes import Edited, EditRequested
from tests.effects.outside import Outside, outside
from tests.scene import COMMAND, PULL, REPO


def wish(
    field: str, value: str, before: str = "", *, reason: str = "", strictly: bool = False
) -> EditRequested:
    return EditRequested(
        command=COMMAND, repo=REPO, number=PULL, field=field, value=value, before=before,
        reason=reason, strictly=strictly,
    )  # fmt: skip


async def edit(world: Outside, asked: EditRequested) -> Edited:
    (edited,) = await EditIssue().perform(asked, world.ports)
    assert isinstance(edited, Edited)
    return edited


def changes(world: Outside) -> int:
    return sum(call.method == "PATCH" for call in world.hub.requests)


def test_each_field_is_changed_once() -> None:
    async def play() -> None:
        async with outside() as world:
            pull = world.repository.pulls[PULL]
            world.repository.milestone("Lift-off")
            wishes = [
                wish("title", "Add wings", pull.title),
                wish("milestone", "lift-OFF"),
                wish("state", "closed", "open"),
            ]

            first = [await edit(world, one) for one in wishes]
            second = [await edit(world, one) for one in wishes]

            assert (pull.title, pull.milestone, pull.state) == ("Add wings", 1, "closed")
            assert first == second
            assert [one.value for one in first] == ["Add wings", "Lift-off", "closed"]
            assert changes(world) == 3

    asyncio.run(play())


def test_a_milestone_is_taken_off() -> None:
    async def play() -> None:
        async with outside() as world:
            world.repository.milestone("Lift-off")
            world.repository.set_milestone(PULL, 1, actor="mona")

            await edit(world, wish("milestone", "", "Lift-off"))

            assert world.repository.pulls[PULL].milestone is None

    asyncio.run(play())


def test_a_milestone_that_is_not_open_is_answered_with_those_that_are() -> None:
    async def play() -> None:
        async with outside() as world:
            with pytest.raises(Refused, match="None is open"):
                await edit(world, wish("milestone", "3.3"))
            world.repository.milestone("3.3", is_open=False)
            world.repository.milestone("`3.4`")

            with pytest.raises(Refused, match=r"Open are: `'3\.4'`"):
                await edit(world, wish("milestone", "3.3"))

    asyncio.run(play())


def test_what_is_merged_stays_closed() -> None:
    async def play() -> None:
        async with outside() as world:
            world.repository.close_pull(PULL, actor="mona", merge=True)

            with pytest.raises(Refused, match="is merged"):
                await edit(world, wish("state", "open", "closed"))

    asyncio.run(play())


def test_what_somebody_has_changed_since_is_theirs() -> None:
    async def play() -> None:
        async with outside() as world:
            back = wish("title", "Make it better", "Add wings", strictly=True)
            world.repository.retitle(PULL, "Add engines", actor="hubot")

            with pytest.raises(Refused, match="is `Add engines` now, not `Add wings`") as refused:
                await edit(world, back)

            assert refused.value.reason == "moved_on"
            assert world.repository.pulls[PULL].title == "Add engines"

    asyncio.run(play())


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (wish("state", "closed"), "Would close #7."),
        (wish("state", "open"), "Would open #7 again."),
        (wish("milestone", ""), "Would take the milestone off #7."),
        (wish("title", "A `b`"), "Would make `A 'b'` the title of #7."),
    ],
)
def test_it_says_what_it_would_do(asked: EditRequested, said: str) -> None:
    assert EditIssue().describe(asked) == said
