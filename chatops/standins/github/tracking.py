"""What people change on an issue or pull request of the pretend GitHub: its title, state, milestone and people."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from datetime import datetime
from typing import TypedDict, Unpack

from chatops.standins.github.actions import Json
from chatops.standins.github.things import (
    PERMISSIONS,
    Comment,
    Issue,
    Label,
    Milestone,
    Pull,
    Push,
    User,
)


class Details(TypedDict, total=False):
    """What a change was about, beside the thing that changed."""

    comment: Comment
    label: Label
    push: Push
    before: str
    assignee: str
    reviewer: str
    team: str
    milestone: Milestone | None
    changes: Json


class Tracker(ABC):
    """The issues and pull requests of a repository, and what can be changed on both."""

    owner: str
    pulls: dict[int, Pull]
    issues: dict[int, Issue]
    milestones: dict[int, Milestone]
    teams: set[str]

    @abstractmethod
    def now(self) -> datetime:
        """Tell the world's time."""

    @abstractmethod
    def number_of(self, kind: str) -> int:
        """Take the next number of a kind of thing."""

    @abstractmethod
    def account(self, login: str) -> User:
        """Find a user, or let one sign up."""

    @abstractmethod
    def permission(self, login: str) -> str:
        """Tell what someone may do here."""

    @abstractmethod
    def changed(self, about: Issue, action: str, actor: str, **details: Unpack[Details]) -> None:
        """Tell everyone that an issue or pull request is not as it was."""

    @abstractmethod
    def set_off(self, pull: Pull, action: str, actor: str) -> None:
        """Start the workflows that listen to a change of a pull request."""

    def tracked(self, number: int) -> Issue:
        """Find an issue or pull request; KeyError when there is neither."""
        return self.pulls[number] if number in self.pulls else self.issues[number]

    def next_number(self) -> int:
        """Tell the number of what is opened next: issues and pull requests share them."""
        return max([0, *self.pulls, *self.issues]) + 1

    def issue(
        self,
        *,
        number: int | None = None,
        author: str = "mona",
        title: str = "It does not fly",
        body: str = "",
        labels: Sequence[str] = (),
    ) -> Issue:
        """Open an issue."""
        now = self.now()
        number = number or self.next_number()
        opened = Issue(
            id=self.number_of("issue"),
            number=number,
            title=title,
            body=body,
            author=self.account(author).login,
            created_at=now,
            updated_at=now,
            labels=list(labels),
        )
        self.issues[number] = opened
        self.changed(opened, "opened", author)
        return opened

    def milestone(self, title: str, *, is_open: bool = True) -> Milestone:
        """Set a goal."""
        number = max(self.milestones, default=0) + 1
        self.milestones[number] = Milestone(
            id=self.number_of("milestone"),
            number=number,
            title=title,
            created_at=self.now(),
            is_open=is_open,
        )
        return self.milestones[number]

    def may_be_assigned(self, login: str, about: Issue) -> bool:
        """Tell whether GitHub would assign someone: people of the house, the author, and who has commented."""
        rank = PERMISSIONS.index(self.permission(login))
        spoke = any(comment.author == login for comment in about.comments)
        return rank >= PERMISSIONS.index("triage") or login == about.author or spoke

    def assign(self, number: int, login: str, *, actor: str) -> None:
        """Make someone responsible; whoever cannot be is left out without a word."""
        about = self.tracked(number)
        if login in about.assignees or not self.may_be_assigned(login, about):
            return
        about.assignees.append(self.account(login).login)
        self._tell(about, "assigned", actor, assignee=login)

    def unassign(self, number: int, login: str, *, actor: str) -> None:
        """Make someone responsible no more."""
        about = self.tracked(number)
        if login in about.assignees:
            about.assignees.remove(login)
            self._tell(about, "unassigned", actor, assignee=login)

    def request_review(self, number: int, who: str, *, actor: str) -> None:
        """Ask a person, or a team by its slug, for a review."""
        pull = self.pulls[number]
        asked, details = _asked(pull, who, is_team=who in self.teams)
        if who not in asked:
            asked.append(who)
            self._tell(pull, "review_requested", actor, **details)

    def withdraw_review(self, number: int, who: str, *, actor: str) -> None:
        """Ask for a review no more."""
        pull = self.pulls[number]
        asked, details = _asked(pull, who, is_team=who in self.teams)
        if who in asked:
            asked.remove(who)
            self._tell(pull, "review_request_removed", actor, **details)

    def retitle(self, number: int, title: str, *, actor: str) -> None:
        """Call it something else."""
        about = self.tracked(number)
        before, about.title = about.title, title
        if before != title:
            self._tell(about, "edited", actor, changes={"title": {"from": before}})

    def rewrite(self, number: int, body: str, *, actor: str) -> None:
        """Change the opening text."""
        about = self.tracked(number)
        before, about.body = about.body, body
        if before != body:
            self._tell(about, "edited", actor, changes={"body": {"from": before}})

    def set_milestone(self, number: int, milestone: int | None, *, actor: str) -> None:
        """Make it part of a goal, or of none."""
        about = self.tracked(number)
        before, about.milestone = about.milestone, milestone
        if before == milestone:
            return
        left = self.milestones[before] if before else None
        if milestone is None:
            self._tell(about, "demilestoned", actor, milestone=left)
        else:
            self._tell(about, "milestoned", actor, milestone=self.milestones[milestone])

    def close(self, number: int, *, actor: str, reason: str = "completed") -> None:
        """Close an issue, or a pull request that is not merged."""
        about = self.tracked(number)
        if about.state == "closed":
            return
        about.state, about.closed_at, about.closed_by = "closed", self.now(), actor
        about.state_reason = None if isinstance(about, Pull) else reason
        self._tell(about, "closed", actor)

    def reopen(self, number: int, *, actor: str) -> None:
        """Open it again."""
        about = self.tracked(number)
        if about.state == "open":
            return
        about.state, about.closed_at, about.closed_by = "open", None, None
        about.state_reason = None if isinstance(about, Pull) else "reopened"
        self._tell(about, "reopened", actor)

    def _tell(self, about: Issue, action: str, actor: str, **details: Unpack[Details]) -> None:
        about.updated_at = self.now()
        self.changed(about, action, actor, **details)
        if isinstance(about, Pull):
            self.set_off(about, action, actor)


def _asked(pull: Pull, who: str, *, is_team: bool) -> tuple[list[str], Details]:
    """Return the list that somebody belongs to, and how a webhook names them."""
    if is_team:
        return pull.review_teams, Details(team=who)
    return pull.reviewers, Details(reviewer=who)
