from pathlib import Path

from chatops.events.alerts import AlertsTurned
from chatops.rounds.watch_alerts import WatchAlerts
from tests.alerting import hearing
from tests.commands.nights import night
from tests.scene import scene


def test_a_night_that_does_not_come_is_found_once(tmp_path: Path) -> None:
    with scene(tmp_path, night(2, nozzle="success")) as world:
        (found,) = world.find(WatchAlerts(), hearing())
        world.record([found])

        assert world.find(WatchAlerts(), hearing()) == []

    assert isinstance(found.event, AlertsTurned)
    assert [alert.what for alert in found.event.opened] == ["night"]
    assert found.correlation_id == found.event.stream()
