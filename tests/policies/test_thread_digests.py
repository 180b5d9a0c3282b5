from pathlib import Path

from chatops.events.digests import DigestDetailsWanted, DigestPosted
from chatops.policies.thread_digests import ThreadDigests
from tests.projections.test_digests import ROOM, wanted
from tests.scene import decided, scene

WANTED = wanted("2026-01-14")
POSTED = DigestPosted(
    digest=WANTED.digest, community="acme", channel=ROOM, day=WANTED.day, message="1.2"
)


def test_the_details_follow_the_message_into_its_thread(tmp_path: Path) -> None:
    with scene(tmp_path, [WANTED]) as world:
        (fact,) = world.add([POSTED])

        (event,) = decided(world, ThreadDigests(), fact)

    assert isinstance(event, DigestDetailsWanted)
    assert (event.digest, event.message) == (WANTED.digest, "1.2")
    assert (event.position, event.at, event.contents) == (
        WANTED.position, WANTED.at, WANTED.contents,
    )  # fmt: skip


def test_a_message_of_no_digest_has_no_details(tmp_path: Path) -> None:
    with scene(tmp_path) as world:
        (fact,) = world.add([POSTED])

        assert decided(world, ThreadDigests(), fact) == []
