from pathlib import Path

import pytest

from chatops.commands.history import History
from chatops.engine.answer import Tone
from chatops.errors import Refused
from tests.commands.nights import night, said, told

NIGHTS = [
    *night(3, nozzle="success", tank="success"),
    *night(2, nozzle=["failure", "success"], tank="cancelled"),
    *night(1, nozzle="failure", tank="success"),
    *night(0, nozzle="failure", tank="success"),
]


def test_a_job_is_told_in_a_sentence_and_in_signs(tmp_path: Path) -> None:
    text = said(tmp_path, History, ["nozzle"], *NIGHTS)

    assert text.startswith(
        "engine / nozzle failed in 2 of 4 nights, and has been failing since Wed 14 Jan."
    )
    assert "✗✗↻✓ engine / nozzle, 2/4 failed, 1 rerun" in text


def test_several_jobs_are_listed_with_those_that_fail_first(tmp_path: Path) -> None:
    text = said(tmp_path, History, ["engine"], *NIGHTS)

    assert text.startswith("1 of 2 jobs for engine fail now.")
    assert text.index("nozzle") < text.index("✓✓c✓ engine / tank")


def test_it_is_bad_only_if_something_fails_now(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()

    assert told(tmp_path / "a", History, ["nozzle"], *NIGHTS).tone is Tone.BAD
    assert told(tmp_path / "b", History, ["tank"], *NIGHTS).tone is Tone.NEUTRAL


def test_a_job_that_is_not_there_is_refused_with_what_is_near(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="No job here is called `nozle`") as refused:
        said(tmp_path, History, ["nozle"], *NIGHTS)

    assert "engine / nozzle" in refused.value.text


def test_without_a_night_it_says_so(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="No night has been recorded yet"):
        said(tmp_path, History, ["nozzle"])


def test_without_a_job_it_says_what_it_needs() -> None:
    with pytest.raises(Refused, match="needs a job"):
        History.parse([])
