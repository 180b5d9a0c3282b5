from collections.abc import Sequence
from pathlib import Path

import pytest

from chatops.commands.renamed import Renamed
from chatops.engine.answer import as_text
from chatops.engine.authority import Grant, Standing
from chatops.engine.command import Asked
from chatops.errors import Refused
from chatops.events import Event
from chatops.events.renames import JobRenamed, JobRenameWithdrawn
from chatops.names import CommandId
from tests.commands.nights import night
from tests.scene import COMMAND, NOW, REPO, received, scene, story

OLD, NEW = "engine / nozzle", "engine / jet (big)"
SAID = JobRenamed(command=COMMAND, repo=REPO, old=OLD, new=NEW, by="mona", at=NOW)
ASKED = Asked(
    received=received(verb="renamed"), standing=Standing(), grant=Grant(ground="permission write")
)
NIGHTS = [
    *night(2, nozzle="success", tank="success"),
    *night(1, nozzle="failure", tank="success"),
    *night(0, **{"jet (big)": "success", "tank": "success"}),
]


def decided(folder: Path, words: str, *facts: Event) -> Sequence[Event]:
    with scene(folder, facts or NIGHTS) as world, world.knowledge() as knowledge:
        return Renamed.parse(words.split()).decide(ASKED, knowledge)


@pytest.mark.parametrize("arrow", ["->", "→", "—>"])
def test_two_names_are_one_tests(tmp_path: Path, arrow: str) -> None:
    [said] = decided(tmp_path, f"nozzle {arrow} engine / jet (big)")

    assert isinstance(said, JobRenamed)
    assert (said.repo, said.old, said.new, said.by) == (REPO, OLD, NEW, "mona")


def test_a_name_that_no_night_of_the_board_knows_is_said_in_full(tmp_path: Path) -> None:
    long_ago = night(300, nozzle="success")
    facts = [*long_ago, *(fact for ago in range(90) for fact in night(ago, jet="success"))]

    [said] = decided(tmp_path, f"{OLD} -> jet", *facts)

    assert isinstance(said, JobRenamed)
    assert said.old == OLD


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ("nozzle", "needs the old name, `->` and the new one"),
        ("-> jet", "needs the old name"),
        ("nozzle ->", "needs the old name"),
        ("a -> b -> c", "needs the old name"),
        ("engine -> jet", "means 3 tests"),
        ("nozzle -> engine", "means 3 tests"),
        ("jet -> jet", "the same name"),
        ("tank -> jet", "side by side in 1 night"),
        ("nobody -> jet", "nobody"),
    ],
)
def test_what_cannot_be_meant_is_refused(tmp_path: Path, words: str, why: str) -> None:
    with pytest.raises(Refused, match=why):
        decided(tmp_path, words)


def test_what_is_so_already_and_what_has_another_name_is_refused(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    with pytest.raises(Refused, match="already"):
        decided(tmp_path, f"{OLD} -> jet", *NIGHTS, SAID)
    with pytest.raises(Refused, match="nozzle"):
        decided(tmp_path / "other", f"tank -> {OLD}", *NIGHTS, SAID)


def test_it_is_taken_back(tmp_path: Path) -> None:
    with scene(tmp_path, [*NIGHTS, SAID]) as world, world.knowledge() as knowledge:
        [back] = Renamed.taken_back(story(received(), SAID), ASKED, knowledge)

    assert isinstance(back, JobRenameWithdrawn)
    assert (back.old, back.new) == (OLD, NEW)


def test_what_somebody_said_since_is_not_taken_back(tmp_path: Path) -> None:
    later = JobRenamed(
        command=CommandId("command/later"), repo=REPO, old=OLD, new="engine / tank", by="hubot", at=NOW
    )  # fmt: skip
    with scene(tmp_path, [*NIGHTS, SAID, later]) as world, world.knowledge() as knowledge:
        with pytest.raises(Refused, match="otherwise"):
            Renamed.taken_back(story(received(), SAID), ASKED, knowledge)
        with pytest.raises(Refused, match="changed nothing"):
            Renamed.taken_back(story(received()), ASKED, knowledge)


def test_the_reply_names_both_and_how_to_end_it(tmp_path: Path) -> None:
    with scene(tmp_path, NIGHTS) as world, world.knowledge() as knowledge:
        text = as_text(Renamed.tell(story(received(), SAID), knowledge))

    assert text.startswith("Shown as one test from now on.")
    assert f"{OLD} until then" in text
    assert "undo tells them apart again" in text


def test_without_names_it_lists_what_was_said(tmp_path: Path) -> None:
    (tmp_path / "none").mkdir()
    with scene(tmp_path, [SAID]) as world, world.knowledge() as knowledge:
        assert Renamed.parse([]).decide(ASKED, knowledge) == ()
        listed = as_text(Renamed.tell(story(received()), knowledge))
    with scene(tmp_path / "none") as world, world.knowledge() as knowledge:
        nothing = as_text(Renamed.tell(story(received()), knowledge))

    assert f"{OLD} → {NEW}, 2026-01-15, by mona" in listed
    assert nothing == "No test is shown under another name."
