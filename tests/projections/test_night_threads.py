from pathlib import Path

import pytest

from chatops.events.night_threads import NightMessageSent, NightMessageWanted
from chatops.projections.night_threads import night_messages
from tests.scene import NOW, scene

WANTED = NightMessageWanted(message="a", community="acme", channel="C1", wanted_at=NOW)
SENT = NightMessageSent(message="a", community="acme", channel="C1", name="1.5")


@pytest.mark.parametrize("order", [1, -1])
def test_a_message_has_its_name_once_it_is_there(tmp_path: Path, order: int) -> None:
    with scene(tmp_path, [WANTED, SENT][::order]) as world, world.knowledge() as knowledge:
        assert night_messages(knowledge.db, ["a", "b"]) == {"a": "1.5"}


def test_one_that_is_only_wanted_has_none(tmp_path: Path) -> None:
    with scene(tmp_path, [WANTED]) as world, world.knowledge() as knowledge:
        assert night_messages(knowledge.db, ["a"]) == {"a": ""}
        assert night_messages(knowledge.db, []) == {}
