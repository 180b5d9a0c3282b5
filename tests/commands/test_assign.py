from pathlib import Path

import pytest

from chatops.commands.assign import Assign
from chatops.errors import Refused
from chatops.events.changes import AssigneesChanged, AssigneesRequested
from chatops.events.identities import IdentityLinked
from chatops.names import CommandId, Login
from tests.commands.issues import UNDO, asking, refusal, undone, wanted
from tests.scene import COMMAND, COMMUNITY, NOW, PULL, REPO, issue

REMOVE = Assign.verbs(COMMUNITY)["unassign"]


@pytest.mark.parametrize(
    ("words", "add"),
    [
        ([], ("mona",)),
        (["me"], ("mona",)),
        (["@octocat"], ("octocat",)),
        (["@octocat,", "@alice,@bob"], ("octocat", "alice", "bob")),
        (["octocat,", "alice"], ("octocat", "alice")),
        (["@Alice", "@alice", "me"], ("alice", "mona")),
        (["@some_one", "@dependabot[bot]"], ("some_one", "dependabot[bot]")),
    ],
)
def test_whoever_is_named_is_assigned_and_else_who_asks(
    tmp_path: Path, words: list[str], add: tuple[str, ...]
) -> None:
    asks = wanted(tmp_path, Assign, words, AssigneesRequested)

    assert (asks.add, asks.remove) == (add, ())


def test_who_is_assigned_already_is_left_alone(tmp_path: Path) -> None:
    asked = asking(issue(assignees=("Alice",)))

    asks = wanted(tmp_path, Assign, ["alice", "bob"], AssigneesRequested, asked=asked)

    assert (asks.add, asks.before) == (("bob",), ("Alice",))
    assert (
        refusal(tmp_path, Assign, ["alice"], asked=asked).text
        == "#7 is assigned to `alice` already."
    )


def test_people_are_unassigned_too(tmp_path: Path) -> None:
    asked = asking(issue(assignees=("mona", "bob"), is_pull=False, state="closed"))

    assert wanted(tmp_path, Assign, REMOVE, AssigneesRequested, asked=asked).remove == ("mona",)
    assert refusal(tmp_path, Assign, [*REMOVE, "eve"], asked=asked).reason == "as_it_is"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["Bad$User"], "`Bad$User` is no login on GitHub"),
        (["@acme/pilots"], "`acme/pilots` is a team"),
        (["`x`"], "`x` is no login"),
        (["me", "please"], "whether `please` is a login"),
        (["@octocat", "for", "the", "fins"], "whether `for`, `the`, `fins` is a login"),
        ([f"a{number}" for number in range(11)], "GitHub takes 10 at most"),
    ],
)
def test_what_is_nobody_is_refused_before_anybody_is_assigned(words: list[str], said: str) -> None:
    with pytest.raises(Refused) as refused:
        Assign.parse(words)

    assert said in refused.value.text


def test_who_has_no_login_here_has_to_name_somebody(tmp_path: Path) -> None:
    asked = asking(by="")

    assert refusal(tmp_path, Assign, [], asked=asked).reason == "nobody_named"


def test_it_is_taken_back_by_the_opposite(tmp_path: Path) -> None:
    done = AssigneesChanged(
        command=COMMAND, repo=REPO, number=PULL, added=("alice",), unchanged=("bob",)
    )

    [back] = undone(tmp_path, Assign, done)

    assert isinstance(back, AssigneesRequested)
    assert (back.command, back.add, back.remove) == (UNDO, (), ("alice",))


def test_what_changed_nothing_cannot_be_taken_back(tmp_path: Path) -> None:
    done = AssigneesChanged(command=COMMAND, repo=REPO, number=PULL, ignored=("alice",))

    with pytest.raises(Refused, match="nothing to take back"):
        undone(tmp_path, Assign, done)


def test_what_github_was_not_asked_for_yet_is_not_said_to_have_changed_nothing(
    tmp_path: Path,
) -> None:
    wanting = AssigneesRequested(command=COMMAND, repo=REPO, number=PULL, add=("mona",))

    with pytest.raises(Refused, match="not been asked yet"):
        undone(tmp_path, Assign, wanting)


@pytest.mark.parametrize("said", ["<@U0OCTO>", "<@U0OCTO|octo>,"])
def test_a_member_of_slack_is_who_they_have_proved_to_be(tmp_path: Path, said: str) -> None:
    linked = IdentityLinked(
        command=CommandId("command/slack/1"), team="T1", user="U0OCTO", login=Login("octocat"),
        github_id=1, at=NOW,
    )  # fmt: skip
    asked = asking(team="T1", surface="slack")

    stranger = refusal(tmp_path, Assign, ["<@U0OTHER>"], linked, asked=asked)
    meant = wanted(tmp_path, Assign, [said, "me"], AssigneesRequested, linked, asked=asked)

    assert meant.add == ("octocat", "mona")
    assert stranger.reason == "nobody_named"
    assert "U0OTHER" not in stranger.text
