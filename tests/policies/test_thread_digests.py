from pathlib import Path

from msgspec import structs

from chatops.events.digests import (
    DigestContents,
    DigestDetailsWanted,
    DigestJob,
    DigestList,
    DigestPosted,
)
from chatops.policies.thread_digests import ThreadDigests
from tests.projections.test_digests import ROOM, wanted
from tests.scene import decided, scene

SAID = DigestContents(
    title="Acme",
    about="all jobs",
    still=DigestList(jobs=(DigestJob(name="nozzle", workflow="Nightly"),), count=1),
)
WANTED = structs.replace(wanted("2026-01-14"), contents=SAID)
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


def test_where_there_is_no_more_to_say_nothing_follows(tmp_path: Path) -> None:
    empty = structs.replace(WANTED, contents=DigestContents(title="Acme", about="all jobs"))
    with scene(tmp_path, [empty]) as world:
        (fact,) = world.add([POSTED])

        assert decided(world, ThreadDigests(), fact) == []


def test_a_message_of_no_digest_has_no_details(tmp_path: Path) -> None:
    with scene(tmp_path) as world:
        (fact,) = world.add([POSTED])

        assert decided(world, ThreadDigests(), fact) == []
