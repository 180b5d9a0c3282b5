"""Is it found good, and who still has to approve what?"""

from pathlib import Path

import msgspec
import pytest

from chatops.answers.approvals import (
    LONGEST_DESCRIPTION,
    Picture,
    approved_status,
    lgtm_status,
    names_of,
    picture,
    teams_of,
)
from chatops.answers.owners import Area
from chatops.config import Community
from chatops.events import Event
from chatops.events.approvals import APPROVE
from chatops.events.owners import OwnersChanged
from chatops.names import Sha
from chatops.projections.pulls import pull as known_pull
from tests.approving import OWNED, OWNERS, community, files, given, tree, withdrawn
from tests.scene import HEAD, PULL, REPO, pull, scene

BOTH = [pull(), OWNERS, files("src/a.py", "docs/a.md")]
OTHER = Sha("b" * 40)


def see(folder: Path, *facts: Event, said: Community = OWNED) -> Picture:
    with scene(folder, facts) as world, world.knowledge(said) as knowledge:
        known = known_pull(knowledge.db, REPO, PULL)
        assert known is not None
        return picture(knowledge.db, said.approvals, known)


def test_all_areas_wait_for_an_owner_of_theirs(tmp_path: Path) -> None:
    seen = see(tmp_path, *BOTH, given("alice", APPROVE))

    assert [area.place for area in seen.awaited() or ()] == ["/"]
    assert approved_status(seen) == ("pending", "Needs /approve by an owner of /")


def test_it_is_approved_once_nobody_is_waited_for(tmp_path: Path) -> None:
    seen = see(tmp_path, *BOTH, given("alice", APPROVE), given("mona", APPROVE))

    assert approved_status(seen) == ("success", "Every file is approved by an owner, or needs none")


def test_an_approval_outlives_a_push_but_covers_only_what_one_owns(tmp_path: Path) -> None:
    facts = [pull(), OWNERS, files("docs/a.md"), given("alice", APPROVE, sha=OTHER)]

    assert see(tmp_path, *facts).awaited() == []


@pytest.mark.parametrize(
    ("facts", "awaited"),
    [([], []), ([withdrawn("hubot", APPROVE)], ["/"])],
)
def test_an_author_who_owns_has_approved_where_that_is_wanted_until_they_cancel(
    tmp_path: Path, facts: list[Event], awaited: list[str]
) -> None:
    mine = [pull(), OWNERS, files("src/a.py"), *facts]

    seen = see(tmp_path, *mine, said=community(authors_approve=True))

    assert [area.place for area in seen.awaited() or ()] == awaited


def test_else_authors_approve_nothing_by_themselves(tmp_path: Path) -> None:
    seen = see(tmp_path, pull(), OWNERS, files("src/a.py"))

    assert [area.place for area in seen.awaited() or ()] == ["/"]


NAMING = community(issue_required=True)
MISSING = "Names no issue in its title or text"


def test_where_it_has_to_name_an_issue_that_is_missing_until_it_does(tmp_path: Path) -> None:
    facts = [OWNERS, files("docs/a.md"), given("alice", APPROVE)]
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()

    without = see(tmp_path / "a", pull(), *facts, said=NAMING)
    named = see(tmp_path / "b", pull(names_issue=True), *facts, said=NAMING)

    assert approved_status(without) == ("pending", MISSING)
    assert approved_status(named) == (
        "success",
        "Every file is approved by an owner, or needs none",
    )


def test_what_else_is_missing_is_said_with_it(tmp_path: Path) -> None:
    seen = see(tmp_path, *BOTH, given("alice", APPROVE), said=NAMING)

    assert approved_status(seen) == ("pending", f"{MISSING}, and needs /approve by an owner of /")


def no_issue(by: str, *names: str, **changes: object) -> Event:
    return msgspec.structs.replace(given(by, APPROVE, *names), no_issue=True, **changes)


@pytest.mark.parametrize(
    ("facts", "lacks"),
    [
        ([no_issue("alice")], False),
        ([no_issue("alice", sha=OTHER)], False),
        ([no_issue("alice"), given("alice", APPROVE, minutes=5)], True),
        ([no_issue("alice"), withdrawn("alice", APPROVE)], True),
        ([no_issue("mona")], True),
    ],
    ids=["an owner", "before a push", "said otherwise since", "taken back", "no owner any more"],
)
def test_an_owner_says_that_none_is_needed(
    tmp_path: Path, facts: list[Event], *, lacks: bool
) -> None:
    seen = see(tmp_path, pull(), OWNERS, files("docs/a.md"), *facts, said=NAMING)

    assert seen.lacks_issue() is lacks


def test_where_nobody_owns_files_nothing_has_to_be_named(tmp_path: Path) -> None:
    seen = see(tmp_path, pull(), said=community(owners="none", issue_required=True))

    assert not seen.lacks_issue()


NOBODY = OwnersChanged(repo=REPO, branch="main", origin="", fingerprint="0")


@pytest.mark.parametrize(
    "facts",
    [
        [pull()],
        [pull(), OWNERS],
        [pull(), files("src/a.py")],
        [pull(), NOBODY, files("src/a.py")],
    ],
)
def test_what_is_not_known_is_not_guessed(tmp_path: Path, facts: list[Event]) -> None:
    seen = see(tmp_path, *facts)

    assert seen.awaited() is None
    assert approved_status(seen) is None


def test_an_lgtm_is_for_one_commit(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()

    old = see(tmp_path / "a", pull(), given("mona", sha=OTHER))
    kept = see(tmp_path / "b", pull(), given("mona", sha=OTHER), said=community(keep_lgtm=True))

    assert lgtm_status(old) == ("pending", "Nobody has said /lgtm for this commit")
    assert lgtm_status(kept) == ("success", "mona said /lgtm")


@pytest.mark.parametrize(
    ("trees", "state"),
    [
        ([tree(OTHER, "t1"), tree(HEAD, "t1")], "success"),
        ([tree(OTHER, "t1"), tree(HEAD, "t2")], "pending"),
        ([tree(OTHER, "t1")], "pending"),
        ([tree(OTHER, ""), tree(HEAD, "")], "pending"),
    ],
)
def test_where_that_is_wanted_it_goes_on_as_long_as_the_files_are_known_to_stay(
    tmp_path: Path, trees: list[Event], state: str
) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    facts = [pull(), given("mona", sha=OTHER), *trees]

    wanted = see(tmp_path / "a", *facts, said=community(keep_lgtm_of_same_files=True))
    unwanted = see(tmp_path / "b", *facts)

    assert (lgtm_status(wanted) or ("",))[0] == state
    assert (lgtm_status(unwanted) or ("",))[0] == "pending"


def test_where_nobody_spoke_of_it_no_status_shows_it(tmp_path: Path) -> None:
    assert lgtm_status(see(tmp_path, pull())) is None


def test_a_status_is_no_longer_than_github_takes(tmp_path: Path) -> None:
    people = [given(f"somebody-with-a-long-name-{number}", minutes=number) for number in range(9)]

    found = lgtm_status(see(tmp_path, pull(), *people))

    assert found is not None
    assert len(found[1]) == LONGEST_DESCRIPTION


def test_names_are_the_persons_own_and_their_teams() -> None:
    area = Area(
        place="/", files=("a",), owners=frozenset({"mona", "acme/rockets"}),
        reviewers=frozenset({"acme/readers"}),
    )  # fmt: skip

    assert teams_of([area]) == ["acme/readers", "acme/rockets"]
    assert names_of([area], "Mona", ["acme/rockets", "acme/other"]) == {"mona", "acme/rockets"}
    assert names_of([area], "bob") == frozenset()
