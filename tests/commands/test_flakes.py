from pathlib import Path

import pytest

from chatops.commands.flakes import Flakes
from chatops.errors import Refused
from tests.commands.nights import night, said


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


def test_words_are_refused_with_what_to_say() -> None:
    with pytest.raises(Refused, match="`history` tells of one job"):
        Flakes.parse(["nozzle"])
