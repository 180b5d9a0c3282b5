from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest

from chatops.commands.digest import TellDigest
from chatops.config import Channel, Community, Digest
from chatops.engine.answer import Answer, as_text
from chatops.engine.authority import Grant, Standing
from chatops.engine.command import Asked
from chatops.errors import Refused
from chatops.events import Event
from chatops.events.digests import DigestPosted, DigestRefused, DigestWanted, DigestWithheld
from tests.commands.nights import night
from tests.scene import COMMAND, COMMUNITY, NOW, received, scene, story

CI, CREW, QUIET = (
    Channel(key="C0000000001", name="acme-ci", digest=Digest(time="09:00"), zone="Asia/Tokyo"),
    Channel(key="C0000000002", name="acme-crew", digest=Digest()),
    Channel(key="C0000000003", name="acme-quiet"),
)
RED = [*night(1, nozzle="success"), *night(0, nozzle="failure")]


def community(*channels: Channel) -> Community:
    return msgspec.structs.replace(
        COMMUNITY, channels={channel.key: channel for channel in channels}
    )


def decide(
    folder: Path, words: Sequence[str], *facts: Event, channels: Sequence[Channel] = (CI, CREW, QUIET),
    channel: str = "",
) -> Sequence[Event]:  # fmt: skip
    asked = Asked(
        received=received(
            verb="digest", words=tuple(words), surface="slack", channel=channel, number=0
        ),
        standing=Standing(),
        grant=Grant(ground="permission triage"),
    )
    where = community(*channels)
    with scene(folder, [*RED, *facts]) as world, world.knowledge(where) as knowledge:
        return TellDigest.parse(words).decide(asked, knowledge)


def tell(
    folder: Path, words: Sequence[str], *facts: Event, outcome: Sequence[Event] = ()
) -> Answer:
    asked = received(verb="digest", words=tuple(words), surface="slack", number=0)
    where = community(CI, CREW, QUIET)
    with scene(folder, [*RED, *facts]) as world, world.knowledge(where) as knowledge:
        return TellDigest.tell(story(asked, *outcome), knowledge)


def told(folder: Path, words: Sequence[str], *facts: Event) -> str:
    return as_text(tell(folder, words, *facts))


def wanted(folder: Path) -> DigestWanted:
    (event,) = decide(folder, ["now", "acme-ci"])
    assert isinstance(event, DigestWanted)
    return event


def test_a_digest_is_posted_now(tmp_path: Path) -> None:
    event = wanted(tmp_path)

    assert event.channel == CI.key
    assert event.digest == f"digest/acme/{CI.key}/2026-01-15/{COMMAND}"
    assert event.contents.newly.count == 1


@pytest.mark.parametrize("named", ["acme-crew", "#ACME-crew", CREW.key, f"<#{CREW.key}|acme-crew>"])
def test_a_channel_has_several_names(tmp_path: Path, named: str) -> None:
    (event,) = decide(tmp_path, ["now", named])

    assert isinstance(event, DigestWanted)
    assert event.channel == CREW.key


def test_the_channel_in_which_it_is_said_is_meant(tmp_path: Path) -> None:
    (event,) = decide(tmp_path, ["now"], channel=CREW.key)

    assert isinstance(event, DigestWanted)
    assert event.channel == CREW.key


def test_the_only_channel_is_meant_wherever_it_is_said(tmp_path: Path) -> None:
    (event,) = decide(tmp_path, ["now"], channels=[CI, QUIET], channel="C0000000009")

    assert isinstance(event, DigestWanted)
    assert event.channel == CI.key


@pytest.mark.parametrize("words", [["now"], ["preview"], ["now", "acme-quiet"], ["now", "other"]])
def test_a_channel_that_is_not_clear_is_asked_for(tmp_path: Path, words: list[str]) -> None:
    with pytest.raises(Refused, match="Which channel do you mean") as caught:
        decide(tmp_path, words)

    assert "`acme-ci`, `acme-crew`" in str(caught.value)


def test_without_channels_there_is_no_digest(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="No channel of Acme gets a digest"):
        decide(tmp_path, [], channels=[QUIET])


@pytest.mark.parametrize("words", [["tomorrow"], ["now", "acme-ci", "please"]])
def test_other_words_are_refused(words: list[str]) -> None:
    with pytest.raises(Refused, match="I expected `now` or `preview`"):
        TellDigest.parse(words)


def test_a_preview_is_for_who_asks_and_calls_nobody(tmp_path: Path) -> None:
    assert decide(tmp_path, ["preview", "acme-ci"]) == ()
    (tmp_path / "told").mkdir()
    answer = tell(tmp_path / "told", ["preview", "acme-ci"])

    assert answer.private
    said = as_text(answer)
    assert said.startswith("1 job fails newly in the nights of Acme.")
    assert "A preview for #acme-ci; nothing is posted." in said


def test_it_says_how_posting_goes(tmp_path: Path) -> None:
    event = wanted(tmp_path)
    posted = DigestPosted(
        digest=event.digest, community="acme", channel=CI.key, day=event.day, message="1.2"
    )
    refused = DigestRefused(
        digest=event.digest, community="acme", channel=CI.key, day=event.day,
        reason="is_archived", text="That channel is archived.",
    )  # fmt: skip
    said = []
    outcomes: list[list[Event]] = [[event], [event, posted], [event, refused]]
    for number, outcome in enumerate(outcomes):
        (tmp_path / str(number)).mkdir()
        answer = tell(tmp_path / str(number), ["now", "acme-ci"], outcome=outcome)
        said.append(as_text(answer))

    assert said == [
        "The digest is on its way to #acme-ci.",
        "The digest is posted in #acme-ci.",
        "The digest is not in #acme-ci: That channel is archived.",
    ]


def test_of_each_channel_it_tells_when_it_was_told_or_why_not(tmp_path: Path) -> None:
    withheld = DigestWithheld(
        digest=f"digest/acme/{CREW.key}/2026-01-14", community="acme", channel=CREW.key,
        day="2026-01-14", position=1, at=NOW, reason="unchanged", text="Nothing has changed.",
    )  # fmt: skip

    said = told(tmp_path, [], withheld)

    assert "#acme-ci, at 09:00 (Asia/Tokyo): it has had none yet" in said
    assert (
        "#acme-crew, at 09:00 (UTC): nothing was posted on 2026-01-15 12:00 UTC, for nothing had changed"
        in said
    )
    assert "acme-quiet" not in said


def test_a_digest_that_slack_did_not_take_is_told(tmp_path: Path) -> None:
    event = wanted(tmp_path)
    refused = DigestRefused(
        digest=event.digest, community="acme", channel=CI.key, day=event.day,
        reason="not_in_channel", text="I am not in that channel; invite me with /invite.",
    )  # fmt: skip
    (tmp_path / "told").mkdir()

    said = told(tmp_path / "told", [], event, refused)

    assert "is not there: I am not in that channel; invite me with /invite." in said
