"""How pull requests of the pretend GitHub come to be merged: reviews, teams, auto-merge, the merge queue.

A pull request is ready once every check that its repository requires is green; auto-merge waits for that.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime

from chatops.standins.github.things import CommitStatus, Pull

STATES = ("approved", "changes_requested", "commented", "dismissed")


@dataclass(slots=True, kw_only=True)
class Review:
    """What somebody found when they looked at a pull request; `state` is one of STATES."""

    id: int
    author: str
    body: str
    state: str
    commit: str
    submitted_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AutoMerge:
    """Who asked for a pull request to be merged once it is ready, and how."""

    by: str
    method: str


@dataclass(slots=True)
class Merging:
    """What a repository knows of merging; all by the numbers of its pull requests."""

    reviews: defaultdict[int, list[Review]] = field(default_factory=lambda: defaultdict(list))
    auto_merge: dict[int, AutoMerge] = field(default_factory=dict)
    queue: list[int] = field(default_factory=list)
    allows_auto_merge: bool = True
    has_queue: bool = False
    teams: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    conflicting: set[int] = field(default_factory=set)
    behind: set[int] = field(default_factory=set)


class ReviewingRepository(ABC):
    """What can be done in a repository around reviewing and merging."""

    merging: Merging
    pulls: dict[int, Pull]
    required_checks: list[str]
    statuses: defaultdict[str, list[CommitStatus]]

    @abstractmethod
    def next_review(self) -> int:
        """Return the id of the next review."""

    @abstractmethod
    def moment(self) -> datetime:
        """Tell the time."""

    @abstractmethod
    def tell(self, event: str, action: str, sender: str, pull: Pull, review: Review | None) -> None:
        """Tell the world of something that happened to a pull request."""

    @abstractmethod
    def standings(self, head_sha: str) -> dict[str, tuple[str, str | None]]:
        """Tell status and conclusion of each check of a commit."""

    @abstractmethod
    def close_pull(self, number: int, *, actor: str, merge: bool = False) -> Pull:
        """Close or merge a pull request."""

    def review(self, number: int, *, author: str, state: str, body: str = "") -> Review:
        """Say in a review what one found."""
        if state not in STATES:
            text = f"{state} is not one of {', '.join(STATES)}"
            raise ValueError(text)
        pull = self.pulls[number]
        review = Review(
            id=self.next_review(),
            author=author,
            body=body,
            state=state,
            commit=pull.head_sha,
            submitted_at=self.moment(),
        )
        self.merging.reviews[number].append(review)
        self.tell("pull_request_review", "submitted", author, pull, review)
        return review

    def dismiss(self, number: int, review: Review, *, actor: str) -> None:
        """Let a review count no longer."""
        review.state = "dismissed"
        self.tell("pull_request_review", "dismissed", actor, self.pulls[number], review)

    def is_ready(self, pull: Pull) -> bool:
        """Tell whether nothing keeps a pull request from being merged."""
        green = {one.context for one in self.statuses[pull.head_sha] if one.state == "success"}
        checks = self.standings(pull.head_sha).items()
        green |= {name for name, (_, conclusion) in checks if conclusion == "success"}
        return (
            pull.state == "open"
            and not pull.is_draft
            and pull.number not in self.merging.conflicting
            and green.issuperset(self.required_checks)
        )

    def let_merge(self) -> None:
        """Merge what was only waiting to be ready."""
        for number, asked in list(self.merging.auto_merge.items()):
            if self.is_ready(self.pulls[number]):
                del self.merging.auto_merge[number]
                self.close_pull(number, actor=asked.by, merge=True)

    def merge_next(self, *, actor: str) -> None:
        """Let the merge queue merge the first of its pull requests."""
        self.close_pull(self.merging.queue.pop(0), actor=actor, merge=True)
