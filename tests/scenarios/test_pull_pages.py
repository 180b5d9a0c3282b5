"""The author of a red pull request looks at its page, says what it offers, and looks again: all over real HTTP."""

import json
import re
from html import unescape
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.scenarios.world import PULL, Town, town

pytestmark = pytest.mark.anyio


async def look(here: Town, path: str, **headers: str) -> httpx.Response:
    address = here.hub.webhooks.url
    assert address is not None
    url = address.replace("/github/webhooks", path)
    async with httpx.AsyncClient(trust_env=False, timeout=20) as visitor:
        return await visitor.get(url, headers=headers)


async def told(here: Town, path: str) -> dict[str, Any]:
    return dict(json.loads((await look(here, path)).text))


def words(page: httpx.Response) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", "", page.text)).split())


async def test_a_red_pull_request_says_what_to_say_and_is_green_afterwards(
    database_url: str, tmp_path: Path
) -> None:
    async with town(database_url, tmp_path) as here:
        await here.open_failed_pull()
        red, page = await told(here, f"/prs/{PULL}.json"), await look(here, f"/prs/{PULL}")
        listed = await told(here, "/acme/prs.json?blocked=failed")
        before = await told(here, "/pr-tests.json?w=30d")

        assert red["blocked_by"] == "failed"
        assert red["verdict"] in words(page)
        assert [one["number"] for one in listed["pull_requests"]] == [PULL]
        (flaky,) = [one for one in red["checks"] if one["name"] == "CI / test (a)"]
        assert flaky["say"] == '/retest "CI / test (a)"'

        here.say(flaky["say"])
        await here.let_ci_end()
        (command,) = (await told(here, f"/prs/{PULL}.json"))["commands"]
        story = await look(here, f"/audit/{command['id']}")
        after, row = await told(here, f"/prs/{PULL}.json"), await told(here, "/pr-tests.json?all=1")

    (flaky,) = [one for one in after["checks"] if one["name"] == "CI / test (a)"]
    assert (flaky["state"], flaky["group"]) == ("passed on rerun", "rerun")
    assert [one["result"] for one in flaky["tries"]] == ["attempt 1: failed", "attempt 2: passed"]
    assert "CI after attempt 1" in command["ran_again"]
    assert "rerun finished" in story.text
    counts = {one["name"]: (one["fails"], one["helped"], one["run_again"]) for one in row["rows"]}
    assert {one["name"] for one in before["rows"]} == {"test (a)", "test (b)", "lint"}
    assert counts["test (a)"] == (0, 1, 1)


async def test_the_page_and_the_command_say_the_same_of_the_gate(
    database_url: str, tmp_path: Path
) -> None:
    async with town(database_url, tmp_path) as here:
        await here.open_failed_pull(labels=())
        here.say("/gatekeeper")
        await here.settle()

        page = await told(here, f"/prs/{PULL}.json")

    reply = here.replies[-1].body
    numbers = re.search(r"must pass (\d+) checks; (\d+) of them passed", page["gate"][0])
    assert numbers is not None
    assert f"must pass {numbers[1]} checks; {numbers[2]} of them passed" in reply
    for check in page["checks"]:
        assert (check["name"].replace("(", r"\(") in reply or check["name"] in reply) is check[
            "is_required"
        ]


async def test_what_has_not_changed_is_not_sent_again_and_survives_a_restart(
    database_url: str, tmp_path: Path
) -> None:
    async with town(database_url, tmp_path) as here:
        await here.open_failed_pull()
        pages = ("/prs.json", f"/prs/{PULL}.json", "/pr-tests.json?w=30d")
        before = [await look(here, path) for path in pages]
        again = [
            await look(here, path, **{"if-none-match": seen.headers["etag"]})
            for path, seen in zip(pages, before, strict=True)
        ]
        await here.stop()
        await here.start(database_url)
        after = [await look(here, path) for path in pages]

    assert [one.status_code for one in again] == [304] * len(pages)
    assert [one.text for one in after] == [one.text for one in before]


@pytest.mark.parametrize(
    "path", ["/prs/999", "/prs/x", "/prs/acme/other/7", "/nobody/prs", "/prs/7.xml", "/prs.xml"]
)
async def test_what_is_not_there_is_not_found(database_url: str, tmp_path: Path, path: str) -> None:
    async with town(database_url, tmp_path) as here:
        here.open_pull()
        await here.settle()

        assert (await look(here, path)).status_code == 404
        assert (await look(here, f"/prs/acme/rocket/{PULL}")).status_code == 200
