from pathlib import Path

from chatops.events.picks import PickPromised
from chatops.names import PullNumber
from chatops.projections.picks import promised
from tests.scene import COMMAND, PULL, REPO, scene

PROMISE = PickPromised(
    command=COMMAND, repo=REPO, number=PULL, branches=("stable", "old"), by="mona"
)


def test_a_promise_belongs_to_its_pull_request(tmp_path: Path) -> None:
    with scene(tmp_path, [PROMISE]) as world, world.knowledge() as knowledge:
        (found,) = promised(knowledge.db, REPO, PULL)
        other = promised(knowledge.db, REPO, PullNumber(8))

    assert (found.command, found.branches, found.by) == (COMMAND, ("stable", "old"), "mona")
    assert other == []
