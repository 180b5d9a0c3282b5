import asyncio

import pytest

from chatops.effects.learn_tree import LearnTree
from chatops.errors import Refused
from chatops.events.trees import TreeSeen, TreeWanted
from chatops.names import Sha
from tests.effects.outside import Outside, outside
from tests.scene import PULL, REPO


async def seen(world: Outside, sha: str) -> str:
    asked = TreeWanted(repo=REPO, number=PULL, sha=Sha(sha))
    (found,) = await LearnTree().perform(asked, world.ports)
    assert isinstance(found, TreeSeen)
    assert found.sha == sha
    return found.tree


def test_commits_of_the_same_files_have_the_same_tree_and_others_another() -> None:
    async def play() -> None:
        async with outside() as world:
            first = world.repository.pulls[PULL].head_sha
            second = world.repository.push_to_pull(PULL, amends=True).head_sha
            third = world.repository.push_to_pull(PULL).head_sha

            trees = [await seen(world, sha) for sha in (first, second, third)]

            assert trees[0] == trees[1] != trees[2]
            assert all(trees)

    asyncio.run(play())


def test_of_a_commit_that_github_does_not_show_there_is_no_tree() -> None:
    async def play() -> None:
        async with outside() as world:
            asked = TreeWanted(repo=REPO, number=PULL, sha=Sha("b" * 40))

            with pytest.raises(Refused) as refused:
                await LearnTree().perform(asked, world.ports)

            (told,) = LearnTree().refused(asked, refused.value)
            assert told == TreeSeen(repo=REPO, sha=asked.sha, tree="")

    asyncio.run(play())


def test_it_says_what_it_would_do() -> None:
    event = TreeWanted(repo=REPO, number=PULL, sha=Sha("b" * 40))

    assert LearnTree().describe(event) == "Would read which files the commit `bbbbbbbbb` holds."
