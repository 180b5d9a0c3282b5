from pathlib import Path

import pytest

from chatops.commands.cc import Cc
from chatops.events.changes import ReviewersChanged, ReviewersRequested
from tests.commands.issues import asking, refusal, undone, wanted
from tests.scene import COMMAND, COMMUNITY, PULL, REPO, issue

REMOVE = Cc.verbs(COMMUNITY)["uncc"]


@pytest.mark.parametrize(
    ("words", "add"),
    [
        ([], ("mona",)),
        (["alice", "bob"], ("alice", "bob")),
        (["@acme/pilots,", "me"], ("acme/pilots", "mona")),
    ],
)
def test_people_and_teams_are_asked_for_a_review(
    tmp_path: Path, words: list[str], add: tuple[str, ...]
) -> None:
    asks = wanted(tmp_path, Cc, words, ReviewersRequested)

    assert (asks.add, asks.remove) == (add, ())


def test_they_are_asked_no_more(tmp_path: Path) -> None:
    asks = wanted(tmp_path, Cc, [*REMOVE, "@acme/pilots"], ReviewersRequested)

    assert (asks.add, asks.remove) == ((), ("acme/pilots",))


def test_who_was_asked_before_is_remembered(tmp_path: Path) -> None:
    asks = wanted(
        tmp_path, Cc, ["alice"], ReviewersRequested, asked=asking(issue(reviewers=("bob",)))
    )

    assert asks.before == ("bob",)


def test_nobody_reviews_their_own_work(tmp_path: Path) -> None:
    assert refusal(tmp_path, Cc, ["@Hubot"]).reason == "own_pull"


def test_an_issue_has_no_reviews(tmp_path: Path) -> None:
    asked = asking(issue(is_pull=False))

    assert refusal(tmp_path, Cc, ["alice"], asked=asked).reason == "not_a_pull"


def test_it_is_taken_back_by_the_opposite(tmp_path: Path) -> None:
    done = ReviewersChanged(command=COMMAND, repo=REPO, number=PULL, removed=("acme/pilots",))

    [back] = undone(tmp_path, Cc, done)

    assert isinstance(back, ReviewersRequested)
    assert back.add == ("acme/pilots",)
