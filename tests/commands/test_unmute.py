from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from chatops.commands.unmute import Unmute
from chatops.engine.answer import as_text
from chatops.engine.authority import Grant, Standing
from chatops.engine.command import Asked
from chatops.errors import Refused
from chatops.events import Event
from chatops.events.mutes import JobsMuted, JobsUnmuted
from tests.scene import COMMAND, NOW, received, scene, story

MUTED = JobsMuted(
    command=COMMAND, community="acme", jobs=("Nightly / nozzle", "Nightly / tank"), by="mona",
    reason="known", at=NOW, until=NOW + timedelta(days=1),
)  # fmt: skip


def decide(folder: Path, words: Sequence[str], *facts: Event) -> JobsUnmuted:
    asked = Asked(
        received=received(verb="unmute"), standing=Standing(), grant=Grant(ground="permission")
    )
    with scene(folder, facts) as world, world.knowledge() as knowledge:
        (unmuted,) = Unmute.parse(words).decide(asked, knowledge)
    assert isinstance(unmuted, JobsUnmuted)
    return unmuted


@pytest.mark.parametrize(
    ("words", "jobs"),
    [
        (["nozzle"], ("Nightly / nozzle",)),
        (["Nightly", "/", "tank"], ("Nightly / tank",)),
        (["*"], ("Nightly / nozzle", "Nightly / tank")),
    ],
)
def test_what_is_meant_is_no_longer_muted(
    tmp_path: Path, words: list[str], jobs: tuple[str, ...]
) -> None:
    assert decide(tmp_path, words, MUTED).jobs == jobs


def test_what_is_not_muted_is_not_unmuted(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="No job is muted now"):
        decide(tmp_path, ["nozzle"])
    with pytest.raises(Refused, match="No job here is called `fin`"):
        decide(tmp_path, ["fin"], MUTED)


def test_it_needs_a_job() -> None:
    with pytest.raises(Refused, match="needs a job"):
        Unmute.parse([])


def test_the_reply_names_the_jobs(tmp_path: Path) -> None:
    unmuted = JobsUnmuted(
        command=COMMAND, community="acme", jobs=("Nightly / nozzle",), by="mona", at=NOW
    )
    with scene(tmp_path) as world, world.knowledge() as knowledge:
        text = as_text(Unmute.tell(story(received(), unmuted), knowledge))

    assert text.startswith("1 job is no longer muted.")
    assert "Nightly / nozzle" in text
