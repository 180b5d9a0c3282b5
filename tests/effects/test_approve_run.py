import asyncio

import pytest

from chatops.effects.approve_run import ApproveRun
from chatops.errors import Refused
from chatops.events.held_runs import RunApprovalRefused, RunApprovalRequested, RunApproved
from chatops.names import RunId, Sha
from chatops.standins.github.actions import Run
from tests.effects.outside import PASSES, Outside, outside
from tests.scene import COMMAND, HEAD, PULL, REPO


def held(world: Outside) -> Run:
    pull = world.repository.pulls[PULL]
    return world.repository.run(workflow="From outside", pull=pull, jobs=[PASSES], held=True)


def wanted(run: Run, attempt: int = 1) -> RunApprovalRequested:
    return RunApprovalRequested(
        command=COMMAND, repo=REPO, sha=Sha(run.head_sha), run_id=RunId(run.id), attempt=attempt,
        workflow=run.workflow.name,
    )  # fmt: skip


async def approve(world: Outside, run: Run) -> RunApproved:
    (approved,) = await ApproveRun().perform(wanted(run), world.ports)
    assert isinstance(approved, RunApproved)
    return approved


def test_a_run_that_waits_begins_once() -> None:
    async def play() -> None:
        async with outside() as world:
            run = held(world)

            first, second = await approve(world, run), await approve(world, run)

            assert (first.found, second.found) == (False, True)
            assert len(world.calls("/approve")) == 1
            world.let_pass()
            assert (run.latest.number, run.latest.conclusion) == (1, "success")

    asyncio.run(play())


def test_a_run_that_does_not_wait_is_left_alone() -> None:
    async def play() -> None:
        async with outside() as world:
            approved = await approve(world, world.run)

            assert approved.found
            assert world.calls("/approve") == []

    asyncio.run(play())


def test_githubs_no_is_told() -> None:
    async def play() -> None:
        async with outside() as world:
            run = held(world)
            world.repository.permissions["mona"] = "read"

            with pytest.raises(Refused) as refused:
                await approve(world, run)
            (told,) = ApproveRun().refused(wanted(run), refused.value)

            assert isinstance(told, RunApprovalRefused)
            assert told.text == refused.value.text
            assert run.latest.conclusion == "action_required"

    asyncio.run(play())


def test_it_tells_what_it_would_do() -> None:
    event = RunApprovalRequested(
        command=COMMAND, repo=REPO, sha=HEAD, run_id=RunId(5), attempt=1, workflow="C`I"
    )

    assert ApproveRun().describe(event) == (
        "Would approve `CI`, run 5, which waits for that; it begins then."
    )
