"""What OWNERS files and CODEOWNERS say, and when that is a new version."""

from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatops.config import Approvals
from chatops.errors import Refused
from chatops.events.owners import FolderOwners, OwnersChanged, PathOwners
from chatops.intake.owners import BY_MAIL, owners_version, parse_codeowners, parse_owners
from tests.gateways.places import REPO, Place, github
from tests.intake.hearing import COMMUNITY

NOW = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)
ADDRESS = "docs" + "@" + "acme.example"

SIMPLE = """\
approvers:
- Alice
- leads
reviewers:
- '@bob'
emeritus_approvers:
- gone
labels: [area/x]
"""
FILTERED = """\
options: {no_parent_owners: true}
filters:
  ".*":
    approvers: [alice]
  "\\\\.go$":
    reviewers: [gopher]
"""


def test_a_simple_file_names_approvers_and_reviewers_and_an_alias_stands_for_its_people() -> None:
    read = parse_owners({"OWNERS": SIMPLE, "OWNERS_ALIASES": "aliases: {Leads: [carol, Dave]}"})

    assert read.folders == (
        FolderOwners(folder="", approvers=("alice", "carol", "dave"), reviewers=("bob",)),
    )
    assert read.problems == ()


def test_filters_are_rules_of_their_own_and_the_folders_above_can_be_left_out() -> None:
    read = parse_owners({"src/OWNERS": FILTERED})

    assert read.folders == (
        FolderOwners(folder="src", approvers=("alice",), alone=True),
        FolderOwners(folder="src", pattern="\\.go$", reviewers=("gopher",), alone=True),
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("approvers: [", "src/OWNERS: this is not YAML, so the file does not count"),
        ("just words", "src/OWNERS: expected a mapping with approvers and reviewers"),
        ("approvers: alice", "src/OWNERS: approvers: expected a list of logins"),
        ("approvers: ['a b']", "src/OWNERS: approvers: found 'a b', expected a login"),
        (f"approvers: ['{ADDRESS}']", "src/OWNERS: approvers: found an e-mail address, expected a login"),
        ("filters: {'(': {}}", "src/OWNERS: filters: found '(', expected a regular expression"),
        ("filters: []", "src/OWNERS: filters: expected expressions with owners"),
    ],
)  # fmt: skip
def test_what_cannot_be_understood_is_named_and_takes_nobody_elses_say_away(
    text: str, said: str
) -> None:
    read = parse_owners({"src/OWNERS": text, "docs/OWNERS": "approvers: [bob]"})

    assert read.problems == (said,)
    assert FolderOwners(folder="docs", approvers=("bob",)) in read.folders


def test_lines_are_patterns_with_owners_and_comments_are_not() -> None:
    text = (
        "# everything\n* @Alice\n\n/docs/ @acme/Writers @bob # the manual\n"
        "/a\\ b/ @carol\n/free/\n   \n"
    )

    read = parse_codeowners(text)

    assert read.paths == (
        PathOwners(pattern="*", owners=("alice",)),
        PathOwners(pattern="/docs/", owners=("acme/writers", "bob")),
        PathOwners(pattern="/a b/", owners=("carol",)),
        PathOwners(pattern="/free/"),
    )
    assert read.problems == ()


@pytest.mark.parametrize("line", ["!/docs/ @bob", "[ab].md @bob", "/docs/ bob"])
def test_a_line_that_github_would_not_take_does_not_count(line: str) -> None:
    read = parse_codeowners(f"* @alice\n{line}\n")

    assert read.paths == (PathOwners(pattern="*", owners=("alice",)),)
    assert read.problems[0].startswith("line 2: found ")


def test_an_address_is_an_owner_whom_we_cannot_tell_and_is_not_remembered() -> None:
    read = parse_codeowners(f"/docs/ {ADDRESS} @bob\n")

    assert read.paths == (PathOwners(pattern="/docs/", owners=(BY_MAIL, "bob")),)
    assert ADDRESS not in str(read)


@given(text=st.text(), other=st.text())
def test_no_text_crashes_the_readers(text: str, other: str) -> None:
    parse_codeowners(text)
    parse_owners({"OWNERS": text, "OWNERS_ALIASES": other})


async def look(place: Place, kind: str, known: OwnersChanged | None = None) -> OwnersChanged | None:
    community = msgspec.structs.replace(COMMUNITY, approvals=Approvals(owners=kind))  # type: ignore[arg-type]  # one of its words
    return await owners_version(place.gateway, community, REPO, known, NOW)


@pytest.mark.anyio
async def test_every_owners_file_of_the_branch_is_read_and_an_unchanged_version_is_none() -> None:
    async with github() as place:
        place.repository.write_file("OWNERS", "approvers: [mona]\n")
        place.repository.write_file("docs/OWNERS", "approvers: [team]\n")
        place.repository.write_file("OWNERS_ALIASES", "aliases: {team: [alice]}\n")
        place.repository.write_file("docs/OWNERS.md", "not one")

        first = await look(place, "owners")
        assert first is not None
        again = await look(place, "owners", first)
        place.repository.write_file("docs/OWNERS", "approvers: [bob]\n")
        second = await look(place, "owners", first)

        assert first.folders == (
            FolderOwners(folder="", approvers=("mona",)),
            FolderOwners(folder="docs", approvers=("alice",)),
        )
        assert again is None
        assert second is not None
        assert second.follows == first.link()
        assert second.folders[1].approvers == ("bob",)


@pytest.mark.anyio
@pytest.mark.parametrize("path", [".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS"])
async def test_codeowners_is_found_where_github_finds_it(path: str) -> None:
    async with github() as place:
        place.repository.write_file(path, "* @mona\n")

        found = await look(place, "codeowners")

        assert found is not None
        assert (found.origin, found.paths[0].owners) == (path, ("mona",))


@pytest.mark.anyio
async def test_the_first_place_counts() -> None:
    async with github() as place:
        place.repository.write_file("CODEOWNERS", "* @bob\n")
        place.repository.write_file(".github/CODEOWNERS", "* @mona\n")

        found = await look(place, "codeowners")

        assert found is not None
        assert found.paths[0].owners == ("mona",)


@pytest.mark.anyio
async def test_a_file_that_is_gone_is_a_version_in_which_nobody_is_named() -> None:
    async with github() as place:
        found = await look(place, "codeowners")

        assert found is not None
        assert (found.origin, found.paths, found.folders) == ("", (), ())


@pytest.mark.anyio
async def test_where_owners_do_not_count_nobody_asks() -> None:
    async with github() as place:
        assert await look(place, "none") is None
        assert place.asked() == []


@pytest.mark.anyio
async def test_a_branch_that_is_not_there_is_said() -> None:
    community = msgspec.structs.replace(
        COMMUNITY, approvals=Approvals(owners="owners", branch="gone")
    )
    async with github() as place:
        with pytest.raises(Refused):
            await owners_version(place.gateway, community, REPO, None, NOW)
