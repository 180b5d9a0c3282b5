from pathlib import Path

from chatops.events.canaries import CanarySent
from chatops.rounds.send_canary import SendCanary
from tests.scene import NOW, scene


def test_a_canary_is_sent_once_in_its_span(tmp_path: Path) -> None:
    with scene(tmp_path) as world:
        (found,) = world.find(SendCanary())
        world.record([found])

        assert world.find(SendCanary()) == []

    assert found.event == CanarySent(canary="20260115T1200", at=NOW)
    assert found.correlation_id == found.event.stream()
