import asyncio
from http import HTTPStatus

import pytest

from chatops.effects.set_status import SetStatus
from chatops.errors import Refused
from chatops.events.statuses import StatusRequested, StatusWritten
from chatops.names import Sha
from chatops.standins.github.things import CommitStatus
from tests.effects.outside import Outside, outside
from tests.scene import COMMAND, PULL, REPO


async def write(world: Outside, state: str = "success", sha: str = "") -> StatusWritten:
    wanted = StatusRequested(
        command=COMMAND, repo=REPO, sha=Sha(sha or head(world)), context="dco", state=state,
        description="Overridden by mona: a typo",
    )  # fmt: skip
    (written,) = await SetStatus().perform(wanted, world.ports)
    assert isinstance(written, StatusWritten)
    return written


def head(world: Outside) -> str:
    return world.repository.pulls[PULL].head_sha


def statuses(world: Outside) -> list[CommitStatus]:
    return world.repository.statuses[head(world)]


def test_a_status_says_what_was_decided() -> None:
    async def play() -> None:
        async with outside() as world:
            world.repository.status(head(world), "dco", "failure")

            written = await write(world)

            (status,) = statuses(world)
            assert (status.context, status.state) == ("dco", "success")
            assert status.description == "Overridden by mona: a typo"
            assert (written.state, written.found) == ("success", False)

    asyncio.run(play())


def test_a_second_time_sets_nothing() -> None:
    async def play() -> None:
        async with outside() as world:
            await write(world)

            again = await write(world)

            assert again.found
            assert len(world.calls("/statuses/")) == 1

    asyncio.run(play())


def test_a_commit_that_is_gone_is_refused() -> None:
    async def play() -> None:
        async with outside() as world:
            with pytest.raises(Refused):
                await write(world, sha="0" * 40)

            assert {call.status for call in world.hub.requests[-1:]} <= {
                HTTPStatus.NOT_FOUND,
                HTTPStatus.UNPROCESSABLE_ENTITY,
            }

    asyncio.run(play())


def test_it_says_beforehand_what_it_would_do() -> None:
    wanted = StatusRequested(
        command=COMMAND, repo=REPO, sha=Sha("c0ffee0000"), context="dco", state="success", description=""
    )  # fmt: skip

    assert SetStatus().describe(wanted) == "Would set the status `dco` of `c0ffee000` to success."
