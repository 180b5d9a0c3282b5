import asyncio

from chatops.effects.learn_files import LearnFiles
from chatops.events.owners import FilesWanted
from chatops.events.pulls import PullFilesSeen
from chatops.names import Sha
from tests.effects.outside import Outside, outside
from tests.scene import PULL, REPO


def wanted(world: Outside, sha: str = "") -> FilesWanted:
    head = world.repository.pulls[PULL].head_sha
    return FilesWanted(repo=REPO, number=PULL, sha=Sha(sha or head), base="main")


def test_the_files_of_the_head_are_told() -> None:
    async def play() -> None:
        async with outside() as world:
            (seen,) = await LearnFiles().perform(wanted(world), world.ports)

            assert isinstance(seen, PullFilesSeen)
            assert seen.files == ("README.md",)

    asyncio.run(play())


def test_of_a_head_that_is_one_no_longer_nothing_is_told() -> None:
    async def play() -> None:
        async with outside() as world:
            assert await LearnFiles().perform(wanted(world, "b" * 40), world.ports) == []

    asyncio.run(play())


def test_it_says_what_it_would_do() -> None:
    event = FilesWanted(repo=REPO, number=PULL, sha=Sha("b" * 40), base="main")

    assert LearnFiles().describe(event) == "Would read which files #7 changes."
