from collections.abc import Sequence
from pathlib import Path

import pytest

from chatops.config import Community
from chatops.events import Event
from chatops.events.night_threads import NightMessageSent, NightNewsWanted
from chatops.policies.tell_night_news import TellNightNews
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


def told(
    folder: Path, facts: Sequence[Event], last: Event, community: Community | None = None
) -> list[Event]:
    with scene(folder, [*facts, required("nozzle")]) as world:
        (fact,) = world.add([last])
        return decided(world, TellNightNews(), fact, community or hearing())


def test_what_changed_is_said_below_the_message(tmp_path: Path) -> None:
    (event,) = told(tmp_path, [*nights(nozzle=".F", tank="F."), SENT], settled())

    assert isinstance(event, NightNewsWanted)
    assert (event.thread, event.failing, event.fixed) == ("1.5", (NOZZLE,), (TANK,))
    assert (event.key(), event.team) == (f"{MESSAGE}/news/1000/1", TEAM)


@pytest.mark.parametrize(
    ("rows", "is_shown"),
    [
        ({"nozzle": ".F"}, True),
        ({"nozzle": "F."}, True),
        ({"nozzle": "..", "tank": ".F"}, False),
        ({"nozzle": "FF", "tank": ".F"}, False),
    ],
    ids=["red", "green", "not required", "red before"],
)
def test_the_channel_sees_it_when_the_night_has_turned(
    tmp_path: Path, rows: dict[str, str], *, is_shown: bool
) -> None:
    (event,) = told(tmp_path, [*nights(**rows), SENT], settled())

    assert isinstance(event, NightNewsWanted)
    assert (event.is_shown, event.withheld) == (is_shown, "")
    assert event.is_red == (rows["nozzle"][-1] == "F")
    assert event.path == "Nightly / engine / "


def test_while_the_channel_rests_it_is_said_in_the_thread_alone(tmp_path: Path) -> None:
    resting = hearing(quiet_from="11:00", quiet_to="13:00")

    (event,) = told(tmp_path, [*nights(nozzle=".F"), SENT], settled(), resting)

    assert isinstance(event, NightNewsWanted)
    assert not event.is_shown
    assert event.withheld == "The channel has its rest, so it is said in the thread alone."


def test_what_stayed_as_it_was_is_no_news(tmp_path: Path) -> None:
    assert told(tmp_path, [*nights(nozzle="FF", tank=".."), SENT], settled()) == []


def test_a_channel_hears_of_its_own_jobs(tmp_path: Path) -> None:
    facts = [*nights(nozzle=".F", tank=".F"), SENT]

    (event,) = told(tmp_path, facts, settled(), channelled(filter="tank"))

    assert isinstance(event, NightNewsWanted)
    assert event.failing == (TANK,)


def test_what_was_settled_before_the_message_came_is_said_then(tmp_path: Path) -> None:
    (event,) = told(tmp_path, [*nights(nozzle=".F"), settled()], SENT)

    assert event.key() == f"{MESSAGE}/news/1000/1"


def test_without_a_message_nothing_is_said(tmp_path: Path) -> None:
    assert told(tmp_path, nights(nozzle=".F"), settled()) == []
