from pathlib import Path

import pytest

from chatops.commands.close import Close
from chatops.errors import Refused
from chatops.events.changes import Edited, EditRequested
from tests.commands.issues import asking, refusal, undone, wanted
from tests.scene import COMMAND, PULL, REPO, issue

ISSUE = issue(is_pull=False)


@pytest.mark.parametrize(
    ("words", "reason"),
    [([], "completed"), (["not-planned"], "not_planned"), (["Not", "planned"], "not_planned")],
)
def test_an_issue_is_closed_for_a_reason(tmp_path: Path, words: list[str], reason: str) -> None:
    asks = wanted(tmp_path, Close, words, EditRequested, asked=asking(ISSUE))

    assert (asks.field, asks.value, asks.before, asks.reason) == ("state", "closed", "open", reason)


def test_a_pull_request_is_closed_without_one(tmp_path: Path) -> None:
    assert wanted(tmp_path, Close, [], EditRequested).reason == ""
    assert refusal(tmp_path, Close, ["not-planned"]).reason == "not_an_issue"


@pytest.mark.parametrize(("is_merged", "how"), [(False, "closed"), (True, "merged")])
def test_what_is_closed_stays_closed(tmp_path: Path, how: str, *, is_merged: bool) -> None:
    asked = asking(issue(state="closed", is_merged=is_merged))

    assert refusal(tmp_path, Close, [], asked=asked).text == f"#7 is {how} already."


def test_other_words_are_refused() -> None:
    with pytest.raises(Refused, match="takes no words but"):
        Close.parse(["the", "door"])


def test_it_is_taken_back_unless_somebody_was_faster(tmp_path: Path) -> None:
    done = Edited(
        command=COMMAND, repo=REPO, number=PULL, field="state", value="closed", before="open"
    )

    [back] = undone(tmp_path, Close, done)

    assert isinstance(back, EditRequested)
    assert (back.value, back.before, back.strictly) == ("open", "closed", True)
