from datetime import timedelta
from pathlib import Path

from chatops.events.owners import OwnersChanged, PathOwners
from chatops.projections.owners import owners_now
from tests.scene import NOW, REPO, scene


def version(number: int, owner: str, branch: str = "main") -> OwnersChanged:
    return OwnersChanged(
        repo=REPO, branch=branch, origin="CODEOWNERS", fingerprint=owner, follows=f"{number}",
        paths=(PathOwners(pattern="*", owners=(owner,)),), seen_at=NOW + timedelta(days=number),
    )  # fmt: skip


def test_the_newest_version_of_a_branch_is_todays(tmp_path: Path) -> None:
    facts = [version(2, "bob"), version(1, "alice"), version(3, "carol", "stable")]

    with scene(tmp_path, facts) as world, world.knowledge() as knowledge:
        found = owners_now(knowledge.db, REPO, "main")
        other = owners_now(knowledge.db, REPO, "stable")

    assert found == version(2, "bob")
    assert other == version(3, "carol", "stable")


def test_nothing_known_is_nothing(tmp_path: Path) -> None:
    with scene(tmp_path) as world, world.knowledge() as knowledge:
        assert owners_now(knowledge.db, REPO, "main") is None
