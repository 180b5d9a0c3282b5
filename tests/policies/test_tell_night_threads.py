from collections.abc import Sequence
from pathlib import Path

from chatops.config import Community
from chatops.events import Event
from chatops.events.night_threads import NightMessageOutdated, NightMessageSent
from chatops.policies.tell_night_threads import TellNightThreads
from tests.alerting import (
    CHANNEL,
    NOZZLE,
    TANK,
    TEAM,
    channelled,
    hearing,
    nights,
    required,
    settled,
)
from tests.scene import decided, scene

MESSAGE = f"night/acme/{CHANNEL}/2026-01-15"
SENT = NightMessageSent(message=MESSAGE, community="acme", channel=CHANNEL, name="1.5")
NIGHTS = [*nights(nozzle=".F", tank="F.", fin="..", wing="FF"), required("nozzle")]


def told(
    folder: Path, facts: Sequence[Event], last: Event, community: Community | None = None
) -> list[Event]:
    with scene(folder, facts) as world:
        (fact,) = world.add([last])
        return decided(world, TellNightThreads(), fact, community or hearing())


def test_a_settled_night_says_how_it_went(tmp_path: Path) -> None:
    (event,) = told(tmp_path, [*NIGHTS, SENT], settled())

    assert isinstance(event, NightMessageOutdated)
    assert (event.name, event.night, event.is_over) == ("1.5", "Thu 15 Jan", True)
    assert event.team == TEAM
    assert (event.ran, event.failed, event.required_failed, event.waiting) == (4, 2, 1, 0)
    assert (event.newly_failing, event.fixed) == ((NOZZLE,), (TANK,))


def test_it_counts_all_of_them_though_it_names_a_few(tmp_path: Path) -> None:
    red, green = (
        {f"{kind}{place}": row for place in range(25)} for kind, row in (("a", ".F"), ("b", "F."))
    )

    (event,) = told(tmp_path, [*nights(**red, **green), SENT], settled())

    assert isinstance(event, NightMessageOutdated)
    assert len(event.newly_failing) + event.more_newly_failing == len(red)
    assert len(event.fixed) + event.more_fixed == len(green)
    assert event.path == "Nightly / engine / "


def test_it_speaks_of_the_tests_of_the_channel(tmp_path: Path) -> None:
    (event,) = told(tmp_path, [*NIGHTS, SENT], settled(), channelled(filter="tank"))

    assert isinstance(event, NightMessageOutdated)
    assert (event.ran, event.failed, event.newly_failing, event.fixed) == (1, 0, (), (TANK,))


def test_a_message_that_came_late_says_it_at_once(tmp_path: Path) -> None:
    (event,) = told(tmp_path, [*NIGHTS, settled()], SENT)

    assert isinstance(event, NightMessageOutdated)
    assert (event.because, event.failed) == ("sent", 2)


def test_while_nothing_is_settled_it_says_that_it_runs(tmp_path: Path) -> None:
    assert told(tmp_path, NIGHTS, SENT) == []


def test_without_a_message_there_is_nothing_to_change(tmp_path: Path) -> None:
    assert told(tmp_path, NIGHTS, settled()) == []


def test_each_settled_attempt_changes_it_once(tmp_path: Path) -> None:
    with scene(tmp_path, [*NIGHTS, SENT]) as world:
        (fact,) = world.add([settled()])
        (first,) = decided(world, TellNightThreads(), fact, hearing())
        (again,) = decided(world, TellNightThreads(), fact, hearing())

    assert first.key() == again.key() == f"{MESSAGE}/outdated/1000/1"
