from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace

from chatops.commands.auto_cc import MOST, AutoCc
from chatops.config import Community
from chatops.engine.command import Asked
from chatops.errors import Refused
from chatops.events import Event
from chatops.events.changes import ReviewersChanged, ReviewersRequested
from chatops.events.owners import FolderOwners, OwnersChanged
from chatops.names import PullNumber
from tests.approving import OWNED, OWNERS, files
from tests.commands import issues
from tests.commands.issues import asking
from tests.scene import COMMAND, COMMUNITY, NOW, PULL, REPO, issue, pull, received

BOTH = [pull(), OWNERS, files("docs/a.md", "src/a.py")]


def owners(*folders: FolderOwners) -> OwnersChanged:
    return OwnersChanged(
        repo=REPO, branch="main", origin="OWNERS", fingerprint="2", folders=folders, seen_at=NOW
    )


def wanted(
    folder: Path, *facts: Event, asked: Asked | None = None, number: int = PULL
) -> ReviewersRequested:
    by = asked or asking()
    by = replace(by, received=received(number=PullNumber(number)))
    return issues.wanted(
        folder, AutoCc, [], ReviewersRequested, *(facts or BOTH), asked=by, community=OWNED
    )


def refusal(
    folder: Path,
    facts: Sequence[Event] = BOTH,
    *,
    asked: Asked | None = None,
    said: Community = OWNED,
) -> Refused:
    return issues.refusal(folder, AutoCc, [], *facts, asked=asked, community=said)


def test_an_owner_of_each_file_is_asked_but_never_the_author(tmp_path: Path) -> None:
    asks = wanted(tmp_path)

    assert len(asks.add) == 2
    assert "mona" in asks.add
    assert {"alice", "bob"} & set(asks.add)
    assert (asks.remove, asks.before) == ((), ())


def test_who_owns_all_of_it_is_asked_alone(tmp_path: Path) -> None:
    rules = owners(
        FolderOwners(folder="src", approvers=("alice", "bob")),
        FolderOwners(folder="docs", approvers=("bob", "carol")),
    )

    assert wanted(tmp_path, pull(), rules, files("docs/a.md", "src/a.py")).add == ("bob",)


def test_the_nearest_owners_are_asked_first(tmp_path: Path) -> None:
    rules = owners(
        FolderOwners(folder="", approvers=("tess",)), FolderOwners(folder="src", approvers=("bob",))
    )

    assert wanted(tmp_path, pull(), rules, files("src/a.py")).add == ("bob",)


def test_where_the_nearest_is_the_author_those_above_are_asked(tmp_path: Path) -> None:
    rules = owners(
        FolderOwners(folder="", approvers=("tess",)),
        FolderOwners(folder="src", approvers=("hubot",)),
    )

    assert wanted(tmp_path, pull(), rules, files("src/a.py")).add == ("tess",)


def test_files_of_which_an_owner_is_asked_need_nobody_else(tmp_path: Path) -> None:
    asks = wanted(tmp_path, asked=asking(issue(reviewers=("Alice",))))

    assert (asks.add, asks.before) == (("mona",), ("Alice",))


def test_of_equals_not_always_the_same_one_is_asked(tmp_path: Path) -> None:
    found = set()
    for number in range(1, 20):
        folder = tmp_path / str(number)
        folder.mkdir()
        numbered = msgspec.structs.replace(files("docs/a.md"), number=PullNumber(number))
        asks = wanted(folder, pull(number=number), OWNERS, numbered, number=number)
        found.add(asks.add)

    assert found == {("alice",), ("bob",)}


def test_no_more_are_asked_than_github_takes(tmp_path: Path) -> None:
    many = [f"part{number}" for number in range(MOST + 5)]
    rules = owners(*(FolderOwners(folder=one, approvers=(f"of-{one}",)) for one in many))

    asks = wanted(tmp_path, pull(), rules, files(*(f"{one}/a.py" for one in many)))

    assert len(asks.add) == MOST


def test_once_somebody_is_asked_for_each_file_there_is_nobody_left(tmp_path: Path) -> None:
    asked = asking(issue(reviewers=("mona", "bob")))

    assert refusal(tmp_path, asked=asked).reason == "as_it_is"


@pytest.mark.parametrize(
    ("facts", "said", "reason"),
    [
        (BOTH, COMMUNITY, "no_owners"),
        ([OWNERS], OWNED, "no_pull"),
        ([pull(state="closed"), OWNERS], OWNED, "closed"),
        ([pull(), OWNERS], OWNED, "owners_unknown"),
        (
            [
                pull(),
                owners(FolderOwners(folder="src", approvers=("hubot",))),
                files("src/a.py", "b"),
            ],
            OWNED,
            "no_owner",
        ),
    ],
)
def test_it_says_why_there_is_nobody_to_ask(
    tmp_path: Path, facts: list[Event], said: Community, reason: str
) -> None:
    assert refusal(tmp_path, facts, said=said).reason == reason


def test_whom_to_ask_is_said_with_another_command() -> None:
    with pytest.raises(Refused, match="/cc @octocat"):
        AutoCc.parse(["@alice"])


def test_it_is_taken_back_by_asking_no_more(tmp_path: Path) -> None:
    done = ReviewersChanged(command=COMMAND, repo=REPO, number=PULL, added=("alice",))

    [back] = issues.undone(tmp_path, AutoCc, done)

    assert isinstance(back, ReviewersRequested)
    assert back.remove == ("alice",)
