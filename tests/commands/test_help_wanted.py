from pathlib import Path

import pytest

from chatops.commands.help_wanted import HelpWanted
from chatops.errors import Refused
from chatops.events.changes import LabelsRequested
from tests.commands.issues import asking, refusal, wanted
from tests.scene import COMMUNITY, issue

VERBS = HelpWanted.verbs(COMMUNITY)
HELP, FIRST = "help wanted", "good first issue"


@pytest.mark.parametrize(
    ("verb", "there", "add", "remove"),
    [
        ("help-wanted", (), (HELP,), ()),
        ("good-first-issue", (), (HELP, FIRST), ()),
        ("good-first-issue", (HELP,), (FIRST,), ()),
        ("remove-help-wanted", (HELP,), (), (HELP,)),
        ("remove-help-wanted", (HELP, FIRST), (), (HELP, FIRST)),
        ("remove-good-first-issue", (HELP, FIRST), (), (FIRST,)),
    ],
)
def test_people_are_invited_and_no_more(
    tmp_path: Path, verb: str, there: tuple[str, ...], add: tuple[str, ...], remove: tuple[str, ...]
) -> None:
    asked = asking(issue(is_pull=False, labels=there))

    asks = wanted(tmp_path, HelpWanted, VERBS[verb], LabelsRequested, asked=asked)

    assert (asks.add, asks.remove) == (add, remove)


def test_what_is_so_already_is_refused(tmp_path: Path) -> None:
    asked = asking(issue(is_pull=False, labels=(FIRST, HELP)))

    refused = refusal(tmp_path, HelpWanted, VERBS["good-first-issue"], asked=asked)

    assert refused.text == "#7 has `help wanted`, `good first issue` already."


def test_nobody_is_invited_to_a_pull_request_or_to_what_is_closed(tmp_path: Path) -> None:
    closed = asking(issue(is_pull=False, state="closed"))

    assert refusal(tmp_path, HelpWanted, []).reason == "not_an_issue"
    (tmp_path / "closed").mkdir()
    assert refusal(tmp_path / "closed", HelpWanted, [], asked=closed).reason == "closed"


def test_it_takes_no_words() -> None:
    with pytest.raises(Refused, match="takes no words"):
        HelpWanted.parse(["please"])
