"""Who may approve which files, by OWNERS and by CODEOWNERS."""

import pytest

from chatops.answers.owners import Area, areas, top_owners
from chatops.events.owners import FolderOwners, OwnersChanged, PathOwners
from tests.scene import REPO


def by_folders(*folders: FolderOwners) -> OwnersChanged:
    return OwnersChanged(repo=REPO, branch="main", origin="OWNERS", fingerprint="", folders=folders)


def by_lines(*lines: tuple[str, str]) -> OwnersChanged:
    return OwnersChanged(
        repo=REPO, branch="main", origin="CODEOWNERS", fingerprint="",
        paths=tuple(PathOwners(pattern=pattern, owners=tuple(owners.split())) for pattern, owners in lines),
    )  # fmt: skip


def one(rules: OwnersChanged, file: str) -> Area:
    (area,) = areas(rules, [file])
    return area


TREE = by_folders(
    FolderOwners(folder="", approvers=("root",)),
    FolderOwners(folder="src", approvers=("alice",), reviewers=("carol",)),
    FolderOwners(folder="src/empty", reviewers=("dave",)),
    FolderOwners(folder="docs", approvers=("bob",), alone=True),
)


@pytest.mark.parametrize(
    ("file", "place", "owners", "nearest"),
    [
        ("README.md", "/", {"root"}, ("root",)),
        ("src/a.py", "src/", {"alice", "root"}, ("alice",)),
        ("src/deep/er/a.py", "src/", {"alice", "root"}, ("alice",)),
        ("src/empty/a.py", "src/", {"alice", "root"}, ("alice",)),
        ("docs/a.md", "docs/", {"bob"}, ("bob",)),
        ("srcs/a.py", "/", {"root"}, ("root",)),
    ],
)
def test_the_owners_of_a_folder_and_of_those_above_it_may_approve(
    file: str, place: str, owners: set[str], nearest: tuple[str, ...]
) -> None:
    area = one(TREE, file)

    assert (area.place, set(area.owners), area.nearest) == (place, owners, nearest)


def test_reviewers_are_known_and_do_not_approve() -> None:
    area = one(TREE, "src/empty/a.py")

    assert area.reviewers == {"carol", "dave"}
    assert not area.is_approved_by(["carol", "dave"])
    assert area.is_approved_by(["root"])


def test_a_filter_is_searched_in_the_path_below_its_folder() -> None:
    rules = by_folders(
        FolderOwners(folder="", approvers=("root",)),
        FolderOwners(folder="src", pattern=r"\.go$", approvers=("gopher",)),
        FolderOwners(folder="src", pattern=r"^src/", approvers=("nobody",)),
    )

    assert one(rules, "src/a.go").owners == {"root", "gopher"}
    assert one(rules, "src/a.rs").owners == {"root"}


def test_what_nobody_owns_by_folders_nobody_can_approve() -> None:
    area = one(by_folders(FolderOwners(folder="docs", approvers=("bob",))), "src/a.py")

    assert area.owners == frozenset()
    assert not area.is_approved_by(["bob"])


@pytest.mark.parametrize(
    ("pattern", "file", "is_meant"),
    [
        ("*", "a/b/c.txt", True),
        ("*.js", "a/b.js", True),
        ("*.js", "a/b.jsx", False),
        ("/build/logs/", "build/logs/a/b", True),
        ("/build/logs/", "x/build/logs/a", False),
        ("build/logs/", "x/build/logs/a", False),
        ("docs/*", "docs/getting-started.md", True),
        ("docs/*", "docs/build-app/troubleshooting.md", False),
        ("apps/", "a/apps/b/c", True),
        ("apps/", "a/apps", False),
        ("/docs", "docs/a/b.md", True),
        ("/docs", "docs", True),
        ("/docs", "docs2", False),
        ("**/logs", "build/logs/a", True),
        ("**/logs", "deeply/nested/logs", True),
        ("/a/**/z", "a/z", True),
        ("/a/**/z", "a/b/c/z", True),
        ("/a/**", "a/b/c", True),
        ("/a/**", "b/a/c", False),
        ("/scripts/*.sh", "scripts/a.sh", True),
        ("/scripts/*.sh", "scripts/b/a.sh", False),
        ("a?c.txt", "x/abc.txt", True),
        ("a?c.txt", "a/c.txt", False),
        ("a.c", "abc", False),
        ("/*", "a.md", True),
        ("/*", "a/b.md", False),
    ],
)
def test_a_line_names_files_as_github_says_it_does(
    pattern: str, file: str, *, is_meant: bool
) -> None:
    assert one(by_lines((pattern, "alice")), file).owners == ({"alice"} if is_meant else set())


def test_the_last_line_that_names_a_file_counts_alone() -> None:
    rules = by_lines(("*", "alice"), ("/docs/", "acme/writers bob"), ("/docs/free/", ""))

    assert one(rules, "src/a").owners == {"alice"}
    assert one(rules, "docs/a").owners == {"acme/writers", "bob"}
    assert one(rules, "docs/free/a").is_free


def test_what_no_line_names_needs_nobody() -> None:
    area = one(by_lines(("/docs/", "bob")), "src/a")

    assert area.is_free
    assert area.is_approved_by([])


def test_files_of_the_same_owners_are_one_area() -> None:
    found = areas(TREE, ["src/b.py", "docs/x.md", "src/a.py"])

    assert [(area.place, area.files) for area in found] == [
        ("docs/", ("docs/x.md",)),
        ("src/", ("src/a.py", "src/b.py")),
    ]


def test_the_top_folder_belongs_to_whom_its_file_names_for_all_of_it() -> None:
    folders = by_folders(
        FolderOwners(folder="", approvers=("root", "acme/leads"), reviewers=("carol",)),
        FolderOwners(folder="", pattern="md$", approvers=("writer",)),
        FolderOwners(folder="src", approvers=("alice",)),
    )

    assert top_owners(folders) == {"root", "acme/leads"}


def test_in_codeowners_the_last_line_for_every_file_names_them() -> None:
    assert top_owners(by_lines(("*", "old"), ("/src/", "alice"), ("*", "root acme/leads"))) == {
        "root",
        "acme/leads",
    }
    assert top_owners(by_lines(("/src/", "alice"))) == frozenset()
    assert top_owners(by_lines()) == frozenset()
