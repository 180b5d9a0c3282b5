import asyncio

from chatops.effects.add_reaction import AddReaction
from chatops.events.conversation import ReactionAdded, ReactionRequested
from tests.effects.outside import outside
from tests.scene import COMMAND, PULL, REPO


def test_the_reaction_is_there_once_however_often_it_is_asked() -> None:
    async def play() -> None:
        async with outside() as world:
            comment = world.repository.comment(PULL, author="mona", body="/retest")
            wanted = ReactionRequested(
                command=COMMAND, repo=REPO, comment_id=comment.id, reaction="rocket"
            )

            await AddReaction().perform(wanted, world.ports)
            (added,) = await AddReaction().perform(wanted, world.ports)

            assert isinstance(added, ReactionAdded)
            assert [reaction.content for reaction in comment.reactions] == ["rocket"]

    asyncio.run(play())


def test_it_tells_what_it_would_do() -> None:
    wanted = ReactionRequested(command=COMMAND, repo=REPO, comment_id=1, reaction="rocket")

    assert AddReaction().describe(wanted) == "Would put the reaction `rocket` on the comment."
