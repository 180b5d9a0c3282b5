from datetime import timedelta
from pathlib import Path

from chatops.events.notices import NightSettled
from chatops.rounds.give_up_waiting import GiveUpWaiting
from tests.scene import NOW, ended, scene


def test_a_night_whose_rest_was_lost_is_settled_once(tmp_path: Path) -> None:
    night = ended(10, "Nightly", trigger="schedule", completed_at=NOW - timedelta(hours=1))
    with scene(tmp_path, [night]) as world:
        (found,) = world.find(GiveUpWaiting())
        world.record([found])

        assert world.find(GiveUpWaiting()) == []

    assert isinstance(found.event, NightSettled)
    assert found.event.waited
    assert found.correlation_id == "night/10"
