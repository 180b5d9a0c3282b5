from collections.abc import Sequence
from pathlib import Path

import pytest

from chatops.config import Community
from chatops.events import Event
from chatops.events.alerts import AlertsTurned
from chatops.policies.raise_alerts import RaiseAlerts
from tests.alerting import NOZZLE, TANK, alert, hearing, nights, required, settled, turned
from tests.commands.nights import night
from tests.scene import COMMUNITY, decided, scene


def raised(
    folder: Path, facts: Sequence[Event], *, attempt: int = 1, community: Community | None = None
) -> list[AlertsTurned]:
    """Let the newest night be settled; return what it turned."""
    with scene(folder, facts) as world:
        (fact,) = world.add([settled(attempt)])
        found = decided(world, RaiseAlerts(), fact, community or hearing())
    assert all(isinstance(event, AlertsTurned) for event in found)
    return found  # type: ignore[return-value]  # as asserted


def test_a_required_test_that_failed_two_nights_is_alerted_of(tmp_path: Path) -> None:
    (event,) = raised(tmp_path, [*nights(nozzle=".FF", tank=".FF"), required("nozzle")])

    (one,) = event.opened
    assert (one.subject, one.required, one.nights) == (NOZZLE, True, 2)
    assert (one.night, one.jobs) == ("Wed 14 Jan", ("engine / nozzle",))
    assert (event.look, event.night, event.closed) == ("night/1000/1", "Thu 15 Jan", ())


def test_another_test_is_after_three(tmp_path: Path) -> None:
    (event,) = raised(tmp_path, [*nights(nozzle="FFF", tank=".FF"), required("tank2")])

    assert [one.subject for one in event.opened] == [NOZZLE]


@pytest.mark.parametrize("row", ["FF.", "FFF.", "FF.c"])
def test_of_a_history_nothing_is_told_that_passes_again(tmp_path: Path, row: str) -> None:
    assert raised(tmp_path, [*nights(nozzle=row), required("nozzle")]) == []


@pytest.mark.parametrize("row", ["..F", "F.F", "F.c", "..."])
def test_what_does_not_last_turns_nothing(tmp_path: Path, row: str) -> None:
    assert raised(tmp_path, [*nights(nozzle=row), required("nozzle")]) == []


def test_what_is_known_is_not_raised_again(tmp_path: Path) -> None:
    known = turned([alert()], look="night/999/1")

    assert raised(tmp_path, [*nights(nozzle="FFF"), required("nozzle"), known]) == []


def test_it_is_over_after_two_nights_that_passed(tmp_path: Path) -> None:
    known = turned([alert()], look="night/998/1")
    (tmp_path / "one").mkdir()
    facts = [required("nozzle"), known]

    assert raised(tmp_path / "one", [*nights(nozzle="FF."), *facts]) == []
    (event,) = raised(tmp_path, [*nights(nozzle="FF.."), *facts])
    assert (event.closed, event.over, event.opened) == ((alert(),), "passed", ())


def test_a_rerun_that_passes_ends_what_its_night_began(tmp_path: Path) -> None:
    facts = [*night(1, nozzle="failure"), *night(0, nozzle=["failure", "success"])]
    known = turned([alert()], look="night/1000/1")

    (event,) = raised(tmp_path, [*facts, required("nozzle"), known], attempt=2)

    assert [one.subject for one in event.closed] == [NOZZLE]


def test_a_test_that_is_no_longer_there_is_alerted_of_no_longer(tmp_path: Path) -> None:
    facts = [*nights(nozzle="FF   ", tank="....."), required("nozzle"), turned([alert()])]

    (event,) = raised(tmp_path, facts)

    assert (event.over, [one.subject for one in event.closed]) == ("gone", [NOZZLE])
    assert event.look == "night/1000/1/gone"


def test_a_night_judges_what_its_own_run_ran(tmp_path: Path) -> None:
    assert raised(tmp_path, [*nights(nozzle="FF ", tank="..."), required("nozzle")]) == []


def test_where_no_channel_hears_alerts_nothing_is_raised(tmp_path: Path) -> None:
    facts = [*nights(nozzle="FFF"), required("nozzle")]
    (tmp_path / "off").mkdir()

    assert raised(tmp_path, facts, community=COMMUNITY) == []
    assert raised(tmp_path / "off", facts, community=hearing(on=False)) == []


def test_the_same_night_turns_the_same_however_often_it_is_looked_at(tmp_path: Path) -> None:
    with scene(tmp_path, [*nights(nozzle="FF", tank="FF"), required("nozzle", "tank")]) as world:
        (fact,) = world.add([settled()])
        (first,) = decided(world, RaiseAlerts(), fact, hearing())
        world.add([first])

        assert decided(world, RaiseAlerts(), fact, hearing()) == []
    assert isinstance(first, AlertsTurned)
    assert [one.subject for one in first.opened] == [NOZZLE, TANK]
