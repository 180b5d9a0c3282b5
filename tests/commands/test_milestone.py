from pathlib import Path

import pytest

from chatops.commands.milestone import Milestone
from chatops.errors import Refused
from chatops.events.changes import EditRequested
from tests.commands.issues import asking, refusal, wanted
from tests.scene import issue

PLANNED = issue(milestone="3.2")


@pytest.mark.parametrize(
    ("words", "value"), [(["3.3"], "3.3"), (["Lift", "off"], "Lift off"), (["Clear"], "")]
)
def test_it_becomes_part_of_a_milestone_or_of_none(
    tmp_path: Path, words: list[str], value: str
) -> None:
    asks = wanted(tmp_path, Milestone, words, EditRequested, asked=asking(PLANNED))

    assert (asks.field, asks.value, asks.before) == ("milestone", value, "3.2")


def test_what_is_so_already_is_refused(tmp_path: Path) -> None:
    assert refusal(tmp_path, Milestone, ["3.2"], asked=asking(PLANNED)).text == (
        "#7 is part of `3.2` already."
    )
    (tmp_path / "none").mkdir()
    assert refusal(tmp_path / "none", Milestone, ["clear"]).text == (
        "#7 is part of no milestone already."
    )


def test_without_a_title_it_says_what_it_needs() -> None:
    with pytest.raises(Refused, match="Which milestone"):
        Milestone.parse([])
