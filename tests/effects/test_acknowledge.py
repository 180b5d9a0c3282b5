import asyncio

from chatops.effects.acknowledge import Acknowledge
from chatops.events.conversation import ReactionAdded
from tests.effects.outside import outside
from tests.scene import PULL, received


def test_a_comment_gets_eyes_once_however_often_it_is_asked() -> None:
    async def play() -> None:
        async with outside() as world:
            comment = world.repository.comment(PULL, author="mona", body="/retest")
            asked = received(comment_id=comment.id)

            await Acknowledge().perform(asked, world.ports)
            (added,) = await Acknowledge().perform(asked, world.ports)

            assert isinstance(added, ReactionAdded)
            assert [reaction.content for reaction in comment.reactions] == ["eyes"]

    asyncio.run(play())


def test_what_was_not_said_in_a_comment_gets_none() -> None:
    async def play() -> None:
        async with outside() as world:
            assert await Acknowledge().perform(received(comment_id=0), world.ports) == []

    asyncio.run(play())


def test_it_tells_what_it_would_do() -> None:
    assert Acknowledge().describe(received()) == "Would put 👀 on the comment."
    assert Acknowledge().describe(received(comment_id=0)) == "Would show nothing."
