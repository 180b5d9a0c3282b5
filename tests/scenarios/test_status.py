"""`status nightly`, typed in Slack: heard over HTTP or through a socket, answered the same."""

from datetime import timedelta
from pathlib import Path

import pytest

from chatops.standins.github import PlannedJob
from chatops.standins.slack import Message, SlackStandIn, live_mentions
from tests.payloads import problems
from tests.scenarios.world import Town, town

pytestmark = pytest.mark.anyio

MODES = pytest.mark.parametrize("mode", ["http", "socket"])
AT_ONCE = timedelta(seconds=1)


async def a_night(here: Town) -> None:
    """Let a nightly run to its end: one job fails."""
    here.repository.run(
        workflow="Nightly",
        event="schedule",
        jobs=[PlannedJob("boot"), PlannedJob("dock <!channel> & land", outcomes=("failure",))],
    )
    await here.let_ci_end()


def as_sent(message: Message) -> dict[str, object]:
    """Return a message as it was sent, for the judge."""
    return {"text": message.text, "blocks": list(message.blocks)}


@MODES
async def test_the_nightly_is_told_in_one_message(
    mode: str, database_url: str, tmp_path: Path
) -> None:
    slack = SlackStandIn(mode="socket" if mode == "socket" else "http")
    async with town(database_url, tmp_path, slack=slack) as here:
        await a_night(here)

        said = await slack.slash("/acme", "status nightly")
        message = await said.message()
        await here.settle()

        assert said.error is None
        assert said.latency < AT_ONCE
        assert len(said.messages) == 1
        assert message.text.startswith(message.everything_said.splitlines()[0])
        assert problems(as_sent(message)) == []


async def test_the_verdict_comes_first(database_url: str, tmp_path: Path) -> None:
    async with town(database_url, tmp_path) as here:
        await a_night(here)

        said = await here.slack.slash("/acme", "status nightly")
        message = await said.message()

        assert "failed" in message.text
        assert "dock" in message.everything_said


async def test_what_a_job_is_called_calls_nobody(database_url: str, tmp_path: Path) -> None:
    async with town(database_url, tmp_path) as here:
        await a_night(here)

        said = await here.slack.slash("/acme", "status nightly")
        message = await said.message()

        assert live_mentions(message) == ()
