"""A webhook that GitHub could not deliver is found on its list, asked for, and does what it would have done."""

import asyncio
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from chatops.events.deliveries import DeliveryMended, DeliveryMissed
from tests.scenarios.world import town

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(120)]

KEPT = timedelta(days=30)
NOWHERE = "http://127.0.0.1:9/"
A_WHILE = 3_900.0


async def test_what_was_said_while_nobody_answered_is_heard_and_done(
    database_url: str, tmp_path: Path
) -> None:
    async with town(database_url, tmp_path) as place:
        await place.open_failed_pull()
        hooks = place.hub.webhooks
        ours, hooks.url = hooks.url, NOWHERE
        # The CI took an hour by the clock of the pretend GitHub; what is said next was said a while ago by ours.
        place.pass_time(-A_WHILE)
        place.say("/retest")
        await hooks.drained()
        hooks.url = ours
        assert place.reruns == []

        await place.service.looker.learn_gaps(KEPT)
        await hooks.drained()
        await place.settle()

        assert len(place.reruns) > 0
        await place.service.looker.learn_gaps(KEPT)
        await place.settle()
        events = [fact.event for fact in await place.events()]
        missed = {one.guid for one in events if isinstance(one, DeliveryMissed)}
        mended = {one.guid for one in events if isinstance(one, DeliveryMended)}
        async with httpx.AsyncClient() as client:
            status = (await client.get(f"{place.address}/acme/status.json")).json()

    assert missed
    assert mended == missed
    assert status["gaps"]["missing"] == []
    assert status["gaps"]["came_after_all"] == len(mended)


async def test_what_came_is_no_gap(database_url: str, tmp_path: Path) -> None:
    async with town(database_url, tmp_path) as place:
        await place.open_failed_pull()
        sent = [one.guid for one in place.hub.webhooks.deliveries]

        await place.service.looker.learn_gaps(KEPT)
        await place.settle()

        known = await asyncio.to_thread(place.service.log.deliveries.known, sent)
        assert [
            fact for fact in await place.events() if isinstance(fact.event, DeliveryMissed)
        ] == []
        assert known == set(sent)


async def test_what_was_sent_before_anything_came_is_not_asked_for(
    database_url: str, tmp_path: Path
) -> None:
    async with town(database_url, tmp_path) as place:
        hooks = place.hub.webhooks
        ours, hooks.url = hooks.url, NOWHERE
        place.pass_time(-A_WHILE)
        place.open_pull()
        place.say("/retest")
        await hooks.drained()
        hooks.url = ours

        await place.service.looker.learn_gaps(KEPT)
        await hooks.drained()

        assert not any(one.redelivery for one in hooks.deliveries)
        assert [
            fact for fact in await place.events() if isinstance(fact.event, DeliveryMissed)
        ] == []
