from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from chatops.events import Event
from chatops.events.renames import JobRenamed, JobRenameWithdrawn
from chatops.names import CommandId, Repo
from chatops.projections.renames import Lineage, lineage
from tests.scene import NOW, REPO, scene


def renamed(place: int, old: str, new: str, repo: Repo = REPO) -> JobRenamed:
    return JobRenamed(
        command=CommandId(f"command/{place}"), repo=repo, old=old, new=new, by="mona",
        at=NOW + timedelta(minutes=place),
    )  # fmt: skip


def withdrawn(place: int, old: str, new: str) -> JobRenameWithdrawn:
    return JobRenameWithdrawn(
        command=CommandId(f"command/{place}"), repo=REPO, old=old, new=new, by="mona",
        at=NOW + timedelta(minutes=place),
    )  # fmt: skip


def known(folder: Path, facts: Sequence[Event]) -> Lineage:
    with scene(folder, facts) as world, world.knowledge() as knowledge:
        return lineage(knowledge.db, [REPO])


@pytest.mark.parametrize("order", [1, -1])
def test_a_name_leads_to_the_newest_one_and_back(tmp_path: Path, order: int) -> None:
    found = known(tmp_path, [renamed(1, "a", "b"), renamed(2, "b", "c")][::order])

    assert [found.current(REPO, name) for name in "abcd"] == ["c", "c", "c", "d"]
    assert found.names(REPO, "c") == ["c", "b", "a"]
    assert [(one.old, one.by) for one in found.of(REPO, "c")] == [("b", "mona"), ("a", "mona")]


def test_what_was_taken_back_is_a_name_of_its_own(tmp_path: Path) -> None:
    found = known(tmp_path, [renamed(1, "a", "b"), withdrawn(2, "a", "b")])

    assert found.current(REPO, "a") == "a"
    assert found.names(REPO, "b") == ["b"]


def test_a_name_that_was_taken_up_again_is_the_one_it_has(tmp_path: Path) -> None:
    found = known(tmp_path, [renamed(1, "a", "b"), renamed(2, "b", "a")])

    assert (found.current(REPO, "a"), found.current(REPO, "b")) == ("a", "a")
    assert found.names(REPO, "a") == ["a", "b"]


def test_a_circle_ends(tmp_path: Path) -> None:
    found = known(
        tmp_path, [renamed(1, "a", "b"), renamed(2, "b", "c"), renamed(3, "c", "a"), renamed(4, "d", "d")]
    )  # fmt: skip

    assert found.current(REPO, "b") == "a"
    assert found.current(REPO, "d") == "d"
    assert set(found.names(REPO, "a")) == set("abc")
    assert found.names(REPO, "d") == ["d"]


def test_each_repository_has_its_own(tmp_path: Path) -> None:
    assert known(tmp_path, [renamed(1, "a", "b", Repo("acme/other"))]).current(REPO, "a") == "a"
