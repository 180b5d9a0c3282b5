from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from chatops.config import Community
from chatops.events import Event
from chatops.events.night_threads import NightMessageSent, NightMessageWanted
from chatops.names import Repo
from chatops.policies.begin_night_threads import BeginNightThreads
from tests.alerting import CHANNEL, TEAM, hearing, settled
from tests.commands.nights import MIDNIGHT, night
from tests.scene import COMMUNITY, NOW, decided, scene, under_way

MESSAGE = f"night/acme/{CHANNEL}/2026-01-15"
BEGUN = under_way(1_000, "Nightly", trigger="schedule", created_at=MIDNIGHT)


def begun(
    folder: Path, last: Event, facts: Sequence[Event] = (), community: Community | None = None
) -> list[Event]:
    with scene(folder, facts) as world:
        (fact,) = world.add([last])
        return decided(world, BeginNightThreads(), fact, community or hearing())


def test_a_night_that_begins_gets_a_message(tmp_path: Path) -> None:
    (event,) = begun(tmp_path, BEGUN)

    assert isinstance(event, NightMessageWanted)
    assert (event.key(), event.channel, event.night) == (MESSAGE, CHANNEL, "Thu 15 Jan")
    assert event.team == TEAM


def test_each_night_gets_one(tmp_path: Path) -> None:
    there = NightMessageSent(message=MESSAGE, community="acme", channel=CHANNEL, name="1.5")

    assert begun(tmp_path, BEGUN, [there]) == []


def test_one_of_which_nobody_heard_that_it_began_gets_it_in_the_end(tmp_path: Path) -> None:
    (event,) = begun(tmp_path, settled(), night(0, nozzle="success"))

    assert event.key() == MESSAGE


@pytest.mark.parametrize(
    "last",
    [
        under_way(1_000, "Nightly", trigger="workflow_dispatch", created_at=MIDNIGHT),
        under_way(1_000, "CI", trigger="schedule", created_at=MIDNIGHT),
        under_way(1_000, "Nightly", trigger="schedule", created_at=NOW - timedelta(days=2)),
        under_way(1_000, "Nightly", trigger="schedule", repo=Repo("acme/other")),
    ],
    ids=["by hand", "no nightly", "long ago", "of others"],
)
def test_what_is_no_night_of_today_gets_none(tmp_path: Path, last: Event) -> None:
    assert begun(tmp_path, last) == []


@pytest.mark.parametrize(
    "community",
    [
        COMMUNITY,
        hearing(thread=False),
        hearing(on=False),
        hearing(quiet_from="11:00", quiet_to="13:00"),
    ],
    ids=["no channel", "no thread", "off", "rests"],
)
def test_a_channel_that_does_not_want_it_now_gets_none(
    tmp_path: Path, community: Community
) -> None:
    assert begun(tmp_path, BEGUN, (), community) == []
