from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from chatops.answers.dead_man import due_canary, operators_told
from chatops.config import Channel, Digest, Operators
from chatops.events import Event
from chatops.events.alerts import AlertMessageWanted, AlertsTurned
from chatops.events.canaries import CanaryReturned, CanarySent
from chatops.events.deliveries import DeliveryAskedAgain, DeliveryMended, DeliveryMissed
from chatops.events.digests import DigestWithheld
from chatops.events.notices import NightSettled
from chatops.names import RunId
from chatops.projections.canaries import Canary
from tests.scene import COMMUNITY, NOW, REPO, Scene, ended, scene

OPERATORS = Operators(channel="C0OPERATORS", slack_team="T1")
HOUR = timedelta(hours=1)


def sent(hours: float) -> CanarySent:
    return CanarySent(canary=f"{hours}", at=NOW - hours * HOUR)


def returned(hours: float) -> CanaryReturned:
    return CanaryReturned(canary=f"{hours}", at=NOW - hours * HOUR)


def made(day: str, at: datetime) -> DigestWithheld:
    return DigestWithheld(
        digest=f"digest/acme/C0000000001/{day}", community="acme", channel="C0000000001", day=day,
        position=1, at=at, reason="unchanged", text="Nothing has changed.",
    )  # fmt: skip


def looked(world: Scene, operators: Operators = OPERATORS) -> list[Event]:
    with world.knowledge() as knowledge:
        return list(operators_told(knowledge, operators))


def told(folder: Path, facts: Sequence[Event], operators: Operators = OPERATORS) -> list[Event]:
    with scene(folder, facts) as world:
        return looked(world, operators)


@pytest.mark.parametrize(
    "facts",
    [[], [sent(0.5), returned(0.5)], [sent(1), returned(1), sent(0.1)], [ended(1)]],
    ids=["born", "back", "on its way", "heard"],
)
def test_where_all_is_well_nobody_is_told(tmp_path: Path, facts: list[Event]) -> None:
    assert told(tmp_path, facts) == []


@pytest.mark.parametrize(
    ("facts", "text"),
    [
        ([sent(2), returned(2), sent(1)], "the one of 2026-01-15 11:00 UTC has not come back."),
        ([sent(1)], "the one of 2026-01-15 11:00 UTC has not come back."),
        ([sent(3), returned(3)], "the one of 2026-01-15 09:00 UTC was the last; none was sent since."),
    ],
    ids=["lost", "never", "forgotten"],
)  # fmt: skip
def test_a_canary_that_does_not_come_back_is_told_to_the_operators(
    tmp_path: Path, facts: list[Event], text: str
) -> None:
    turned, message = told(tmp_path, facts)

    assert isinstance(turned, AlertsTurned)
    assert isinstance(message, AlertMessageWanted)
    assert (message.channel, message.team) == ("C0OPERATORS", "T1")
    assert turned.opened == message.news.opened
    assert turned.opened[0].text.startswith(text)


def test_the_canary_of_several_communities_is_told_of_once(tmp_path: Path) -> None:
    with scene(tmp_path, [sent(1)]) as world, world.knowledge() as knowledge:
        assert list(operators_told(knowledge, OPERATORS, is_first=False)) == []
        assert len(list(operators_told(knowledge, OPERATORS))) == 2


def test_a_community_of_which_nothing_is_heard_is_told_of(tmp_path: Path) -> None:
    with scene(tmp_path, [ended(1)]) as world, world.knowledge() as knowledge:
        later = replace(knowledge, now=NOW + 27 * HOUR)
        turned, _ = operators_told(later, OPERATORS)

    assert isinstance(turned, AlertsTurned)
    (alert,) = turned.opened
    assert alert.subject == "Silence of Acme"
    assert alert.text.startswith("nothing was heard of its repositories since 2026-01-15 ")


