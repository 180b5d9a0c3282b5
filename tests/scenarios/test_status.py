"""`status nightly`, typed in Slack: heard over HTTP or through a socket, answered the same."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from chatops.app import SHOWN_SECONDS, Service
from chatops.engine.log import EVENTS, Batch
from chatops.events import Fact
from chatops.events.canaries import CanaryReturned
from chatops.events.conversation import CommandAccepted, CommandReceived
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


async def test_a_read_model_that_has_stopped_holds_up_no_answer(
    database_url: str, tmp_path: Path
) -> None:
    async with town(database_url, tmp_path) as here:
        await a_night(here)
        await asyncio.to_thread(stop_a_read_model, here.service)

        said = await here.slack.slash("/acme", "status nightly")
        message = await said.message()

        asked, decided = await asyncio.to_thread(heard_and_decided, here.service)
        stopped = [one.name for one in here.service.projector.progress() if one.error]

    assert stopped == ["canaries"]
    assert "dock" in message.everything_said
    assert decided - asked < timedelta(seconds=SHOWN_SECONDS)


def stop_a_read_model(service: Service) -> None:
    """Let one projection find an event that it cannot read."""
    service.projector.stop()
    sign = CanaryReturned(canary="one", at=datetime.now(UTC))
    service.log.append([Batch(facts=[Fact(event=sign, source="test", correlation_id="canary")])])
    unreadable = update(EVENTS).where(EVENTS.c.kind == sign.kind).values(version=99)
    with service.database.write(durable=True) as db:
        db.execute(unreadable)
    service.projector.catch_up()
    service.projector.start()


def heard_and_decided(service: Service) -> list[datetime]:
    """Return when the one command was heard, and when it was decided."""
    kinds = [CommandReceived.kind, CommandAccepted.kind]
    with service.database.read() as db:
        found = service.log.read_kinds(0, service.log.head(db), kinds, db)
    return [one.recorded_at for one in found]


async def test_what_a_job_is_called_calls_nobody(database_url: str, tmp_path: Path) -> None:
    async with town(database_url, tmp_path) as here:
        await a_night(here)

        said = await here.slack.slash("/acme", "status nightly")
        message = await said.message()

        assert live_mentions(message) == ()
