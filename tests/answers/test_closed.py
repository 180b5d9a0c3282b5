from datetime import UTC, datetime
from pathlib import Path

from msgspec import structs

from chatops.answers.closed import closed_repositories
from chatops.events.repositories import RepositorySeen
from tests.scene import REPO, scene

PRIVATE = RepositorySeen(repo=REPO, private=True, seen_at=datetime(2026, 3, 1, tzinfo=UTC))


def test_a_community_is_open_until_it_or_github_says_otherwise(tmp_path: Path) -> None:
    (tmp_path / "closed").mkdir()
    with scene(tmp_path, []) as world, world.knowledge() as known:
        assert closed_repositories(known.db, known.community) == ()
        all_of_it = structs.replace(known.community, private=True)
        assert closed_repositories(known.db, all_of_it) == known.community.repositories
    with scene(tmp_path / "closed", [PRIVATE]) as world, world.knowledge() as known:
        assert closed_repositories(known.db, known.community) == (REPO,)
