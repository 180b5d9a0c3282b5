from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from chatops.config import Community
from chatops.events import Event
from chatops.events.alerts import AlertMessageWanted, AlertMessageWithheld, AlertsTurned
from chatops.policies.tell_of_alerts import TellOfAlerts
from tests.alerting import (
    CHANNEL,
    NOZZLE,
    TANK,
    TEAM,
    alert,
    channelled,
    hearing,
    muted,
    nights,
    required,
    sent,
    turned,
    wanted,
)
from tests.scene import COMMUNITY, NOW, decided, scene

OPENED = turned([alert(), alert(TANK, required=False)])
OVER = turned(closed=[alert()], look="night/1002/1")
OUTAGE = turned([alert("Runner s390x", what="runner", jobs=())], look="runner/s390x")


def told(
    folder: Path, event: AlertsTurned, *facts: Event, community: Community | None = None
) -> list[Event]:
    with scene(folder, facts) as world:
        (fact,) = world.add([event])
        return decided(world, TellOfAlerts(), fact, community or hearing())


def one(
    folder: Path, event: AlertsTurned, *facts: Event, community: Community | None = None
) -> AlertMessageWanted:
    (message,) = told(folder, event, *facts, community=community)
    assert isinstance(message, AlertMessageWanted)
    return message


def subjects(event: Event) -> Sequence[str]:
    assert isinstance(event, AlertMessageWithheld)
    return [one.subject for one in event.opened]


def test_a_channel_is_told_of_everything_that_turned_in_one_message(tmp_path: Path) -> None:
    message = one(tmp_path, OPENED)

    assert (message.channel, message.team, message.thread) == (CHANNEL, TEAM, "")
    assert [one.subject for one in message.news.opened] == [NOZZLE, TANK]
    assert [(one.name, one.slack) for one in message.news.called] == [("octavia", "U0OCTAVIA")]
    assert message.news.url == "https://ci.example/acme/nightly"


def test_owners_are_not_called_where_the_channel_does_not_want_that(tmp_path: Path) -> None:
    assert one(tmp_path, OPENED, community=hearing(mentions=False)).news.called == ()


@pytest.mark.parametrize(
    ("about", "heard"),
    [
        ({"groups": ("Nozzles",)}, [NOZZLE]),
        ({"filter": "required:no"}, [TANK]),
        ({"filter": "engine"}, [NOZZLE, TANK]),
    ],
    ids=["groups", "required", "words"],
)
def test_a_channel_hears_of_its_own_jobs(
    tmp_path: Path, about: dict[str, object], heard: list[str]
) -> None:
    message = one(tmp_path, OPENED, community=channelled(**about))

    assert [one.subject for one in message.news.opened] == heard


def test_a_channel_that_is_about_none_of_it_is_not_told(tmp_path: Path) -> None:
    assert told(tmp_path, OPENED, community=channelled(filter="fin")) == []


def test_without_a_channel_nobody_is_told(tmp_path: Path) -> None:
    assert told(tmp_path, OUTAGE, community=COMMUNITY) == []


def test_what_is_about_no_job_is_for_channels_that_are_about_everything(tmp_path: Path) -> None:
    (tmp_path / "some").mkdir()

    assert [one.subject for one in one(tmp_path, OUTAGE).news.opened] == ["Runner s390x"]
    assert told(tmp_path / "some", OUTAGE, community=channelled(groups=("Nozzles",))) == []


@pytest.mark.parametrize(
    ("about", "is_heard"),
    [
        ({"filter": "required:yes"}, True),
        ({"groups": ("Nozzles",)}, True),
        ({"filter": "tank required:yes"}, False),
        ({"filter": "fin"}, False),
    ],
)
def test_a_night_that_does_not_come_is_told_where_its_jobs_are_looked_at(
    tmp_path: Path, about: dict[str, object], *, is_heard: bool
) -> None:
    late = turned([alert("Nightly", what="night", jobs=(), required=False)], look="night/Nightly")
    facts = [*nights(nozzle=".", tank="."), required("nozzle")]

    assert bool(told(tmp_path, late, *facts, community=channelled(**about))) == is_heard


@pytest.mark.parametrize("job", ["nozzle", "tank"])
def test_an_outage_is_told_where_required_jobs_are_looked_at_if_it_has_one(
    tmp_path: Path, job: str
) -> None:
    jobs = (f"engine / {job}",)
    outage = turned([alert("Runner x", what="runner", jobs=jobs, required=False)], look="runner/x")

    heard = told(tmp_path, outage, required("nozzle"), community=channelled(filter="required:yes"))

    assert bool(heard) == (job == "nozzle")


def test_that_it_is_over_is_told_below_what_told_that_it_began(tmp_path: Path) -> None:
    message = one(tmp_path, OVER, turned([alert()]), wanted(), sent())

    assert (message.thread, message.news.closed, message.news.over) == ("1.5", (alert(),), "passed")


def test_who_was_not_told_that_it_began_is_not_told_that_it_is_over(tmp_path: Path) -> None:
    assert told(tmp_path, OVER, turned([alert()])) == []


def test_what_is_muted_is_held_back_with_the_reason(tmp_path: Path) -> None:
    held, message = told(tmp_path, OPENED, muted(NOZZLE))

    assert isinstance(held, AlertMessageWithheld)
    assert isinstance(message, AlertMessageWanted)
    assert (held.reason, subjects(held)) == ("muted", [NOZZLE])
    assert held.text == "Muted by alice until 2026-01-16 12:00 UTC: known"
    assert held.until == NOW + timedelta(days=1)
    assert [one.subject for one in message.news.opened] == [TANK]


def test_while_a_channel_rests_everything_is_held_back_until_it_does_not(tmp_path: Path) -> None:
    resting = hearing(quiet_from="11:00", quiet_to="13:30")

    (held,) = told(tmp_path, OPENED, community=resting)

    assert isinstance(held, AlertMessageWithheld)
    assert (held.reason, subjects(held)) == ("quiet", [NOZZLE, TANK])
    assert held.until == NOW + timedelta(minutes=90)
    assert held.text == "The channel rests until 13:30 (UTC), and is told then."


def test_a_channel_that_does_not_rest_now_is_told(tmp_path: Path) -> None:
    assert one(tmp_path, OPENED, community=hearing(quiet_from="22:00", quiet_to="07:00")).news


def test_the_same_turn_asks_for_the_same_however_often_it_is_looked_at(tmp_path: Path) -> None:
    with scene(tmp_path, [muted(TANK)]) as world:
        (fact,) = world.add([OPENED])
        first = decided(world, TellOfAlerts(), fact, hearing())
        world.add(first)

        again = decided(world, TellOfAlerts(), fact, hearing())

    assert len(first) == 2
    assert [event.key() for event in again] == [event.key() for event in first]
