from pathlib import Path

import pytest

from chatops.config import Community
from chatops.events import Event
from chatops.events.owners import FilesWanted
from chatops.names import Sha
from chatops.policies.want_files import WantFiles
from tests.approving import OWNED, files
from tests.scene import COMMUNITY, HEAD, NOW, decided, pull, scene


def wanted(folder: Path, *facts: Event, said: Community = OWNED) -> list[Event]:
    with scene(folder) as world:
        recorded = world.add(facts)
        return decided(world, WantFiles(), recorded[0], said)


def test_a_head_whose_files_are_not_known_is_asked_about(tmp_path: Path) -> None:
    (event,) = wanted(tmp_path, pull())

    assert isinstance(event, FilesWanted)
    assert (event.sha, event.base) == (HEAD, "main")


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ([pull(), files("a")], OWNED),
        ([pull(state="closed")], OWNED),
        ([pull()], COMMUNITY),
        ([pull(), pull(sha=Sha("b" * 40), updated_at=NOW.replace(hour=13))], OWNED),
        ([pull(repo="somebody/else")], OWNED),
    ],
    ids=["known", "closed", "owners do not count", "not the head any more", "not ours"],
)
def test_others_are_not(tmp_path: Path, facts: list[Event], said: Community) -> None:
    assert wanted(tmp_path, *facts, said=said) == []