def test_webhooks_that_do_not_come_though_asked_for_are_told_of_while_they_can_be_had(
    tmp_path: Path,
) -> None:
    def lost(hours: int) -> list[Event]:
        at = NOW - hours * HOUR
        missed = DeliveryMissed(
            guid=f"{hours}", number=hours, event="push", said="timed out", delivered_at=at
        )
        return [missed, *(DeliveryAskedAgain(guid=f"{hours}", time=n, at=at) for n in (1, 2, 3))]

    facts = [*lost(2), *lost(3), *lost(80), *lost(4)[:-1]]
    lost_place, mended_place = tmp_path / "lost", tmp_path / "mended"
    lost_place.mkdir()
    mended_place.mkdir()
    [turned] = told(lost_place, facts, replace(OPERATORS, channel=""))
    came = [DeliveryMended(guid=guid, at=NOW) for guid in ("2", "3")]

    assert isinstance(turned, AlertsTurned)
    [alert] = turned.opened
    assert alert.subject == "What GitHub delivers"
    assert alert.text.startswith("2 webhooks of GitHub's did not come")
    assert "push of 2026-01-15 10:00 UTC, GitHub says: timed out." in alert.text
    assert told(mended_place, [*facts, *came], replace(OPERATORS, channel="")) == []


def test_a_night_that_nobody_judges_is_told_of_until_somebody_does(tmp_path: Path) -> None:
    night = ended(10, "Nightly", trigger="schedule", completed_at=NOW - 2 * HOUR)
    with scene(tmp_path, [night]) as world:
        turned, message = looked(world)
        settled = NightSettled(repo=REPO, run_id=RunId(10), attempt=1, workflow="Nightly")
        world.add([turned, message, settled])
        over, _ = looked(world)

    assert isinstance(turned, AlertsTurned)
    (alert,) = turned.opened
    assert alert.subject == "The judging of nights of Acme"
    assert alert.text.startswith("Nightly ended at 2026-01-15 10:00 UTC, and nobody has judged it.")
    assert isinstance(over, AlertsTurned)
    assert over.closed == (alert,)


def test_a_digest_that_is_missing_is_told_of_until_there_is_one(tmp_path: Path) -> None:
    key = "C0000000001"
    ci = Channel(key=key, name="ci", digest=Digest(time="08:00", deadline="11:00"))
    community = replace(COMMUNITY, channels={key: ci})
    with scene(tmp_path, [made("2026-01-14", NOW - 24 * HOUR)]) as world:
        with world.knowledge(community) as knowledge:
            turned, message = operators_told(knowledge, OPERATORS)
        world.add([turned, message, made("2026-01-15", NOW)])
        with world.knowledge(community) as knowledge:
            over, _ = operators_told(knowledge, OPERATORS)

    assert isinstance(turned, AlertsTurned)
    (alert,) = turned.opened
    assert alert.subject == "The digest of #ci"
    assert alert.text.startswith("that of Thursday was due by 2026-01-15 11:00 UTC, ")
    assert "The last one was made on 2026-01-14 12:00 UTC." in alert.text
    assert isinstance(over, AlertsTurned)
    assert over.closed == (alert,)


def test_without_a_channel_it_is_an_alert_all_the_same(tmp_path: Path) -> None:
    (turned,) = told(tmp_path, [sent(1)], Operators())

    assert isinstance(turned, AlertsTurned)


def test_it_is_told_once_and_once_that_it_is_over(tmp_path: Path) -> None:
    with scene(tmp_path, [sent(1)]) as world:
        world.add(looked(world))
        assert looked(world) == []
        world.add([sent(0.2), returned(0.2)])

        turned, message = looked(world)

        assert isinstance(turned, AlertsTurned)
        assert isinstance(message, AlertMessageWanted)
        assert (turned.over, message.news.closed) == ("ended", turned.closed)
        world.add([turned, message])
        assert looked(world) == []


def test_a_canary_is_due_once_in_each_span() -> None:
    never = Canary(sent_at=None, returned_at=None)
    before = Canary(sent_at=NOW - timedelta(minutes=1), returned_at=None)
    lately = Canary(sent_at=NOW, returned_at=None)
    later = NOW + timedelta(minutes=59)

    first = due_canary(never, OPERATORS, NOW)
    again = due_canary(before, OPERATORS, later)

    assert first is not None
    assert again is not None
    assert first.key() == again.key() == "canary/20260115T1200"
    assert due_canary(lately, OPERATORS, later) is None
    next_one = due_canary(lately, OPERATORS, NOW + HOUR)
    assert next_one is not None
    assert next_one.canary == "20260115T1300"
