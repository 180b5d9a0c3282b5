from datetime import timedelta
from pathlib import Path

from chatops.events.digests import (
    DigestContents,
    DigestPosted,
    DigestRefused,
    DigestWanted,
    DigestWithheld,
)
from chatops.projections.digests import (
    digests_made_from,
    last_digest_at,
    newest_digests,
    refusal_of,
)
from tests.scene import NOW, scene

ROOM = "C0000000001"


def wanted(day: str, *, position: int = 7, channel: str = ROOM) -> DigestWanted:
    return DigestWanted(
        digest=f"digest/acme/{channel}/{day}", community="acme", channel=channel, day=day,
        position=position, at=NOW, contents=DigestContents(title="Acme", about="all jobs"),
        failing=("Nightly / nozzle", "Nightly / a\nb"), waited=("Nightly#7",),
    )  # fmt: skip


def withheld(day: str) -> DigestWithheld:
    return DigestWithheld(
        digest=f"digest/acme/{ROOM}/{day}", community="acme", channel=ROOM, day=day, position=9,
        at=NOW + timedelta(days=1), reason="unchanged", text="Nothing has changed.",
    )  # fmt: skip


def test_a_channel_has_its_digests_the_newest_first(tmp_path: Path) -> None:
    facts = [wanted("2026-01-14"), withheld("2026-01-15"), wanted("2026-01-14", channel="C2")]
    with scene(tmp_path, facts) as world, world.knowledge() as knowledge:
        newest = newest_digests(knowledge.db, "acme", ROOM, 5)

        assert [(made.day, made.is_wanted, made.reason) for made in newest] == [
            ("2026-01-15", False, "unchanged"), ("2026-01-14", True, ""),
        ]  # fmt: skip
        assert newest[1].failing == {"Nightly / nozzle", "Nightly / a b"}
        assert newest[1].waited == {"Nightly#7"}
        assert newest[0].failing == frozenset()
        assert newest_digests(knowledge.db, "other", ROOM, 5) == []


def test_digests_are_found_by_the_position_they_were_made_from(tmp_path: Path) -> None:
    facts = [wanted("2026-01-14"), wanted("2026-01-14", channel="C2"), withheld("2026-01-15")]
    with scene(tmp_path, facts) as world, world.knowledge() as knowledge:
        found = digests_made_from(knowledge.db, "acme", 7)

        assert [(made.channel, made.position, made.at) for made in found] == [
            (ROOM, 7, NOW), ("C2", 7, NOW),
        ]  # fmt: skip


def test_the_last_digest_is_the_newest_that_a_channel_has_got(tmp_path: Path) -> None:
    one, other = wanted("2026-01-14"), wanted("2026-01-15")
    posted = DigestPosted(
        digest=one.digest, community="acme", channel=ROOM, day=one.day, message="1.2"
    )
    refused = DigestRefused(
        digest=other.digest, community="acme", channel=ROOM, day=other.day,
        reason="is_archived", text="That channel is archived.",
    )  # fmt: skip
    with scene(tmp_path, [one, other, refused]) as world:
        with world.knowledge() as knowledge:
            before = last_digest_at(knowledge.db, "acme")
        world.add([posted])
        with world.knowledge() as knowledge:
            after = last_digest_at(knowledge.db, "acme")
            elsewhere = last_digest_at(knowledge.db, "other")

    assert (before, after, elsewhere) == (None, NOW, None)


def test_what_slack_said_against_a_digest_is_known(tmp_path: Path) -> None:
    one, other = wanted("2026-01-14"), wanted("2026-01-15")
    refused = [
        DigestRefused(
            digest=made.digest, community="acme", channel=ROOM, day=made.day,
            reason="is_archived", text="That channel is archived.",
        )
        for made in (one, other)
    ]  # fmt: skip
    posted = DigestPosted(
        digest=other.digest, community="acme", channel=ROOM, day=other.day, message="1.2"
    )
    with scene(tmp_path, [posted, *refused]) as world, world.knowledge() as knowledge:
        assert refusal_of(knowledge.db, one.digest) == "That channel is archived."
        assert refusal_of(knowledge.db, other.digest) == ""
