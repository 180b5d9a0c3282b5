"""A test fails, somebody runs it again, and it passes: the ledger, the trends and the command know, over real HTTP."""

from pathlib import Path

import pytest

from chatops.standins.github import PlannedJob
from tests.scenarios.test_pull_pages import look, told, words
from tests.scenarios.world import FLAKY, MEMBER, PULL, town

pytestmark = pytest.mark.anyio

PAGES = ("/flaky.json?w=13w", "/acme/health.json")
NOZZLE = PlannedJob("nozzle", outcomes=("failure", "success"))


async def test_what_passed_on_a_rerun_is_in_the_ledger_and_survives_a_restart(
    database_url: str, tmp_path: Path
) -> None:
    async with town(database_url, tmp_path) as here:
        await here.open_failed_pull()
        before = await told(here, "/flaky.json")

        here.say('/retest "CI / test (a)"')
        await here.let_ci_end()
        after, page = await told(here, "/acme/flaky.json"), await look(here, "/acme/flaky")
        health = await told(here, "/health.json")
        proof = await told(here, "/flaky.json?sel=CI+/+test+(a)")
        run = await look(here, f"/{after['rows'][0]['newest_run']}")
        answers = [await look(here, path) for path in PAGES]
        again = [
            await look(here, path, **{"if-none-match": seen.headers["etag"]})
            for path, seen in zip(PAGES, answers, strict=True)
        ]
        await here.stop()
        await here.start(database_url)
        later = [await look(here, path) for path in PAGES]

    assert before["rows"] == []
    (row,) = after["rows"]
    assert (row["name"], row["flakes"], row["helped"], row["run_again"]) == ("test (a)", 1, 1, 1)
    assert row["pull_requests"] == [PULL]
    assert after["verdict"] in words(page)
    (known,) = proof["selected"]["proofs"]
    assert [one["said"].partition(",")[0] for one in known["tries"]] == [
        "attempt 1: failed",
        "attempt 2: passed",
    ]
    assert run.status_code == 200
    assert [week["reruns"] for week in health["weeks"] if week["is_known"]] == [1]
    assert [one.status_code for one in again] == [304] * len(PAGES)
    assert [one.text for one in later] == [one.text for one in answers]


async def test_the_page_and_the_command_say_the_same_of_the_nights(
    database_url: str, tmp_path: Path
) -> None:
    async with town(database_url, tmp_path) as here:
        here.open_pull()
        night = here.repository.run(workflow="Nightly", event="schedule", jobs=[NOZZLE, FLAKY])
        await here.let_ci_end()
        here.hub.world.ci.rerun_failed(night, actor=MEMBER)
        await here.let_ci_end()
        here.say("/flakes")
        await here.settle()

        page = await told(here, "/flaky.json?where=nights&s=name")

    reply = here.replies[-1].body
    assert "2 jobs failed and passed on the same commit in 1 night" in reply
    assert page["nights"] == 1
    assert [row["name"] for row in page["rows"]] == ["nozzle", "test (a)"]
    for row in page["rows"]:
        assert f"a rerun helped in {row['helped']} of {row['run_again']} night" in reply
