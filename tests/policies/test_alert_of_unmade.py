from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec import structs

from chatops.config import AlertRules, Community
from chatops.events import Event
from chatops.events.alerts import AlertsTurned
from chatops.events.checks import StatusSet
from chatops.policies.alert_of_unmade import AlertOfUnmade
from tests.alerting import hearing, required, settled
from tests.scene import COMMUNITY, HEAD, NOW, REPO, decided, ended, job, pull, scene


def made(name: str, days_ago: int, number: int) -> list[Event]:
    at = NOW - timedelta(days=days_ago)
    return [
        ended(number, "CI", created_at=at),
        job(number * 10, number, f"engine / {name}", created_at=at),
    ]


LATELY = made("nozzle", 1, 50)
LIST = structs.replace(required("nozzle", "tank", "fin"), seen_at=NOW - timedelta(days=9))


def turned(
    folder: Path, facts: Sequence[Event], *, community: Community | None = None
) -> list[AlertsTurned]:
    with scene(folder, facts) as world:
        (fact,) = world.add([settled()])
        found = decided(world, AlertOfUnmade(), fact, community or hearing())
    assert all(isinstance(event, AlertsTurned) for event in found)
    return found  # type: ignore[return-value]  # as asserted


def test_names_that_nothing_makes_are_one_alert(tmp_path: Path) -> None:
    (event,) = turned(tmp_path, [LIST, *LATELY, *made("tank", 20, 40)])

    (alert,) = event.opened
    assert alert.jobs == ("engine / tank", "engine / fin")
    assert alert.text.startswith(
        "2 names are required and made by no run any more: CI / engine / tank, CI / engine / fin."
    )


def test_where_nothing_of_the_list_was_made_lately_nothing_can_be_said(tmp_path: Path) -> None:
    assert turned(tmp_path, [LIST, *made("nozzle", 20, 50)]) == []
    (tmp_path / "none").mkdir()
    assert turned(tmp_path / "none", LATELY) == []


def test_for_how_many_days_is_the_communitys_to_say(tmp_path: Path) -> None:
    patient = structs.replace(hearing(), alert_rules=AlertRules(unmade_days=10))

    assert turned(tmp_path, [LIST, *LATELY, *made("tank", 20, 40)], community=patient) == []


def test_what_became_required_lately_may_still_be_made(tmp_path: Path) -> None:
    young = structs.replace(LIST, seen_at=NOW - timedelta(days=3))
    older = structs.replace(LIST, names=LIST.names[:2])
    newer = structs.replace(young, fingerprint="2", follows=older.link())
    (tmp_path / "changed").mkdir()

    assert turned(tmp_path, [young, *LATELY]) == []
    (event,) = turned(tmp_path / "changed", [older, newer, *LATELY])
    assert event.opened[0].jobs == ("engine / tank",)


def test_what_others_report_is_made(tmp_path: Path) -> None:
    said = StatusSet(
        repo=REPO, sha=HEAD, status_id=1, context="CI / engine / tank", state="success",
        created_at=NOW,
    )  # fmt: skip

    (event,) = turned(tmp_path, [LIST, *LATELY, pull(), said])

    assert event.opened[0].jobs == ("engine / fin",)


def test_what_is_told_is_not_told_again_and_is_over_when_it_is_made(tmp_path: Path) -> None:
    with scene(tmp_path, [LIST, *LATELY, *made("fin", 2, 60)]) as world:
        (fact,) = world.add([settled()])
        (first,) = decided(world, AlertOfUnmade(), fact, hearing())
        world.add([first])
        assert decided(world, AlertOfUnmade(), fact, hearing()) == []
        world.add(made("tank", 0, 70))

        (over,) = decided(world, AlertOfUnmade(), fact, hearing())

    assert isinstance(over, AlertsTurned)
    assert isinstance(first, AlertsTurned)
    assert (over.closed, over.over) == (first.opened, "ended")


def test_the_gate_itself_is_no_check_that_is_made_before_it(tmp_path: Path) -> None:
    gated = structs.replace(LIST, names=("CI / engine / nozzle", "Gatekeeper / gate"))

    assert turned(tmp_path, [gated, *LATELY]) == []


@pytest.mark.parametrize("community", [COMMUNITY, hearing(on=False)])
def test_where_no_channel_hears_alerts_nobody_looks(tmp_path: Path, community: Community) -> None:
    assert turned(tmp_path, [LIST, *LATELY], community=community) == []
