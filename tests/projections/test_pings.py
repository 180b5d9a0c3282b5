from pathlib import Path

from chatops.events.pings import GroupsCalled
from chatops.projections.pings import last_called
from tests.scene import COMMAND, NOW, scene

CALLED = GroupsCalled(command=COMMAND, place="acme/rocket#7", groups=("Fins", "Engine"))


def test_a_group_knows_when_it_was_called_where(tmp_path: Path) -> None:
    with scene(tmp_path, [CALLED]) as world, world.knowledge() as knowledge:
        assert last_called(knowledge.db, "acme/rocket#7", ["Fins", "Nose"]) == {"Fins": NOW}
        assert last_called(knowledge.db, "acme/rocket#8", ["Fins"]) == {}
