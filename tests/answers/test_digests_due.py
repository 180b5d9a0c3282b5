from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

import msgspec
from msgspec.structs import replace

from chatops.answers.digests_due import due_digests
from chatops.config import Channel, Digest
from chatops.engine.checkpoints import set_checkpoint
from chatops.events import Event
from chatops.events.digests import DigestWanted, DigestWithheld
from chatops.views.job_filters import jobs_of_channel
from tests.answers.test_digest import GREEN, RED, nights
from tests.commands.nights import night
from tests.scene import COMMUNITY, NOW, Scene, scene

CI = Channel(key="C0000000001", digest=Digest(time="09:00", deadline="13:00"))
FAR = Channel(key="C0000000002", digest=Digest(time="21:30"), zone="Asia/Tokyo")
NONE = Channel(key="C0000000003")
"""A channel without a digest."""


def due(
    world: Scene, *channels: Channel, now: datetime = NOW
) -> list[DigestWanted | DigestWithheld]:
    community = msgspec.structs.replace(
        COMMUNITY, channels={channel.key: channel for channel in channels}
    )
    with world.knowledge(community) as knowledge:
        return list(due_digests(replace(knowledge, now=now), jobs_of_channel))


def of(folder: Path, facts: Sequence[Event], *channels: Channel, now: datetime = NOW) -> list[str]:
    """Return the channels whose digests are due after these facts."""
    with scene(folder, facts) as world:
        return [made.channel for made in due(world, *channels, now=now)]


def test_each_channel_gets_its_own_at_its_own_time(tmp_path: Path) -> None:
    facts = nights(GREEN, RED)

    # It is noon UTC, and nine in the evening in Tokyo.
    assert of(tmp_path, facts, CI, FAR, NONE) == [CI.key]
    (tmp_path / "later").mkdir()
    later = NOW + timedelta(minutes=30)
    assert of(tmp_path / "later", facts, CI, FAR, NONE, now=later) == [CI.key, FAR.key]


def test_nothing_is_made_before_the_time_and_nothing_twice(tmp_path: Path) -> None:
    with scene(tmp_path, nights(GREEN, RED)) as world:
        assert due(world, CI, now=NOW.replace(hour=8, minute=59)) == []
        (made,) = due(world, CI)
        assert made.digest == f"digest/acme/{CI.key}/2026-01-15"
        world.add([made])

        assert due(world, CI) == []
        assert due(world, CI, now=NOW.replace(hour=23)) == []


def test_a_night_that_did_not_begin_is_waited_for_until_the_deadline(tmp_path: Path) -> None:
    facts = [*night(2, **GREEN), *night(1, **GREEN)]
    with scene(tmp_path, facts) as world:
        assert due(world, CI, now=NOW.replace(hour=12, minute=59)) == []

        (made,) = due(world, CI, now=NOW.replace(hour=13))

    assert isinstance(made, DigestWanted)
    assert [one.workflow for one in made.contents.awaited] == ["Nightly"]


def test_a_channel_does_not_wait_for_workflows_without_jobs_of_its_own(tmp_path: Path) -> None:
    nobodys = Channel(key="C0000000004", filter="no-such-job", digest=Digest())

    facts = [*night(2, **GREEN), *night(1, **GREEN)]
    # Its own would be waited for until noon.
    before = NOW.replace(hour=10)

    with scene(tmp_path, facts) as world:
        assert due(world, CI, now=before) == []
        assert [made.channel for made in due(world, nobodys, now=before)] == [nobodys.key]


def test_nothing_is_made_while_the_read_models_are_not_equally_far(tmp_path: Path) -> None:
    with scene(tmp_path, nights(GREEN, RED)) as world:
        with world.log.database.write(durable=True) as db:
            set_checkpoint(db, "mutes", 1)

        assert due(world, CI) == []


def test_a_digest_says_from_which_position_it_was_made(tmp_path: Path) -> None:
    with scene(tmp_path, nights(GREEN, RED)) as world:
        (made,) = due(world, CI)

        assert made.position == world.log.head()
        assert made.at == NOW
