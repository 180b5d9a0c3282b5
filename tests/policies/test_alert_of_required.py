from collections.abc import Sequence
from pathlib import Path

from msgspec import structs

from chatops.config import Community
from chatops.events import Event
from chatops.events.alerts import AlertsTurned
from chatops.events.gate import RequiredChecksChanged
from chatops.policies.alert_of_required import AlertOfRequired
from chatops.projections.alerts import open_alerts
from tests.alerting import hearing, required
from tests.scene import COMMUNITY, decided, scene

FIRST = required("nozzle", "tank")


def after(rules: RequiredChecksChanged, *jobs: str) -> RequiredChecksChanged:
    return structs.replace(required(*jobs), fingerprint="2", follows=rules.link())


def told(
    folder: Path, facts: Sequence[Event], last: Event, community: Community | None = None
) -> list[Event]:
    with scene(folder, facts) as world:
        (fact,) = world.add([last])
        found = decided(world, AlertOfRequired(), fact, community or hearing())
        world.add(found)
        with world.knowledge() as knowledge:
            assert open_alerts(knowledge.db, "acme") == []
    return found


def test_what_is_other_than_before_is_told_and_nothing_is_wrong(tmp_path: Path) -> None:
    (event,) = told(tmp_path, [FIRST], after(FIRST, "nozzle", "fin"))

    assert isinstance(event, AlertsTurned)
    (alert,) = event.opened
    assert alert.text == "Now required: CI / engine / fin. No longer: CI / engine / tank."
    assert alert.jobs == ("engine / fin", "engine / tank")


def test_of_many_names_some_are_said(tmp_path: Path) -> None:
    many = [f"job {number}" for number in range(8)]

    (event,) = told(tmp_path, [FIRST], after(FIRST, "nozzle", "tank", *many))

    assert isinstance(event, AlertsTurned)
    assert event.opened[0].text.endswith("job 4 and 3 more.")


def test_the_first_list_is_no_change(tmp_path: Path) -> None:
    assert told(tmp_path, [], FIRST) == []


def test_a_list_with_the_same_names_is_no_news(tmp_path: Path) -> None:
    assert told(tmp_path, [FIRST], after(FIRST, "nozzle", "tank")) == []


def test_a_version_whose_predecessor_is_not_known_is_compared_with_nothing(tmp_path: Path) -> None:
    assert told(tmp_path, [], after(FIRST, "nozzle")) == []


def test_where_no_channel_hears_alerts_nothing_is_told(tmp_path: Path) -> None:
    assert told(tmp_path, [FIRST], after(FIRST, "nozzle"), COMMUNITY) == []
