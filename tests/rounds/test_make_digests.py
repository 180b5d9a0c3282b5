from pathlib import Path

from msgspec.structs import replace

from chatops.events.digests import DigestWanted
from chatops.rounds.make_digests import MakeDigests
from tests.answers.test_digest import GREEN, RED, nights
from tests.answers.test_digests_due import CI
from tests.scene import COMMUNITY, scene

READS = replace(COMMUNITY, channels={CI.key: CI})


def test_a_channel_gets_the_digest_that_is_due_once(tmp_path: Path) -> None:
    with scene(tmp_path, nights(GREEN, RED)) as world:
        (found,) = world.find(MakeDigests(), READS)
        world.record([found])

        assert world.find(MakeDigests(), READS) == []

    assert isinstance(found.event, DigestWanted)
    assert found.correlation_id == f"digest/acme/{CI.key}/2026-01-15"


def test_where_there_is_no_slack_nobody_is_to_be_told(tmp_path: Path) -> None:
    with scene(tmp_path, nights(GREEN, RED)) as world:
        assert world.find(MakeDigests(), READS, has_slack=False) == []
