"""Somebody looks back at a pull request while things go on: over real HTTP, on both databases, across a restart."""

import asyncio
import re
from pathlib import Path

import httpx
import pytest

from tests.scenarios.test_pull_pages import look
from tests.scenarios.world import MEMBER, PULL, Town, town

pytestmark = pytest.mark.anyio

PATIENCE = 200
BANNER = re.compile(r'\n<aside class="past".*?</aside>\n', re.DOTALL)


async def once_ready(here: Town, path: str) -> httpx.Response:
    """Return a page once its moment is put together."""
    for _ in range(PATIENCE):
        answer = await look(here, path)
        if answer.status_code != httpx.codes.ACCEPTED:
            return answer
        await asyncio.sleep(0.1)
    raise AssertionError(f"{path} is not put together")


async def test_what_is_done_later_is_not_in_the_past_and_a_restart_changes_nothing(
    database_url: str, tmp_path: Path
) -> None:
    async with town(database_url, tmp_path) as here:
        await here.open_failed_pull()
        head = await asyncio.to_thread(here.service.log.head)
        page, moment = f"/prs/{PULL}", f"at=e{head}"
        before = await once_ready(here, f"{page}.json?{moment}")

        here.say("/retest")
        await here.let_ci_end()
        here.say("/label area/fins")
        await here.settle()
        after = await once_ready(here, f"{page}.json?{moment}")
        shown = await once_ready(here, f"{page}?{moment}")
        audit = await once_ready(here, f"/audit?{moment}")
        changed = await once_ready(here, f"{page}.json?compare=e{head}")
        await here.stop()
        await here.start(database_url)
        later = await once_ready(here, f"{page}?{moment}")
        now = await look(here, page)

    assert before.json()["at"]["position"] == head
    assert after.text == before.text
    assert "retest" in now.text
    assert MEMBER not in audit.text
    assert "Nothing has been asked yet." in audit.text
    assert BANNER.sub("", later.text) == BANNER.sub("", shown.text)
    parts = {part["name"]: part for part in changed.json()["changes"]["parts"]}
    assert parts["commands"]["new"] == 2
    assert parts["checks"]["changed"] >= 1
