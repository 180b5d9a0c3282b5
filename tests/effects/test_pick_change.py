import asyncio

from chatops.effects.pick_change import PickChange
from chatops.errors import Refused
from chatops.events import Event
from chatops.events.picks import PickOpened, PickRefused, PickRequested
from tests.effects.outside import Outside, outside
from tests.scene import COMMAND, PULL, REPO

STABLE = "release-1.0"
HEAD = f"cherry-pick-{PULL}-to-{STABLE}"


def request(branch: str = STABLE) -> PickRequested:
    return PickRequested(
        command=COMMAND, repo=REPO, number=PULL, branch=branch, title="Add fins", by="mona"
    )


async def pick(world: Outside, branch: str = STABLE) -> Event:
    wanted = request(branch)
    try:
        (event,) = await PickChange().perform(wanted, world.ports)
    except Refused as refusal:
        (event,) = PickChange().refused(wanted, refusal)
    return event


def merged(world: Outside, **stable: str) -> None:
    """Merge a change of one file into main, from which another branch went its own way before."""
    repository = world.repository
    repository.commit_to("main", {"fins": "none", "nose": "round"})
    repository.branches[STABLE] = repository.branches["main"]
    repository.commit_to("main", {"nose": "pointed"})
    repository.commit_to(STABLE, {"version": "1.0", **stable})
    repository.git.changes[PULL] = {"fins": "four", "new": "file"}
    repository.close_pull(PULL, actor="mona", merge=True)


def refused(event: Event) -> str:
    assert isinstance(event, PickRefused)
    return event.text


def test_the_change_alone_comes_to_the_other_branch() -> None:
    async def play() -> None:
        async with outside() as world:
            merged(world)
            before = world.repository.branches[STABLE]

            opened = await pick(world)

            assert isinstance(opened, PickOpened)
            made = world.repository.pulls[opened.opened]
            picked = world.repository.commit_at(made.head_sha)
            assert (made.base_branch, made.head_branch) == (STABLE, HEAD)
            assert made.title == "[release-1.0] Add fins"
            assert made.body == "This is #7 for `release-1.0`, asked for by `mona`."
            assert picked.parents == (before,)
            assert picked.files == {
                "fins": "four", "new": "file", "nose": "round", "version": "1.0",
            }  # fmt: skip
            assert "(cherry picked from commit " in picked.message
            assert picked.author == "hubot"

    asyncio.run(play())


def test_a_second_time_finds_what_is_there() -> None:
    async def play() -> None:
        async with outside() as world:
            merged(world)
            first = await pick(world)
            calls = len(world.calls("git"))
            second = await pick(world)

            assert isinstance(first, PickOpened)
            assert isinstance(second, PickOpened)
            assert (second.opened, second.found) == (first.opened, True)
            assert len(world.calls("git")) == calls

    asyncio.run(play())


def test_what_died_before_the_end_is_done_again_from_the_beginning() -> None:
    async def play() -> None:
        async with outside() as world:
            merged(world)
            world.repository.branches[HEAD] = world.repository.branches["main"]

            opened = await pick(world)

            assert isinstance(opened, PickOpened)
            head = world.repository.branches[HEAD]
            assert world.repository.commit_at(head).files["nose"] == "round"

    asyncio.run(play())


def test_a_conflict_is_said_with_what_to_do_and_leaves_no_branch() -> None:
    async def play() -> None:
        async with outside() as world:
            merged(world, fins="three")

            text = refused(await pick(world))

            assert text.startswith("The change conflicts with what is on `release-1.0`.")
            assert "`git cherry-pick -x " in text
            assert HEAD not in world.repository.branches

    asyncio.run(play())


def test_what_is_there_already_is_not_picked() -> None:
    async def play() -> None:
        async with outside() as world:
            merged(world, fins="four", new="file")

            assert refused(await pick(world)) == "`release-1.0` has this change already."
            assert HEAD not in world.repository.branches

    asyncio.run(play())


def test_a_branch_that_is_not_there_is_said() -> None:
    async def play() -> None:
        async with outside() as world:
            merged(world)

            assert refused(await pick(world, "gone")) == "acme/rocket has no branch `gone`."

    asyncio.run(play())


def test_what_is_not_merged_is_not_picked() -> None:
    async def play() -> None:
        async with outside() as world:
            assert refused(await pick(world)).startswith("#7 is not merged")

    asyncio.run(play())


def test_it_says_what_it_would_do() -> None:
    said = PickChange().describe(request())

    assert said == "Would open a pull request that brings #7 to `release-1.0`."
