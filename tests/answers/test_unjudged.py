from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from chatops.answers.alert_watch import watched
from chatops.answers.unjudged import unjudged
from chatops.config import Community
from chatops.events import Event
from chatops.events.notices import NightSettled
from chatops.names import RunId
from tests.alerting import hearing, nights
from tests.scene import COMMUNITY, NOW, REPO, ended, scene

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def said(folder: Path, facts: Sequence[Event], community: Community = COMMUNITY) -> str:
    with scene(folder, facts) as world, world.knowledge(community) as knowledge:
        return unjudged(knowledge)


@pytest.mark.parametrize(("minutes", "is_told"), [(16, False), (44, False), (46, True)])
def test_a_night_that_ended_and_was_not_judged_is_told_of(
    tmp_path: Path, minutes: int, *, is_told: bool
) -> None:
    night = ended(10, "Nightly", trigger="schedule", completed_at=NOW - minutes * MINUTE)

    assert bool(said(tmp_path, [night])) == is_told


def test_one_that_was_judged_is_not(tmp_path: Path) -> None:
    night = ended(10, "Nightly", trigger="schedule", completed_at=NOW - 2 * HOUR)
    settled = NightSettled(repo=REPO, run_id=RunId(10), attempt=1, workflow="Nightly")

    assert said(tmp_path, [night, settled]) == ""


def test_a_night_that_does_not_come_and_of_which_nobody_tells_is_told_of(tmp_path: Path) -> None:
    # What should have begun today at midnight is late from three o'clock on.
    facts = nights(nozzle=".")
    with scene(tmp_path, facts) as world:
        with world.knowledge(hearing()) as knowledge:
            tomorrow = replace(knowledge, now=knowledge.now + timedelta(days=1))
            soon = replace(tomorrow, now=tomorrow.now.replace(hour=3, minute=20))
            assert unjudged(soon) == ""
            assert unjudged(tomorrow).startswith(
                "Nightly should have begun at 2026-01-16 00:00 UTC"
            )
            late = watched(tomorrow)
        world.add(late)
        with world.knowledge(hearing()) as knowledge:
            assert unjudged(replace(knowledge, now=tomorrow.now)) == ""


@pytest.mark.parametrize("community", [COMMUNITY, hearing(on=False)], ids=["none", "off"])
def test_where_no_channel_hears_alerts_nobody_has_to_tell_of_it(
    tmp_path: Path, community: Community
) -> None:
    with scene(tmp_path, nights(nozzle=".")) as world, world.knowledge(community) as knowledge:
        assert unjudged(replace(knowledge, now=NOW + timedelta(days=1))) == ""
