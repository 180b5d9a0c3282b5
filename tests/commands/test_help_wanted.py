from pathlib import Path

import msgspec
import pytest

from chatops.commands.help import Help
from chatops.commands.help_wanted import HelpWanted
from chatops.config import Labels
from chatops.engine.vocabulary import Vocabulary, unknown
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


def test_where_it_is_wanted_so_help_is_a_label_and_commands_lists_what_there_is() -> None:
    community = msgspec.structs.replace(COMMUNITY, labels=Labels(help_is_a_label=True))
    vocabulary = Vocabulary([Help, HelpWanted], community)

    asked, taken, listed = (
        vocabulary.meaning(verb) for verb in ("help", "remove-help", "commands")
    )

    assert asked is not None
    assert (asked.command, HelpWanted.parse(asked.words)) == (HelpWanted, HelpWanted())
    assert taken is not None
    assert HelpWanted.parse(taken.words) == HelpWanted(removes=True)
    assert listed is not None
    assert listed.command is Help
    assert "`/commands` lists" in unknown("zzzzzz", vocabulary.verbs).text
    assert Vocabulary([Help, HelpWanted], COMMUNITY).meaning("commands") is None


def test_it_takes_no_words() -> None:
    with pytest.raises(Refused, match="takes no words"):
        HelpWanted.parse(["please"])
