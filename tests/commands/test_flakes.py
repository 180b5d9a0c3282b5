from pathlib import Path

import pytest

from chatops.commands.flakes import Flakes
from chatops.errors import Refused
from chatops.events.runs import RunReported
from chatops.names import RunId
from tests.commands.nights import night, said
from tests.scene import REPO


def test_what_failed_and_then_passed_is_flaky(tmp_path: Path) -> None:
    text = said(
        tmp_path,
        Flakes,
        [],
        *night(2, nozzle=["failure", "success"], tank="success"),
        *night(1, nozzle=["failure", "success"], tank=["failure", "success"]),
        *night(0, nozzle=["failure", "failure"], tank="success"),
    )

    assert "2 jobs failed and passed on the same commit in 3 nights" in text
    assert "engine / nozzle, a rerun helped in 2 of 3 nights" in text
    assert text.index("nozzle") < text.index("tank")


def test_what_stayed_red_or_was_not_run_again_is_not(tmp_path: Path) -> None:
    text = said(
        tmp_path,
        Flakes,
        [],
        *night(0, nozzle=["failure", "failure"], tank="failure", fin="success"),
    )

    assert text.startswith("No job failed and passed on the same commit in 1 night.")


def test_nights_of_files_are_said_not_to_count(tmp_path: Path) -> None:
    of_file = RunReported(repo=REPO, run_id=RunId(999), attempt=1, workflow="Nightly", number=999)
    nights = night(2, nozzle="success")
    left_out = "1 night that only a file tells of is not among them"
    folders = tmp_path / "with", tmp_path / "without"
    for folder in folders:
        folder.mkdir()

    assert left_out in said(folders[0], Flakes, [], *nights, of_file)
    assert "only a file" not in said(folders[1], Flakes, [], *nights)


def test_words_are_refused_with_what_to_say() -> None:
    with pytest.raises(Refused, match="`history` tells of one job"):
        Flakes.parse(["nozzle"])
