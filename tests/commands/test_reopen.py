from pathlib import Path

import msgspec
import pytest

from chatops.commands.reopen import Reopen
from chatops.config import Labels
from chatops.errors import Refused
from chatops.events.changes import EditRequested
from chatops.events.conversation import CommandAccepted
from chatops.names import Login
from tests.commands.issues import asking, refusal, wanted
from tests.scene import COMMAND, COMMUNITY, ended, issue, job, pull, received

RESTARTING = msgspec.structs.replace(COMMUNITY, labels=Labels(restart_ci=True))
CLOSED = issue(state="closed")


def test_what_is_closed_is_opened_again(tmp_path: Path) -> None:
    asks = wanted(tmp_path, Reopen, [], EditRequested, asked=asking(CLOSED))

    assert (asks.field, asks.value, asks.before) == ("state", "open", "closed")


def test_what_is_open_is_left_alone(tmp_path: Path) -> None:
    assert refusal(tmp_path, Reopen, []).text == "#7 is open already."


def test_what_is_merged_stays_closed(tmp_path: Path) -> None:
    asked = asking(issue(state="closed", is_merged=True))

    assert refusal(tmp_path, Reopen, [], asked=asked).reason == "merged"


@pytest.mark.parametrize("closer", ["maintainer", "", "other[bot]"])
def test_an_author_does_not_open_what_somebody_else_closed(tmp_path: Path, closer: str) -> None:
    about = issue(state="closed", closed_by=Login(closer))
    asked = asking(about, ground="author", by="hubot")

    assert refusal(tmp_path, Reopen, [], asked=asked).reason == "not_permitted"


def test_an_author_opens_what_they_closed(tmp_path: Path) -> None:
    about = issue(state="closed", closed_by=Login("Hubot"))
    asked = asking(about, ground="author", by="hubot")

    assert wanted(tmp_path, Reopen, [], EditRequested, asked=asked).value == "open"


@pytest.mark.parametrize(("by", "may"), [("hubot", True), ("mona", False)])
def test_what_an_author_had_the_bot_close_they_closed(
    tmp_path: Path, by: str, *, may: bool
) -> None:
    facts = [received(verb="close", by=by), CommandAccepted(command=COMMAND)]
    about = issue(state="closed", closed_by=Login("chatops[bot]"))
    asked = asking(about, ground="author", by="hubot", command="command/github/comment/9/0/0")

    if may:
        assert wanted(tmp_path, Reopen, [], EditRequested, *facts, asked=asked).value == "open"
    else:
        assert refusal(tmp_path, Reopen, [], *facts, asked=asked).reason == "not_permitted"


def test_where_it_starts_the_ci_that_has_to_be_meant(tmp_path: Path) -> None:
    facts = [pull(state="closed"), ended(10), job(1, 10, "a"), job(2, 10, "b")]
    asked = asking(CLOSED)

    refused = refusal(tmp_path, Reopen, [], *facts, asked=asked, community=RESTARTING)
    assert refused.reason == "would_restart"
    assert "2 jobs so far on this commit" in refused.text

    (tmp_path / "again").mkdir()
    asks = wanted(
        tmp_path / "again", Reopen, ["now"], EditRequested, *facts, asked=asked, community=RESTARTING
    )  # fmt: skip
    assert asks.value == "open"


def test_other_words_are_refused() -> None:
    with pytest.raises(Refused, match="takes no words but"):
        Reopen.parse(["please"])
