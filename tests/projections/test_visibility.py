from datetime import UTC, datetime, timedelta
from pathlib import Path

from chatops.events.repositories import RepositorySeen
from chatops.names import Repo
from chatops.projections.visibility import private_repositories
from tests.scene import REPO, scene

THEN = datetime(2026, 3, 1, 12, tzinfo=UTC)


def seen(*, private: bool, later: int = 0) -> RepositorySeen:
    return RepositorySeen(repo=REPO, private=private, seen_at=THEN + timedelta(seconds=later))


def is_private(folder: Path, *events: RepositorySeen) -> bool:
    folder.mkdir(exist_ok=True)
    with scene(folder, list(events)) as world, world.knowledge() as knowledge:
        return bool(private_repositories(knowledge.db, [REPO, Repo("acme/other")]))


def test_what_nobody_told_of_is_not_known_to_be_private(tmp_path: Path) -> None:
    assert not is_private(tmp_path)


def test_what_was_said_last_counts_in_whatever_order_it_comes(tmp_path: Path) -> None:
    assert not is_private(tmp_path / "a", seen(private=False, later=2), seen(private=True))
    assert is_private(tmp_path / "b", seen(private=True, later=2), seen(private=False))


def test_of_two_things_said_of_one_moment_it_is_private(tmp_path: Path) -> None:
    assert is_private(tmp_path / "a", seen(private=True), seen(private=False))
    assert is_private(tmp_path / "b", seen(private=False), seen(private=True))


def test_a_name_is_found_however_it_is_written(tmp_path: Path) -> None:
    with scene(tmp_path, [seen(private=True)]) as world, world.knowledge() as knowledge:
        assert private_repositories(knowledge.db, [Repo(REPO.upper())]) == {Repo(REPO.upper())}
