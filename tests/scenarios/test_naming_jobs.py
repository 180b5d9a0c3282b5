"""Jobs as GitHub calls them, named in comments as people do: one pull request for each way."""

from pathlib import Path

import pytest

from chatops.standins.github import PlannedJob
from tests.scenarios.world import AUTHOR, town

pytestmark = pytest.mark.anyio

LONG = "check (make check, agent, src/agent, rust, clang libdevmapper libgpgme protobuf, true, ubuntu-24.04-arm)"
CUT = f"{LONG[:97]}..."
"""What GitHub shows of such a name."""
MARINER = "run-k8s-tests (cbl-mariner, clh, small)"
TDX = "run-tee (tdx, qemu-tdx)"
JOBS = (CUT, MARINER, TDX)
ALIASES = "    job_aliases: {mariner: '*cbl-mariner*'}\n"

WAYS = {
    '/test "run-k8s-tests (cbl-mariner, clh, small)"': MARINER,
    "/test “run-k8s-tests (cbl-mariner, clh, small)”.": MARINER,
    "/test 'CI / run-tee (tdx, qemu-tdx)'": TDX,
    "/test run-tee (tdx, qemu-tdx)": TDX,
    "/Test *tee*(tdx*).": TDX,
    "/test mariner\r\n": MARINER,
    "/TEST tdx!": TDX,
    f"/test “{CUT}”": CUT,
    f'/test "{LONG}"': CUT,
    "/test ?\n/test 2": MARINER,
}


async def test_a_job_is_meant_by_each_way_of_naming_it(database_url: str, tmp_path: Path) -> None:
    async with town(database_url, tmp_path, extra=ALIASES) as here:
        for number in range(100, 100 + len(WAYS)):
            pull = here.repository.pull(number=number, author=AUTHOR)
            here.repository.run(
                workflow="CI",
                pull=pull,
                jobs=[PlannedJob(name, outcomes=("success",)) for name in JOBS],
            )
        await here.let_ci_end()

        for number, said in enumerate(WAYS, start=100):
            here.say(said, on=number)
        await here.settle()

        for number, (said, job) in enumerate(WAYS.items(), start=100):
            [run] = here.repository.runs_of(here.repository.pulls[number].head_sha)
            again = [one.name for one in run.attempts[-1].jobs if one.execution > 1]
            assert len(run.attempts) == 2, (said, here.replies_on(number))
            assert again == [job], said


async def test_a_mark_of_a_phone_is_the_mark_that_was_meant(
    database_url: str, tmp_path: Path
) -> None:
    async with town(database_url, tmp_path) as here:
        pull = await here.open_failed_pull()
        extra = PlannedJob("extra", outcomes=("failure",))
        here.repository.run(workflow="Not required", pull=pull, jobs=[extra])
        await here.let_ci_end()

        here.say("Once more, please:\r\n/Retest –required.\r\n")
        await here.settle()

        assert "rerun-failed-jobs CI" in here.reruns
        assert not any("Not required" in call for call in here.reruns)
