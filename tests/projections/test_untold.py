from datetime import timedelta
from pathlib import Path

import pytest

from chatops.events import Event
from chatops.events.conversation import CommandOverdue, ReactionAdded, ReplyPosted
from chatops.projections.untold import untold
from tests.scene import COMMAND, NOW, received, scene

MINUTE = timedelta(minutes=1)
EYES = ReactionAdded(command=COMMAND, reaction="eyes")


@pytest.mark.parametrize("order", [1, -1])
@pytest.mark.parametrize(
    ("facts", "waits"),
    [
        ([], True),
        ([EYES], True),
        ([EYES, ReactionAdded(command=COMMAND, reaction="+1")], False),
        ([ReplyPosted(command=COMMAND, message="5")], False),
        ([CommandOverdue(command=COMMAND, minutes=5)], False),
    ],
)
def test_only_who_has_had_no_word_waits(
    tmp_path: Path, facts: list[Event], order: int, *, waits: bool
) -> None:
    told = [received(), *facts][::order]

    with scene(tmp_path, told) as world, world.knowledge() as knowledge:
        found = untold(knowledge.db, "acme", after=NOW - MINUTE, before=NOW)

    assert found == ([COMMAND] if waits else [])


def test_who_asked_at_another_time_or_place_is_not_meant(tmp_path: Path) -> None:
    with scene(tmp_path, [received()]) as world, world.knowledge() as knowledge:
        assert untold(knowledge.db, "acme", after=NOW, before=NOW + MINUTE) == []
        assert untold(knowledge.db, "acme", after=NOW - MINUTE * 2, before=NOW - MINUTE) == []
        assert untold(knowledge.db, "other", after=NOW - MINUTE, before=NOW) == []
