from datetime import timedelta
from pathlib import Path

from chatops.events.alerts import AlertsTurned
from chatops.events.canaries import CanarySent
from chatops.rounds.tell_operators import TellOperators
from tests.scene import NOW, scene


def test_a_missing_sign_of_life_is_found_once(tmp_path: Path) -> None:
    lost = CanarySent(canary="lost", at=NOW - timedelta(hours=1))
    with scene(tmp_path, [lost]) as world:
        (found,) = world.find(TellOperators())
        world.record([found])

        assert world.find(TellOperators()) == []

    assert isinstance(found.event, AlertsTurned)
    assert [alert.subject for alert in found.event.opened] == ["The canary"]
    assert found.correlation_id == found.event.stream()
