from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from chatops.answers.missing_digests import MARGIN, missing_digests
from chatops.config import Channel, Digest
from chatops.events import Event
from chatops.events.canaries import CanarySent
from tests.answers.test_dead_man import made
from tests.scene import COMMUNITY, NOW, scene

KEY = "C0000000001"
CI = Channel(key=KEY, name="ci", digest=Digest(time="08:00", deadline="11:00"))
NONE = Channel(key="C0000000003")
DEADLINE = NOW.replace(hour=11)
YESTERDAY, TODAY = "2026-01-14", "2026-01-15"
CANARY = CanarySent(canary="1", at=NOW)
DAY = timedelta(days=1)


def missing(
    folder: Path, facts: Sequence[Event], channel: Channel = CI, now: datetime = NOW
) -> list[str]:
    community = replace(COMMUNITY, channels={channel.key: channel, NONE.key: NONE})
    with scene(folder, facts) as world, world.knowledge(community) as knowledge:
        found = missing_digests(replace(knowledge, now=now))
        return [f"{one.channel.key} {one.due.day}" for one in found]


@pytest.mark.parametrize(
    ("after", "found"),
    [
        (timedelta(), []),
        (MARGIN - timedelta(minutes=1), []),
        (MARGIN, [f"{KEY} {TODAY}"]),
        (12 * timedelta(hours=1), [f"{KEY} {TODAY}"]),
    ],
)
def test_it_is_missing_from_a_while_after_the_deadline_on(
    tmp_path: Path, after: timedelta, found: list[str]
) -> None:
    facts = [made(YESTERDAY, NOW - DAY)]

    assert missing(tmp_path, facts, now=DEADLINE + after) == found


def test_a_word_why_there_is_none_is_enough(tmp_path: Path) -> None:
    assert missing(tmp_path, [made(TODAY, NOW)]) == []


def test_on_the_other_days_of_the_week_none_is_missing(tmp_path: Path) -> None:
    on_wednesdays = replace(CI, digest=Digest(time="08:00", weekdays=("wed",)))

    assert missing(tmp_path, [made(YESTERDAY, NOW - DAY)], on_wednesdays) == []
    (tmp_path / "before").mkdir()
    before = [made("2026-01-07", NOW - 8 * DAY)]
    assert missing(tmp_path / "before", before, on_wednesdays) == [f"{KEY} {YESTERDAY}"]


def test_a_channel_that_never_got_one_waits_for_its_first_day_and_for_somebody_on_the_rounds(
    tmp_path: Path,
) -> None:
    on_tuesdays = replace(CI, digest=Digest(time="08:00", weekdays=("tue",)))
    with_rounds, new = tmp_path / "with", tmp_path / "new"
    with_rounds.mkdir()
    new.mkdir()

    assert missing(tmp_path, []) == []
    assert missing(with_rounds, [CANARY]) == [f"{KEY} {TODAY}"]
    assert missing(new, [CANARY], on_tuesdays) == []
