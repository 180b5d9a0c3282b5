import asyncio

from chatops.effects.cancel_run import CancelRun
from chatops.errors import Refused
from chatops.events.cancels import CancelAccepted, CancelRefused, CancelRequested
from chatops.names import RunId
from tests.effects.outside import Outside, outside
from tests.scene import COMMAND, REPO


def wanted(world: Outside, attempt: int) -> CancelRequested:
    return CancelRequested(
        command=COMMAND, repo=REPO, run_id=RunId(world.run.id), attempt=attempt, workflow="CI"
    )


async def cancel(world: Outside, attempt: int) -> CancelAccepted:
    (accepted,) = await CancelRun().perform(wanted(world, attempt), world.ports)
    assert isinstance(accepted, CancelAccepted)
    return accepted


def test_a_run_that_is_under_way_is_stopped() -> None:
    async def play() -> None:
        async with outside() as world:
            world.hub.world.ci.rerun_failed(world.run, actor="mona")

            accepted = await cancel(world, attempt=2)

            world.let_pass()
            assert not accepted.found
            assert world.run.latest.conclusion == "cancelled"

    asyncio.run(play())


def test_a_run_that_has_ended_is_found_so_and_left_alone() -> None:
    async def play() -> None:
        async with outside() as world:
            accepted = await cancel(world, attempt=1)

            assert accepted.found
            assert world.calls("cancel") == []

    asyncio.run(play())


def test_a_later_attempt_is_not_what_was_meant() -> None:
    async def play() -> None:
        async with outside() as world:
            world.hub.world.ci.rerun_failed(world.run, actor="mona")

            accepted = await cancel(world, attempt=1)

            assert accepted.found
            assert world.calls("cancel") == []

    asyncio.run(play())


def test_githubs_no_is_told() -> None:
    async def play() -> None:
        async with outside() as world:
            (told,) = CancelRun().refused(wanted(world, 1), Refused("It is not mine to stop."))

            assert isinstance(told, CancelRefused)
            assert told.text == "It is not mine to stop."

    asyncio.run(play())


def test_it_tells_what_it_would_do() -> None:
    wanted = CancelRequested(command=COMMAND, repo=REPO, run_id=RunId(5), attempt=2, workflow="C`I")

    assert CancelRun().describe(wanted) == "Would stop `CI`, run 5 in attempt 2."
