from pathlib import Path

import pytest

from chatops.engine.checkpoints import common_position, set_checkpoint
from tests.engine.logs import opened


@pytest.mark.parametrize(
    ("readers", "position"),
    [
        ({"jobs": 7, "runs": 7}, 7),
        ({"jobs": 7, "runs": 6}, None),
        ({"jobs": 7, "runs": 7, "other": 3}, 7),
        ({}, None),
    ],
)
def test_readers_have_a_position_in_common_or_none(
    readers: dict[str, int], position: int | None, tmp_path: Path
) -> None:
    with opened(f"sqlite:///{tmp_path / 'log.db'}") as log, log.database.write(durable=True) as db:
        for name, at in readers.items():
            set_checkpoint(db, name, at)

        assert common_position(db, ["jobs", "runs"]) == position


def test_a_reader_that_has_stopped_is_not_waited_for(tmp_path: Path) -> None:
    with opened(f"sqlite:///{tmp_path / 'log.db'}") as log, log.database.write(durable=True) as db:
        set_checkpoint(db, "jobs", 7)
        set_checkpoint(db, "runs", 3, "Broken: It stumbled.")

        assert common_position(db, ["jobs", "runs"]) == 7
