"""A channel's digest, from the clock to Slack: what has changed, once a day, whoever dies or works beside us."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml

from chatops.app import Service
from chatops.engine.clock import SystemClock
from chatops.events.digests import DigestDetailsPosted, DigestPosted, DigestWithheld
from chatops.running.digesting import digests
from chatops.running.serving import running
from chatops.standins.slack import Message, SlackStandIn
from tests.needs import REPOSITORY
from tests.scenarios.test_subscriptions import A_DAY, job, night
from tests.scenarios.world import Town, town

pytestmark = pytest.mark.anyio

CHANNEL = "C0CI"
CHANNELS = """\
    channels:
      C0CI: {name: ci, digest: {time: 00:00}}
"""
NEEDED = "test (a)"


class Days(SystemClock):
    """A clock of whole days from now on."""

    def __init__(self) -> None:
        self._now = datetime.now(UTC).replace(microsecond=0)

    def now(self) -> datetime:
        return self._now

    def pass_one(self) -> None:
        self._now += timedelta(days=1)

    def turn_to(self, hour: int, minute: int = 0) -> None:
        self._now = self._now.replace(hour=hour, minute=minute)


def workspace() -> SlackStandIn:
    """Return a Slack in which the app has the scopes of its manifest."""
    manifest = yaml.safe_load((REPOSITORY / "deploy/slack-manifest.yaml").read_text())
    return SlackStandIn(scopes=manifest["oauth_config"]["scopes"]["bot"])


async def digest(here: Town, days: Days) -> int:
    """Let the clock ask which digests are due; return how many are made, or held back."""
    here.service.clock = days
    made = await here.service.rounds.make("make_digests")
    await here.settle()
    return made


async def next_day(here: Town, days: Days, *outcomes: str) -> int:
    """Let a day pass, and its night with a job that ends so; then let the clock look."""
    days.pass_one()
    await night(here, job(NEEDED, *outcomes))
    return await digest(here, days)


def said(here: Town) -> list[Message]:
    """Return what the channel was told, without the threads."""
    return [one for one in in_channel(here) if one.thread_ts in (None, one.ts)]


def threads(here: Town) -> list[Message]:
    return [one for one in in_channel(here) if one.thread_ts not in (None, one.ts)]


def sent(here: Town, place: int) -> dict[str, object]:
    """Return a message as Slack got it, without where it goes and what every message of ours says."""
    call = here.slack.calls("chat.postMessage")[place]
    frame = {"channel", "thread_ts", "parse", "link_names"}
    return {key: value for key, value in call.arguments.items() if key not in frame}


def in_channel(here: Town) -> list[Message]:
    return [one for one in here.slack.workspace.messages_in(CHANNEL) if one.from_app]


async def kinds(here: Town, kind: type) -> list[object]:
    return [one.event for one in await here.events() if isinstance(one.event, kind)]


async def test_a_channel_is_told_what_has_changed_and_nothing_twice(
    tmp_path: Path,
) -> None:
    database_url = f"sqlite:///{tmp_path / 'chatops.db'}"
    async with town(database_url, tmp_path, slack=workspace(), extra=CHANNELS) as here:
        days = Days()
        await night(here, job(NEEDED))

        assert await digest(here, days) == 1
        assert said(here) == []
        (withheld,) = await kinds(here, DigestWithheld)
        assert isinstance(withheld, DigestWithheld)
        assert withheld.reason == "unchanged"

        assert await next_day(here, days, "failure") == 1
        (red,) = said(here)
        assert red.text.startswith("1 job fails newly in the nights of Acme.")
        (details,) = threads(here)
        assert details.thread_ts == red.ts
        assert [block["type"] for block in details.blocks][1] == "data_table"

        # What was posted is made again from the log, byte for byte.
        (again,) = await asyncio.to_thread(digests, here.service, channel="ci")
        assert [sent(here, place) for place in (0, 1)] == [
            again.as_object()[part] for part in ("message", "thread")
        ]
        position = again.event.position
        (same,) = await asyncio.to_thread(digests, here.service, position=position)
        assert same == again
        assert f"log position {position:,}" in red.text

        # The same day has one digest, however often the clock looks and whoever restarts.
        assert await digest(here, days) == 0
        await here.stop()
        await here.start(database_url)
        assert await digest(here, days) == 0
        assert len(said(here)) == 1

        assert await next_day(here, days, "failure") == 1
        assert len(said(here)) == 1
        assert await next_day(here, days) == 1
        assert said(here)[1].text.startswith("1 job passes again in the nights of Acme.")
        assert "nothing to tell on the day before" in said(here)[1].text
        assert len(threads(here)) == 2


async def test_a_digest_is_posted_once_though_its_process_dies_at_every_call(
    tmp_path: Path,
) -> None:
    database_url = f"sqlite:///{tmp_path / 'chatops.db'}"
    async with town(database_url, tmp_path, slack=workspace(), extra=CHANNELS) as here:
        days = Days()
        await night(here, job(NEEDED))
        await night(here, job(NEEDED, "failure"))
        # Slack takes the message, and its answer is lost; then the process ends. The same again for the thread.
        for _ in range(2):
            here.slack.fail_next("chat.postMessage", status=500, after_effect=True)
            await digest(here, days)
            await here.stop()
            await here.start(database_url)
            await here.hurry()

        assert (len(said(here)), len(threads(here))) == (1, 1)
        (posted,) = await kinds(here, DigestPosted)
        (detailed,) = await kinds(here, DigestDetailsPosted)
        assert isinstance(posted, DigestPosted)
        assert isinstance(detailed, DigestDetailsPosted)
        assert posted.found


@pytest.mark.postgres
async def test_two_processes_make_one_digest(fresh_postgres: str, tmp_path: Path) -> None:
    database_url = fresh_postgres.replace("+psycopg", "")
    async with town(database_url, tmp_path, slack=workspace(), extra=CHANNELS) as here:
        days = Days()
        await night(here, job(NEEDED))
        await night(here, job(NEEDED, "failure"))
        other = Service(here.service.settings, here.service.configuration)
        async with running(other):
            here.service.clock = other.clock = days
            await asyncio.gather(
                *(one.rounds.make("make_digests") for one in (here.service, other) * 3)
            )
            await here.settle()

        assert (len(said(here)), len(threads(here))) == (1, 1)


async def test_a_night_that_goes_on_is_waited_for_until_the_deadline(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'chatops.db'}"
    channels = CHANNELS.replace("time: 00:00", "time: 00:00, deadline: 23:59")
    async with town(url, tmp_path, slack=workspace(), extra=channels) as here:
        days = Days()
        await night(here, job(NEEDED))
        here.pass_time(A_DAY)
        here.repository.run(workflow="Nightly", event="schedule", jobs=[job(NEEDED)])
        await here.settle()

        days.turn_to(12)
        assert await digest(here, days) == 0

        days.turn_to(23, 59)
        assert await digest(here, days) == 1
        (message,) = said(here)
        assert message.text.startswith("Nightly has not finished.")
