"""The little of git that the pretend GitHub has: commits with files in them, branches, three-way merges.

A commit that nobody made through here has the files its branch shows, and no parent; as the head of a pull request
also those that this changes, with something in them that no other commit has.
"""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from chatops.standins.github.things import Pull

Files = Mapping[str, str]


class ConflictError(Exception):
    """Two sides changed the same file, each in its own way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    """A commit, with all files as they are in it."""

    sha: str
    files: Files
    parents: tuple[str, ...]
    message: str
    author: str
    at: datetime


@dataclass(slots=True)
class GitData:
    """Commits by their hashes, trees by theirs, what pull requests change, and what merged them."""

    commits: dict[str, Commit] = field(default_factory=dict)
    trees: dict[str, Files] = field(default_factory=dict)
    changes: dict[int, Files] = field(default_factory=dict)
    merged: dict[int, str] = field(default_factory=dict)


class GitRepository(ABC):
    """What can be done with the commits of a repository."""

    git: GitData
    branches: dict[str, str]
    pulls: dict[int, Pull]

    @abstractmethod
    def moment(self) -> datetime:
        """Tell the time."""

    @abstractmethod
    def paths(self, *, ref: str | None = None) -> set[str]:
        """List the files of a branch or commit."""

    @abstractmethod
    def read_file(self, path: str, *, ref: str | None = None) -> str | None:
        """Read a file."""

    def commit_at(self, sha: str) -> Commit:
        """Find a commit; one that was never made here is made up, once, as its branch is."""
        if sha not in self.git.commits:
            ref = next((name for name, head in self.branches.items() if head == sha), sha)
            files = {path: self.read_file(path, ref=ref) or "" for path in self.paths(ref=ref)}
            files |= {
                file.path: f"Changed by #{pull.number} in {sha}.\n"
                for pull in self.pulls.values()
                if pull.head_sha == sha
                for file in pull.files
            }
            self.keep(
                Commit(
                    sha=sha, files=files, parents=(), message="Improve", author="mona",
                    at=self.moment(),
                )
            )  # fmt: skip
        return self.git.commits[sha]

    def keep(self, commit: Commit) -> Commit:
        """Remember a commit and its tree."""
        self.git.commits[commit.sha] = commit
        self.git.trees[tree_sha(commit.files)] = commit.files
        return commit

    def make_commit(
        self, files: Files, parents: tuple[str, ...], *, message: str, author: str
    ) -> Commit:
        """Make a commit that is on no branch yet."""
        seed = f"{sorted(files.items())}{parents}{message}"
        sha = hashlib.sha256(seed.encode()).hexdigest()[:40]
        return self.keep(
            Commit(
                sha=sha, files=dict(files), parents=parents, message=message, author=author,
                at=self.moment(),
            )
        )  # fmt: skip

    def commit_to(self, branch: str, files: Files, *, message: str = "Improve") -> Commit:
        """Make a commit with these files changed, on a branch; a branch that is not there begins with it."""
        head = self.branches.get(branch)
        before = self.commit_at(head).files if head else {}
        parents = (head,) if head else ()
        made = self.make_commit({**before, **files}, parents, message=message, author="mona")
        self.branches[branch] = made.sha
        return made

    def note_merge(self, pull: Pull, before: str, after: str) -> None:
        """Give the commit that merged a pull request the files that it changes; what is in them may be made up."""
        made_up = {file.path: f"Changed by #{pull.number}.\n" for file in pull.files}
        changed = self.git.changes.get(pull.number, made_up)
        files = {**self.commit_at(before).files, **changed}
        self.git.merged[pull.number] = after
        self.keep(
            Commit(
                sha=after, files=files, parents=(before,), message=pull.title,
                author=pull.author, at=self.moment(),
            )
        )  # fmt: skip

    def merge_into(self, branch: str, sha: str, *, author: str) -> Commit | None:
        """Merge a commit into a branch; nothing if the branch has it already."""
        ours, theirs = self.commit_at(self.branches[branch]), self.commit_at(sha)
        if sha in self._ancestors(ours.sha):
            return None
        shared = set(self._ancestors(ours.sha))
        base = next((one for one in self._ancestors(sha) if one in shared), "")
        files = merged(self.commit_at(base).files if base else {}, ours.files, theirs.files)
        made = self.make_commit(
            files, (ours.sha, sha), message=f"Merge {sha} into {branch}", author=author
        )
        self.branches[branch] = made.sha
        return made

    def _ancestors(self, sha: str) -> dict[str, None]:
        """Return a commit and all that came before it, the nearest first."""
        found: dict[str, None] = {}
        waiting = [sha]
        while waiting:
            one = waiting.pop(0)
            if one not in found:
                found[one] = None
                waiting.extend(self.commit_at(one).parents)
        return found


def merged(base: Files, ours: Files, theirs: Files) -> dict[str, str]:
    """Return what both sides made of the files; whole files, for this is not the real thing."""
    files = {}
    for path in {*ours, *theirs}:
        before, here, there = base.get(path), ours.get(path), theirs.get(path)
        if here != there and before not in (here, there):
            raise ConflictError(path)
        kept = there if here == before else here
        if kept is not None:
            files[path] = kept
    return files


def tree_sha(files: Files) -> str:
    """Return the hash of a tree: the same for the same files."""
    return hashlib.sha256(f"tree {sorted(files.items())}".encode()).hexdigest()[:40]
