from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from chatops.events import Event
from chatops.events.alerts import (
    AlertMessageOutdated,
    AlertsAcknowledged,
    AlertsAssigned,
    Told,
)
from chatops.names import CommandId
from chatops.policies.show_alerts import ShowAlerts
from tests.alerting import NOZZLE, TANK, TEAM, alert, hearing, muted, sent, turned, wanted
from tests.scene import COMMAND, NOW, decided, scene

SEEN = AlertsAcknowledged(
    command=COMMAND, community="acme", alerts=(alert().alert,), subjects=(NOZZLE,), by="mona", at=NOW
)  # fmt: skip
TAKEN = AlertsAssigned(
    command=CommandId("command/2"), community="acme", alerts=(alert().alert,), to="mona", by="mona",
    at=NOW,
)  # fmt: skip
OVER = turned(closed=[alert()], look="night/1002/1")
TOLD = (turned([alert()]), wanted(team=TEAM), sent())


def shown(folder: Path, facts: Sequence[Event], last: Event) -> list[Event]:
    with scene(folder, facts) as world:
        (fact,) = world.add([last])
        return decided(world, ShowAlerts(), fact, hearing())


@pytest.mark.parametrize(
    ("last", "says"),
    [
        (SEEN, {"seen_by": "mona"}),
        (TAKEN, {"looked_after_by": "mona"}),
        (OVER, {"is_over": True}),
        (muted(NOZZLE), {"muted_until": NOW + timedelta(days=1)}),
    ],
    ids=["seen", "taken", "over", "muted"],
)
def test_a_message_says_what_was_said_since(
    tmp_path: Path, last: Event, says: dict[str, object]
) -> None:
    (event,) = shown(tmp_path, TOLD, last)

    assert isinstance(event, AlertMessageOutdated)
    assert (event.name, event.news, event.team) == ("1.5", wanted().news, TEAM)
    assert event.told == (Told(alert=alert().alert, **says),)  # type: ignore[arg-type]  # as above


def test_what_is_said_of_another_alert_changes_no_message(tmp_path: Path) -> None:
    other = turned([alert(TANK)], look="night/999/1")

    assert shown(tmp_path, [*TOLD, other], muted(TANK)) == []


def test_what_was_just_sent_is_true(tmp_path: Path) -> None:
    assert shown(tmp_path, TOLD[:2], sent()) == []


def test_what_happened_while_it_was_on_its_way_is_put_right(tmp_path: Path) -> None:
    (event,) = shown(tmp_path, [*TOLD[:2], SEEN], sent())

    assert isinstance(event, AlertMessageOutdated)
    assert event.told[0].seen_by == "mona"


def test_a_message_that_is_not_there_yet_is_not_changed(tmp_path: Path) -> None:
    assert shown(tmp_path, TOLD[:2], SEEN) == []
