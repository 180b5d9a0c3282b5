from datetime import timedelta
from itertools import permutations
from pathlib import Path

import pytest

from chatops.events import Event
from chatops.events.deliveries import (
    DeliveriesAudited,
    DeliveryAskedAgain,
    DeliveryMended,
    DeliveryMissed,
)
from chatops.projections.gaps import last_audit, mended_gaps, open_gaps
from tests.scene import NOW, scene

MINUTE = timedelta(minutes=1)
LOST = DeliveryMissed(guid="a", number=7, event="push", said="timed out", delivered_at=NOW)
ASKED = DeliveryAskedAgain(guid="a", time=1, at=NOW + MINUTE)
AGAIN = DeliveryAskedAgain(guid="a", time=2, at=NOW + 2 * MINUTE)
CAME = DeliveryMended(guid="a", at=NOW + 3 * MINUTE)


@pytest.mark.parametrize("order", list(permutations([LOST, ASKED, AGAIN])))
def test_a_gap_knows_how_often_and_when_it_was_asked_for_last(
    tmp_path: Path, order: tuple[Event, ...]
) -> None:
    with scene(tmp_path, order) as world, world.knowledge() as knowledge:
        [gap] = open_gaps(knowledge.db)

    assert (gap.guid, gap.number, gap.event, gap.said) == ("a", 7, "push", "timed out")
    assert (gap.delivered_at, gap.times, gap.asked_at) == (NOW, 2, NOW + 2 * MINUTE)


@pytest.mark.parametrize("order", [1, -1])
def test_what_has_come_is_no_gap_and_is_counted(tmp_path: Path, order: int) -> None:
    facts = [LOST, ASKED, CAME, CAME]
    with scene(tmp_path, facts[::order]) as world, world.knowledge() as knowledge:
        assert open_gaps(knowledge.db) == ()
        assert mended_gaps(knowledge.db) == 1


@pytest.mark.parametrize("order", [1, -1])
def test_the_newest_look_counts(tmp_path: Path, order: int) -> None:
    looks = [
        DeliveriesAudited(since=NOW, until=NOW + number * MINUTE, listed=number, missed=0)
        for number in (1, 2)
    ]
    with scene(tmp_path, looks[::order]) as world, world.knowledge() as knowledge:
        audit = last_audit(knowledge.db)

    assert audit is not None
    assert (audit.since, audit.until, audit.listed) == (NOW, NOW + 2 * MINUTE, 2)


def test_before_the_first_look_nothing_is_known(tmp_path: Path) -> None:
    with scene(tmp_path) as world, world.knowledge() as knowledge:
        assert last_audit(knowledge.db) is None
        assert open_gaps(knowledge.db) == ()
        assert mended_gaps(knowledge.db) == 0
