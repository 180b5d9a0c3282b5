import asyncio
from collections.abc import Sequence

import msgspec
import pytest

from chatops.effects.change_reviewers import ChangeReviewers
from chatops.errors import Refused
from chatops.events.changes import ReviewersChanged, ReviewersRequested
from chatops.names import PullNumber
from tests.effects.outside import Outside, outside
from tests.scene import COMMAND, PULL, REPO


def wish(
    add: Sequence[str] = (), remove: Sequence[str] = (), number: PullNumber = PULL
) -> ReviewersRequested:
    return ReviewersRequested(
        command=COMMAND, repo=REPO, number=number, add=tuple(add), remove=tuple(remove)
    )


async def change(world: Outside, asked: ReviewersRequested) -> ReviewersChanged:
    (changed,) = await ChangeReviewers().perform(asked, world.ports)
    assert isinstance(changed, ReviewersChanged)
    return changed


def test_people_and_teams_are_asked_and_asked_no_more() -> None:
    async def play() -> None:
        async with outside() as world:
            pull = world.repository.pulls[PULL]
            world.repository.teams.add("pilots")
            world.repository.request_review(PULL, "pilots", actor="mona")

            changed = await change(world, wish(["mona"], ["acme/Pilots", "gone"]))

            assert (pull.reviewers, pull.review_teams) == (["mona"], [])
            assert (changed.added, changed.removed) == (("mona",), ("acme/Pilots",))
            assert changed.unchanged == ("gone",)

    asyncio.run(play())


def test_those_who_cannot_be_asked_do_not_stop_the_others() -> None:
    async def play() -> None:
        async with outside() as world:
            changed = await change(world, wish(["mona", "hubot", "nobody-here"]))

            assert world.repository.pulls[PULL].reviewers == ["mona"]
            assert (changed.added, changed.ignored) == (("mona",), ("hubot", "nobody-here"))

    asyncio.run(play())


def test_who_is_asked_already_is_not_asked_again() -> None:
    async def play() -> None:
        async with outside() as world:
            await change(world, wish(["mona"]))
            calls = len(world.calls("requested_reviewers"))

            second = await change(world, wish(["mona"]))

            assert second.unchanged == ("mona",)
            assert len(world.calls("requested_reviewers")) == calls

    asyncio.run(play())


def test_what_this_very_request_did_before_a_crash_is_not_said_to_have_been_so() -> None:
    async def play() -> None:
        async with outside() as world:
            world.repository.request_review(PULL, "alice", actor="mona")
            asked = msgspec.structs.replace(wish(["mona", "alice"]), before=("alice",))
            await change(world, asked)

            again = await change(world, asked)
            gone = msgspec.structs.replace(wish(remove=["mona", "bob"]), before=("mona",))
            await change(world, gone)
            gone_again = await change(world, gone)

            assert (again.added, again.unchanged) == (("mona",), ("alice",))
            assert (gone_again.removed, gone_again.unchanged) == (("mona",), ("bob",))
            assert len(world.calls("requested_reviewers")) == 1

    asyncio.run(play())


def test_a_refusal_that_is_about_us_is_one() -> None:
    async def play() -> None:
        async with outside() as world:
            world.repository.user("mona", permission="read")

            with pytest.raises(Refused) as refused:
                await change(world, wish(["alice"]))

            assert refused.value.reason == "not_permitted"

    asyncio.run(play())


def test_it_says_what_it_would_do() -> None:
    assert ChangeReviewers().describe(wish(["alice"], ["acme/pilots"])) == (
        "Would ask `alice` for a review and no longer ask `acme/pilots` of #7."
    )
