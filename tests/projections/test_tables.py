from datetime import timedelta
from pathlib import Path

from chatops.events.tables import RowsShown
from chatops.names import CommandId, PullNumber
from chatops.projections.tables import rows_shown
from tests.scene import COMMAND, NOW, PULL, REPO, scene


def shown(*rows: str, minutes: int = 0, command: CommandId = COMMAND) -> RowsShown:
    return RowsShown(
        command=command, repo=REPO, number=PULL, rows=rows, shown_at=NOW + timedelta(minutes=minutes)
    )  # fmt: skip


def test_the_newest_list_counts_whatever_came_first(tmp_path: Path) -> None:
    newer = shown("CI / b", minutes=1, command=CommandId("command/2"))

    with scene(tmp_path, [newer, shown("CI / a")]) as world, world.knowledge() as knowledge:
        assert rows_shown(knowledge.db, REPO, PULL) == ("CI / b",)


def test_where_nothing_was_listed_there_are_no_rows(tmp_path: Path) -> None:
    with scene(tmp_path, [shown("CI / a")]) as world, world.knowledge() as knowledge:
        assert rows_shown(knowledge.db, REPO, PullNumber(8)) == ()
