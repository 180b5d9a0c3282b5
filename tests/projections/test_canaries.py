from datetime import timedelta
from pathlib import Path

import pytest

from chatops.events.canaries import CanaryReturned, CanarySent
from chatops.projections.canaries import canary
from tests.scene import NOW, scene

FACTS = [
    CanarySent(canary="1", at=NOW),
    CanarySent(canary="2", at=NOW + timedelta(hours=1)),
    CanaryReturned(canary="1", at=NOW),
]


@pytest.mark.parametrize("order", [1, -1])
def test_the_newest_of_each_counts(tmp_path: Path, order: int) -> None:
    with scene(tmp_path, FACTS[::order]) as world, world.knowledge() as knowledge:
        known = canary(knowledge.db)

    assert (known.sent_at, known.returned_at) == (NOW + timedelta(hours=1), NOW)


def test_before_the_first_nothing_is_known(tmp_path: Path) -> None:
    with scene(tmp_path) as world, world.knowledge() as knowledge:
        known = canary(knowledge.db)

    assert (known.sent_at, known.returned_at) == (None, None)
