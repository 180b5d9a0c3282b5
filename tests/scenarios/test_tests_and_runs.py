"""A test's page and a run's page, while things happen in the town: what GitHub does is on them, and stays there."""

import re
from html import unescape
from http import HTTPStatus
from pathlib import Path

import httpx
import pytest

from chatops.standins.github import PlannedJob
from tests.scenarios.world import BROKEN, BUILD, FLAKY, Town, town

pytestmark = pytest.mark.anyio

HOSTILE = "suite / <b>dock</b> (a, b/c)"


async def shown(here: Town, path: str) -> httpx.Response:
    async with httpx.AsyncClient(trust_env=False, timeout=30, follow_redirects=True) as client:
        return await client.get(f"{here.address}{path}")


async def a_night(here: Town, *outcomes: str) -> int:
    """Let a nightly run to its end, with a test that does these things in its attempts."""
    run = here.repository.run(
        workflow="Nightly",
        event="schedule",
        jobs=[PlannedJob("boot"), PlannedJob(HOSTILE, outcomes=outcomes)],
    )
    await here.let_ci_end()
    return run.id


async def test_a_failure_is_followed_from_the_night_to_its_test_and_its_run(
    database_url: str, tmp_path: Path
) -> None:
    async with town(database_url, tmp_path) as here:
        await a_night(here, "success")
        here.pass_time(86_400)
        run_id = await a_night(here, "failure")

        nightly = (await shown(here, f"/acme/nightly?sel={HOSTILE}")).text
        (to_test,) = re.findall(r'href="(tests/[^"]+)"', nightly)
        test = await shown(here, f"/acme/{to_test}")
        run = await shown(here, f"/acme/runs/{run_id}")

        assert (test.status_code, run.status_code) == (HTTPStatus.OK, HTTPStatus.OK)
        assert f'href="runs/{run_id}"' in nightly
        assert "It has been failing for 1 night" in test.text
        assert HOSTILE in unescape(test.text)
        assert "<b>dock" not in test.text + run.text
        assert "1 of 2 jobs failed. It passed in the night before." in run.text
        assert to_test in run.text


async def test_what_was_run_again_is_on_the_pages_and_survives_a_restart(
    database_url: str, tmp_path: Path
) -> None:
    async with town(database_url, tmp_path) as here:
        run = here.repository.run(workflow="CI", pull=here.open_pull(), jobs=[BUILD, FLAKY, BROKEN])
        await here.let_ci_end()
        before = (await shown(here, f"/runs/{run.id}")).text
        here.say("/retest")
        await here.let_ci_end()

        await here.stop()
        await here.start(database_url)
        after = (await shown(here, f"/runs/{run.id}")).text
        told = (await shown(here, f"/runs/{run.id}.json")).json()
        test = (await shown(here, "/tests/CI~~test_(a)")).text

        assert "2 of 3 jobs failed" in before
        assert "1 of 3 jobs failed in attempt 2" in after
        assert [
            (one["ran"], one["carried_over"], one["failed"], one["passed_after_failing"])
            for one in told["attempts"]
        ] == [(3, 0, 2, 0), (2, 1, 1, 1)]
        assert [one["verb"] for one in told["attempts"][1]["asked_for_by"]] == ["retest"]
        assert told["pull_requests"] == [7]
        assert (await shown(here, f"/runs/{run.id}/1")).text.count("was after attempt 1") == 1
        assert "passed only on a rerun in 1" in test
        assert "/retest" in test
