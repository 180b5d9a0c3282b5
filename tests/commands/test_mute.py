from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from chatops.commands.flakes import Flakes
from chatops.commands.mute import Mute
from chatops.commands.status import Status
from chatops.engine.answer import as_text
from chatops.engine.authority import Grant, Standing
from chatops.engine.command import Asked
from chatops.errors import Refused
from chatops.events import Event
from chatops.events.mutes import JobsMuted, JobsUnmuted
from chatops.names import CommandId
from tests.commands.nights import night, said
from tests.scene import COMMAND, COMMUNITY, NOW, received, scene, story

NOZZLE = "Nightly / engine / nozzle"
MUTED = JobsMuted(
    command=COMMAND, community="acme", jobs=(NOZZLE,), by="mona", reason="known",
    at=NOW, until=NOW + timedelta(days=1),
)  # fmt: skip
ASKED = Asked(
    received=received(verb="mute"), standing=Standing(), grant=Grant(ground="permission triage")
)


def decide(folder: Path, words: Sequence[str]) -> JobsMuted:
    facts = night(0, nozzle=["failure", "success"], tank="success")
    community = msgspec.structs.replace(COMMUNITY, job_aliases={"noz": "*nozzle"})
    with scene(folder, facts) as world, world.knowledge(community) as knowledge:
        (muted,) = Mute.parse(words).decide(ASKED, knowledge)
    assert isinstance(muted, JobsMuted)
    return muted


@pytest.mark.parametrize(
    ("words", "length"),
    [
        (["nozzle", "for", "7d", "known"], timedelta(days=7)),
        (["nozzle", "for", "3", "hours", "known"], timedelta(hours=3)),
        (["noz", "for", "1d", "known"], timedelta(days=1)),
        (["nozzle", "FOR", "90min,", "known"], timedelta(minutes=90)),
        (["engine", "/", "nozzle", "for", "2w", "known"], timedelta(weeks=2)),
    ],
)
def test_a_job_is_muted_for_a_while_and_a_reason(
    tmp_path: Path, words: list[str], length: timedelta
) -> None:
    muted = decide(tmp_path, words)

    assert (muted.jobs, muted.reason, muted.by) == ((NOZZLE,), "known", "mona")
    assert muted.until - muted.at == length


def test_a_reason_may_speak_of_for(tmp_path: Path) -> None:
    muted = decide(tmp_path, ["nozzle", "for", "1d", "broken", "for", "weeks"])

    assert muted.reason == "broken for weeks"


@pytest.mark.parametrize(
    ("words", "what"),
    [
        (["nozzle"], "needs a job, for how long, and why"),
        (["nozzle", "for", "ever"], "needs a job, for how long, and why"),
        (["for", "7d", "known"], "needs a job, for how long, and why"),
        (["nozzle", "for", "7d"], "Why?"),
        (["nozzle", "for", "31d", "known"], "30 days at most"),
        (["nozzle", "for", "9999w", "known"], "30 days at most"),
    ],
)
def test_what_is_missing_or_too_much_is_said(words: list[str], what: str) -> None:
    with pytest.raises(Refused, match=what):
        Mute.parse(words)


def test_the_reply_says_until_when_and_why(tmp_path: Path) -> None:
    with scene(tmp_path) as world, world.knowledge() as knowledge:
        text = as_text(Mute.tell(story(received(), MUTED), knowledge))

    assert text.startswith("Muted 1 job until 2026-01-16 12:00 UTC.")
    assert "Why: known" in text
    assert "/unmute ends it before" in text


def test_what_is_muted_stays_in_the_lists_and_is_marked(tmp_path: Path) -> None:
    nights = night(0, nozzle=["failure", "success"], tank="failure")

    flakes = said(tmp_path, Flakes, [], *nights, MUTED)

    assert "engine / nozzle, a rerun helped in 1 of 1 night" in flakes
    assert ", muted until 2026-01-16 12:00 UTC" in flakes


def test_the_status_marks_it_too(tmp_path: Path) -> None:
    nights = [*night(1, nozzle="success"), *night(0, nozzle="failure")]

    text = said(tmp_path, Status, ["nightly"], *nights, MUTED)

    assert "engine / nozzle, muted until 2026-01-16 12:00 UTC" in text


def test_without_a_job_it_lists_what_is_muted(tmp_path: Path) -> None:
    later = msgspec.structs.replace(
        MUTED, command=CommandId("command/later"), jobs=("Nightly / tank",),
        until=NOW + timedelta(hours=1),
    )  # fmt: skip
    with scene(tmp_path, [MUTED, later]) as world, world.knowledge() as knowledge:
        assert Mute.parse([]).decide(ASKED, knowledge) == ()
        text = as_text(Mute.tell(story(received()), knowledge))

    assert text.splitlines() == [
        "2 jobs muted now.",
        "",
        "The first to end first",
        "  Nightly / tank until 2026-01-15 13:00 UTC, by mona: known",
        "  Nightly / engine / nozzle until 2026-01-16 12:00 UTC, by mona: known",
    ]


def test_where_nothing_is_muted_it_says_so(tmp_path: Path) -> None:
    with scene(tmp_path) as world, world.knowledge() as knowledge:
        assert as_text(Mute.tell(story(received()), knowledge)) == "No job is muted now."


def test_a_list_is_not_taken_back(tmp_path: Path) -> None:
    with (
        scene(tmp_path) as world,
        world.knowledge() as knowledge,
        pytest.raises(Refused, match="It changed nothing"),
    ):
        Mute.taken_back(story(received()), ASKED, knowledge)


def take_back(folder: Path, *facts: Event) -> list[Event]:
    with scene(folder, facts) as world, world.knowledge() as knowledge:
        return list(Mute.taken_back(story(MUTED), ASKED, knowledge))


def test_a_mute_can_be_taken_back(tmp_path: Path) -> None:
    (unmuted,) = take_back(tmp_path, MUTED)

    assert isinstance(unmuted, JobsUnmuted)
    assert unmuted.jobs == (NOZZLE,)


def test_a_mute_that_somebody_changed_since_is_left_alone(tmp_path: Path) -> None:
    later = msgspec.structs.replace(
        MUTED, command=CommandId("command/later"), at=NOW + timedelta(minutes=1)
    )

    with pytest.raises(Refused, match="muted or unmuted some of these"):
        take_back(tmp_path, MUTED, later)
