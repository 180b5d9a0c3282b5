from collections.abc import Sequence
from pathlib import Path

import pytest

from chatops.events import Event
from chatops.events.alerts import AlertsAcknowledged, AlertsAssigned
from chatops.names import CommandId
from chatops.projections.alerts import Known, alerts_named, newest_alerts, open_alerts
from tests.alerting import NOZZLE, TANK, alert, turned
from tests.scene import NOW, scene

LATER = NOW.replace(hour=13)
TWO = turned([alert(), alert(TANK)])
OVER = turned(closed=[alert()], look="night/1002/1", at=LATER)
OTHERWISE = turned(look="night/1001/1", changed=(alert(signature="Build"),), at=LATER)
SEEN = AlertsAcknowledged(
    command=CommandId("command/1"), community="acme", alerts=(alert().alert,), by="mona", at=NOW
)


def taken(place: int, to: str) -> AlertsAssigned:
    return AlertsAssigned(
        command=CommandId(f"command/{place}"), community="acme", alerts=(alert().alert,), to=to,
        by="mona", at=NOW.replace(minute=place),
    )  # fmt: skip


def there(folder: Path, facts: Sequence[Event]) -> dict[str, Known]:
    with scene(folder, facts) as world, world.knowledge() as knowledge:
        return {one.alert.subject: one for one in open_alerts(knowledge.db, "acme")}


@pytest.mark.parametrize("order", [1, -1])
def test_what_is_over_is_open_no_longer_whatever_was_heard_first(
    tmp_path: Path, order: int
) -> None:
    assert set(there(tmp_path, [TWO, OVER][::order])) == {TANK}


@pytest.mark.parametrize("order", [1, -1])
def test_the_last_word_of_each_kind_counts(tmp_path: Path, order: int) -> None:
    facts = [TWO, SEEN, taken(2, "mona"), taken(3, "octavia"), OTHERWISE]

    known = there(tmp_path, facts[::order])[NOZZLE]

    assert (known.seen_by, known.looked_after_by, known.signature) == ("mona", "octavia", "Build")
    assert known.alert == alert()


def test_what_is_over_can_still_be_looked_up(tmp_path: Path) -> None:
    with scene(tmp_path, [TWO, OVER]) as world, world.knowledge() as knowledge:
        known = alerts_named(knowledge.db, "acme", [alert().alert])[alert().alert]
        newest = newest_alerts(knowledge.db, "acme", 5)

    assert (known.is_open, known.closed_at, known.over) == (False, LATER, "passed")
    assert {one.alert.subject for one in newest} == {NOZZLE, TANK}


def test_each_community_has_its_own(tmp_path: Path) -> None:
    assert there(tmp_path, [turned([alert()], community="other")]) == {}
