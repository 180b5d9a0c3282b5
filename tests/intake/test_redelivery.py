"""GitHub's list of deliveries, compared with what came, and what did not come asked for again."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

import pytest

from chatops.errors import Refused
from chatops.events.deliveries import (
    DeliveriesAudited,
    DeliveryAskedAgain,
    DeliveryMended,
    DeliveryMissed,
)
from chatops.intake.redelivery import (
    MOST_TIMES,
    OVERLAP,
    PAUSE,
    Audited,
    audit,
    looked_at_from,
)
from chatops.projections.gaps import REMEMBERED, Gap
from tests.gateways.places import Place, github
from tests.intake.hearing import Notebook

pytestmark = pytest.mark.anyio

NOWHERE = "http://127.0.0.1:9/"
A_WHILE = timedelta(minutes=5)
LONG = timedelta(days=30)


async def lose(place: Place, count: int = 1) -> list[str]:
    """Have something happen while nobody answers; return the GUIDs of what was to tell of it."""
    before = len(place.hub.webhooks.deliveries)
    place.hub.webhooks.url = NOWHERE
    for _ in range(count):
        place.repository.push()
    await place.hub.webhooks.drained()
    place.clock.advance(A_WHILE.total_seconds())
    return [one.guid for one in list(place.hub.webhooks.deliveries)[before:]]


async def looked(
    place: Place,
    log: Notebook,
    *,
    here: Collection[str] = (),
    gaps: Sequence[Gap] = (),
    since: datetime | None = None,
) -> Audited:
    now = place.world.now()
    return await audit(
        place.gateway, log.append, since=since or now - REMEMBERED, now=now, gaps=gaps,
        known=lambda guids: [guid for guid in guids if guid in here],
    )  # fmt: skip


def gap(missed: DeliveryMissed, *, times: int = 0, asked_at: datetime | None = None) -> Gap:
    return Gap(
        guid=missed.guid, number=missed.number, event=missed.event, said=missed.said,
        delivered_at=missed.delivered_at, times=times, asked_at=asked_at,
    )  # fmt: skip


async def test_what_did_not_come_is_a_gap_and_is_sent_again_with_its_guid() -> None:
    async with github("app") as place:
        guids, log = await lose(place, 3), Notebook()

        found = await looked(place, log, here=guids[:1])
        await place.hub.webhooks.drained()

        missed = log.of(DeliveryMissed)
        assert {one.guid for one in missed} == set(guids[1:])
        assert {(one.event, one.said) for one in missed} == {("push", "failed to connect to host")}
        sent = [one.guid for one in place.hub.webhooks.deliveries if one.redelivery]
        assert sorted(sent) == sorted(guids[1:])
        assert {(one.guid, one.time) for one in log.of(DeliveryAskedAgain)} == {
            (guid, 1) for guid in guids[1:]
        }
        [audited] = log.of(DeliveriesAudited)
        assert (audited.listed, audited.missed) == (3, 2)
        assert found == Audited(listed=3, missed=2, asked=2, mended=0)


async def test_what_has_come_after_all_is_mended_and_not_asked_for_any_more() -> None:
    async with github("app") as place:
        [guid], log = await lose(place), Notebook()
        await looked(place, log)
        await place.hub.webhooks.drained()
        place.clock.advance(3600)

        found = await looked(
            place, log, here=[guid], gaps=[gap(log.of(DeliveryMissed)[0], times=1)]
        )

        assert [one.guid for one in log.of(DeliveryMended)] == [guid]
        assert (found.missed, found.asked, found.mended) == (0, 0, 1)


async def test_what_is_still_on_its_way_is_no_gap() -> None:
    async with github("app") as place:
        await lose(place)
        place.clock.advance(-A_WHILE.total_seconds())
        log = Notebook()

        assert (await looked(place, log)).missed == 0
        assert log.of(DeliveryMissed) == []


async def test_each_further_time_is_asked_for_later_and_in_the_end_no_more() -> None:
    async with github("app") as place:
        await lose(place)
        log = Notebook()
        await looked(place, log)
        [missed] = log.of(DeliveryMissed)
        now = place.world.now()

        async def asked(times: int, ago: timedelta) -> int:
            known = gap(missed, times=times, asked_at=now - ago)
            return (await looked(place, Notebook(), gaps=[known])).asked

        assert await asked(1, PAUSE - timedelta(seconds=1)) == 0
        assert await asked(1, PAUSE) == 1
        assert await asked(3, 4 * PAUSE - timedelta(seconds=1)) == 0
        assert await asked(3, 4 * PAUSE) == 1
        assert await asked(MOST_TIMES, LONG) == 0


async def test_what_github_has_forgotten_is_not_asked_for() -> None:
    async with github("app") as place:
        await lose(place)
        log = Notebook()
        await looked(place, log)
        [missed] = log.of(DeliveryMissed)
        place.clock.advance(REMEMBERED.total_seconds())

        assert (await looked(place, log, gaps=[gap(missed, times=1)])).asked == 0


async def test_one_that_github_will_not_send_keeps_no_other_waiting() -> None:
    async with github("app") as place:
        [guid], log = await lose(place), Notebook()
        now = place.world.now()
        unknown = Gap(guid="gone", number=999_999, event="push", said="timed out", delivered_at=now)

        found = await looked(place, log, gaps=[unknown])

        assert found.asked == 2
        assert {one.guid for one in log.of(DeliveryAskedAgain)} == {"gone", guid}


async def test_only_an_app_is_told() -> None:
    async with github("token") as place:
        log = Notebook()

        with pytest.raises(Refused, match="App"):
            await looked(place, log)

        assert log.batches == []


async def test_pages_are_read_back_to_the_look_before_and_no_further() -> None:
    async with github("app") as place:
        await lose(place, 150)
        here = [one.guid for one in place.hub.webhooks.deliveries]
        since = place.world.now()
        place.clock.advance(3600)
        await lose(place, 120)
        place.forget()
        log = Notebook()

        found = await looked(place, log, here=here, since=since)

        assert (found.listed, found.missed) == (120, 120)
        lists = [call for call in place.hub.requests if call.path == "/app/hook/deliveries"]
        assert [call.status for call in lists if call.status != 401] == [200, 200]


def test_a_look_begins_a_little_before_the_end_of_the_last_one() -> None:
    now = datetime.fromisoformat("2026-01-15T12:00:00+00:00")

    assert looked_at_from(now, now - A_WHILE, LONG) == now - A_WHILE - OVERLAP
    assert looked_at_from(now, now - LONG, LONG) == now - REMEMBERED
    assert looked_at_from(now, now - LONG, timedelta(days=1)) == now - timedelta(days=1)
