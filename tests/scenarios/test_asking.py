"""People ask about pull requests, and are answered from what is on GitHub now: all over real HTTP."""

from pathlib import Path

import pytest

from tests.scenarios.world import town

pytestmark = pytest.mark.anyio


async def test_a_stranger_asks_what_a_pull_request_misses(
    database_url: str, tmp_path: Path
) -> None:
    async with town(database_url, tmp_path) as here:
        await here.open_failed_pull()

        here.say("/status pr", by="newcomer")
        await here.settle()

        assert "cannot be merged yet: 3 required checks failed" in here.reply
        assert '`/retest "CI / test (a)"`' in here.reply
        assert "Run the required ones again: `/retest required`" in here.reply
