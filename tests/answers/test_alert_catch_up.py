from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from msgspec import structs

from chatops.answers.alert_catch_up import caught_up
from chatops.config import Community
from chatops.events import Event
from chatops.events.alerts import AlertMessageWanted, AlertMessageWithheld
from tests.alerting import CHANNEL, NOZZLE, TANK, TEAM, alert, hearing, muted, turned, wanted
from tests.scene import NOW, scene

BOTH = turned([alert(), alert(TANK)])
DUE = NOW - timedelta(minutes=2)
HELD = AlertMessageWithheld(
    message="m", community="acme", channel=CHANNEL, opened=(alert(), alert(TANK)), reason="quiet",
    text="It rests.", until=DUE, withheld_at=NOW - timedelta(hours=8),
)  # fmt: skip


def told(folder: Path, facts: Sequence[Event], community: Community | None = None) -> list[Event]:
    with (
        scene(folder, facts) as world,
        world.knowledge(community or hearing()) as knowledge,
    ):
        return caught_up(knowledge)


def test_what_was_held_back_and_is_still_wrong_is_told_in_one_message(tmp_path: Path) -> None:
    over = turned(closed=[alert(TANK)], look="night/1001/1")

    (event,) = told(tmp_path, [BOTH, HELD, over])

    assert isinstance(event, AlertMessageWanted)
    assert event.team == TEAM
    assert [one.subject for one in event.news.opened] == [NOZZLE]
    assert event.news.held == "Held back while the channel rested: 2 alerts."
    assert event.news.come_and_gone == 1
    assert [one.name for one in event.news.called] == ["octavia"]


def test_nothing_is_told_before_its_time_or_twice(tmp_path: Path) -> None:
    for place, until in enumerate([NOW, NOW + timedelta(hours=1), NOW - timedelta(days=8)]):
        folder = tmp_path / str(place)
        folder.mkdir()
        assert told(folder, [BOTH, structs.replace(HELD, until=until)]) == []
    with scene(tmp_path, [BOTH, HELD]) as world:
        with world.knowledge(hearing()) as knowledge:
            first = caught_up(knowledge)
        world.add(first)
        with world.knowledge(hearing()) as knowledge:
            assert caught_up(knowledge) == []
    assert len(first) == 1


def test_what_was_over_before_anybody_was_told_is_no_news(tmp_path: Path) -> None:
    over = turned(closed=[alert(), alert(TANK)], look="night/1001/1")

    assert told(tmp_path, [BOTH, HELD, over]) == []


def test_what_the_channel_was_told_since_is_not_told_again(tmp_path: Path) -> None:
    (event,) = told(tmp_path, [BOTH, HELD, wanted(alert())])

    assert isinstance(event, AlertMessageWanted)
    assert [one.subject for one in event.news.opened] == [TANK]


def test_what_is_muted_by_now_stays_held_back(tmp_path: Path) -> None:
    held, event = told(tmp_path, [BOTH, HELD, muted(NOZZLE)])

    assert isinstance(held, AlertMessageWithheld)
    assert isinstance(event, AlertMessageWanted)
    assert (held.reason, held.until) == ("muted", NOW + timedelta(days=1))


def test_a_channel_that_rests_again_waits_again(tmp_path: Path) -> None:
    (held,) = told(tmp_path, [BOTH, HELD], hearing(quiet_from="11:00", quiet_to="13:00"))

    assert isinstance(held, AlertMessageWithheld)
    assert held.until == NOW + timedelta(hours=1)


def test_a_channel_that_hears_no_alerts_any_more_is_not_told(tmp_path: Path) -> None:
    assert told(tmp_path, [BOTH, HELD], hearing(on=False)) == []
