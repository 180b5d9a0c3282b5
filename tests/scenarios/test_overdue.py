"""Nobody is left with a pair of eyes: what takes too long says what it waits for, once, and then how it ended."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from chatops.engine.clock import SystemClock
from tests.scenarios.world import Town, town

pytestmark = pytest.mark.anyio


class Later(SystemClock):
    """A clock that is a few minutes ahead."""

    def now(self) -> datetime:
        return super().now() + timedelta(minutes=6)


async def wait(here: Town) -> int:
    """Let minutes pass for whoever looks who waits; return how many do."""
    here.service.clock = Later()
    late = await here.service.rounds.make("notice_overdue")
    await here.settle()
    return late


async def test_what_is_not_done_says_so_and_then_that_it_is(
    database_url: str, tmp_path: Path
) -> None:
    async with town(database_url, tmp_path) as here:
        pull = here.open_pull(labels=())
        here.repository.label("bug")
        here.hub.fail("503", path="/issues/7/labels", times=1_000)
        comment = here.say("/label bug")
        await here.settle()
        assert here.reactions(comment) == ["eyes"]
        assert here.replies == []

        assert await wait(here) == 1

        assert "I heard this 5 min ago, and not done yet: `change_labels`." in here.reply
        assert "`/why command/github" in here.reply
        assert await wait(here) == 0

        here.hub.gate.faults.clear()
        await here.hurry()

        assert pull.labels == ["bug"]
        assert "Added `bug`." in here.reply


async def test_what_is_not_decided_says_so_and_then_what_was(
    database_url: str, tmp_path: Path
) -> None:
    async with town(database_url, tmp_path) as here:
        pull = here.open_pull(labels=())
        here.repository.label("bug")
        here.hub.fail("503", path="/pulls/7$", times=1_000)
        comment = here.say("/label bug")
        await here.settle()
        assert here.reactions(comment) == ["eyes"]

        assert await wait(here) == 1

        assert "and it is not decided yet." in here.reply

        here.hub.gate.faults.clear()
        await here.hurry()

        assert pull.labels == ["bug"]
        assert "Added `bug`." in here.reply


async def test_who_has_had_a_word_does_not_wait(database_url: str, tmp_path: Path) -> None:
    async with town(database_url, tmp_path) as here:
        here.open_pull(labels=())
        here.repository.label("bug")
        here.say("/label bug")
        here.say("/help")
        await here.settle()

        assert await wait(here) == 0
        assert len(here.replies) == 1
