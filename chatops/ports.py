"""What we need from outside, in our words. Gateways fulfil it; the stand-ins judge them over real HTTP."""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from msgspec import Struct

from chatops.names import JobId, Login, PullNumber, Repo, RunId, Sha

Json = Mapping[str, Any]
"""An object as GitHub's REST API returned it; a translator reads it at once."""


class Clock(Protocol):
    """Where time comes from."""

    def now(self) -> datetime:
        """Return the present, aware, UTC."""
        ...

    def monotonic(self) -> float:
        """Return seconds that never run backwards, for measuring."""
        ...


class Permission(StrEnum):
    """GitHub's repository roles, from nothing to everything."""

    UNKNOWN = "unknown"
    NONE = "none"
    READ = "read"
    TRIAGE = "triage"
    WRITE = "write"
    MAINTAIN = "maintain"
    ADMIN = "admin"


class RunState(Struct, frozen=True, kw_only=True):
    """What GitHub says about a workflow run right now. `conclusion` is empty until it is completed."""

    run_id: RunId
    attempt: int
    status: str
    conclusion: str


class Account(Struct, frozen=True, kw_only=True):
    """A GitHub account: its login may change hands, its number does not."""

    login: Login
    id: int


class SignIn(Protocol):
    """How somebody proves who they are on GitHub, in their browser."""

    def address(self, state: str, challenge: str, back: str) -> str:
        """Return GitHub's page to send a browser to; it comes back to `back` with the state and a code."""
        ...

    async def who(self, code: str, verifier: str, back: str) -> Account:
        """Return whose a code is; `Refused` where GitHub does not say, `Transient` where it stumbles."""
        ...


class IssueState(Struct, frozen=True, kw_only=True):
    """What GitHub says about an issue or pull request right now.

    `reason` says why an issue is closed; `reviewers` is there for commands that look at them.
    """

    number: PullNumber
    is_pull: bool
    author: Login
    title: str
    state: str
    reason: str = ""
    is_merged: bool = False
    closed_by: Login = Login("")
    labels: tuple[str, ...] = ()
    assignees: tuple[str, ...] = ()
    milestone: str = ""
    reviewers: tuple[str, ...] = ()


class Milestone(Struct, frozen=True, kw_only=True):
    """A goal of a repository, with the number GitHub knows it by."""

    number: int
    title: str


class Head(Struct, frozen=True, kw_only=True):
    """Where a pull request is right now: its newest commit, and the branch it is to go to."""

    sha: Sha
    base: str
    state: str
    merged: bool


class MergeState(Struct, frozen=True, kw_only=True):
    """Whether a pull request is merged (`state` is open, closed or merged), or will be by itself.

    `node` is its name in GraphQL; `waits` is auto-merge, `queued` the merge queue.
    """

    node: str
    sha: Sha
    state: str
    waits: bool
    queued: bool


class Commit(Struct, frozen=True, kw_only=True):
    """A commit as git knows it. `author` is handed on as GitHub gave it, and kept nowhere."""

    sha: Sha
    tree: Sha
    parents: tuple[Sha, ...]
    message: str
    author: Json


class GitHub(Protocol):
    """The calls we make to GitHub. They raise `Refused` where GitHub says no, `Transient` where it stumbles."""

    def deliveries(self) -> AsyncIterator[Json]:
        """Yield each try to deliver something to our App in the last three days, the newest first."""
        ...

    async def deliver_again(self, number: int) -> None:
        """Have one of them delivered once more, by the number of a try."""
        ...

    async def permission(self, repo: Repo, login: Login, *, account: int = 0) -> Permission:
        """Return the role of a person in a repository; with an account's number, only if the login is still its."""
        ...

    async def pull(self, repo: Repo, number: PullNumber) -> Json:
        """Return a pull request."""
        ...

    async def head(self, repo: Repo, number: PullNumber) -> Head:
        """Return where a pull request is now, never from a cache."""
        ...

    async def pull_files(self, repo: Repo, number: PullNumber) -> Sequence[str]:
        """Return the paths a pull request changes."""
        ...

    def pulls(self, repo: Repo) -> AsyncIterator[Json]:
        """Yield the open pull requests."""
        ...

    def runs_of_commit(self, repo: Repo, sha: Sha) -> AsyncIterator[Json]:
        """Yield every workflow run of a head commit, newest first, each in its newest attempt."""
        ...

    def runs_of_workflow(
        self, repo: Repo, workflow: str, *, since: datetime | None = None, status: str | None = None
    ) -> AsyncIterator[Json]:
        """Yield the runs of a workflow (its file's name), newest first, each in its newest attempt.

        With a `status` only those that have it, and of these the newest 1,000.
        """
        ...

    async def run(self, repo: Repo, run_id: RunId, attempt: int | None = None) -> Json:
        """Return a run, in one attempt or its newest."""
        ...

    def jobs(self, repo: Repo, run_id: RunId, attempt: int | None = None) -> AsyncIterator[Json]:
        """Yield the jobs of a run: of one attempt, or of all."""
        ...

    async def run_state(self, repo: Repo, run_id: RunId) -> RunState:
        """Return where a run is now, never from a cache."""
        ...

    async def rerun(self, repo: Repo, run_id: RunId) -> None:
        """Run all jobs of a run again."""
        ...

    async def rerun_failed(self, repo: Repo, run_id: RunId) -> None:
        """Run the failed and cancelled jobs of a run, and what depends on them, again."""
        ...

    async def rerun_job(self, repo: Repo, job_id: JobId) -> None:
        """Run one job, and what depends on it, again."""
        ...

    async def cancel_run(self, repo: Repo, run_id: RunId) -> None:
        """Stop a run; GitHub says no if it has ended."""
        ...

    async def approve_run(self, repo: Repo, run_id: RunId) -> None:
        """Let a run from a fork begin that waits for somebody's approval; GitHub says no if it does not."""
        ...

    async def issue(self, repo: Repo, number: PullNumber) -> IssueState:
        """Return an issue or pull request as it is now, never from a cache."""
        ...

    async def assign(self, repo: Repo, number: PullNumber, logins: Sequence[str]) -> Sequence[str]:
        """Make people responsible; return who is then. GitHub leaves out whom it cannot assign, and says nothing."""
        ...

    async def unassign(self, repo: Repo, number: PullNumber, logins: Sequence[str]) -> None:
        """Make people responsible no more."""
        ...

    async def requested_reviewers(self, repo: Repo, number: PullNumber) -> Sequence[str]:
        """Return whose review a pull request waits for: logins, and teams as `owner/team`; never from a cache."""
        ...

    async def request_reviews(self, repo: Repo, number: PullNumber, who: Sequence[str]) -> None:
        """Ask people and teams for reviews; GitHub says no to all of them where it cannot ask one."""
        ...

    async def withdraw_reviews(self, repo: Repo, number: PullNumber, who: Sequence[str]) -> None:
        """Ask people and teams for reviews no more."""
        ...

    async def retitle(self, repo: Repo, number: PullNumber, title: str) -> None:
        """Give an issue or pull request another title."""
        ...

    async def set_state(
        self, repo: Repo, number: PullNumber, state: str, reason: str | None = None
    ) -> None:
        """Close or open an issue or pull request; `reason` is for closed issues."""
        ...

    async def set_milestone(self, repo: Repo, number: PullNumber, milestone: int | None) -> None:
        """Make an issue or pull request part of a milestone, or of none."""
        ...

    async def open_milestones(self, repo: Repo) -> Sequence[Milestone]:
        """Return the milestones of a repository that are open."""
        ...

    async def statuses(self, repo: Repo, sha: Sha) -> Sequence[Json]:
        """Return the newest status of each context of a commit, never from a cache."""
        ...

    async def set_status(
        self, repo: Repo, sha: Sha, *, context: str, state: str, description: str, url: str = ""
    ) -> None:
        """Set a commit status; the newest of a context counts."""
        ...

    async def labels(self, repo: Repo, number: PullNumber) -> Sequence[str]:
        """Return the labels of a pull request or issue as they are now, never from a cache."""
        ...

    async def has_label(self, repo: Repo, name: str) -> bool:
        """Return whether a repository has such a label to give."""
        ...

    async def add_labels(self, repo: Repo, number: PullNumber, names: Sequence[str]) -> None:
        """Put labels on a pull request or issue; those it has stay."""
        ...

    async def remove_label(self, repo: Repo, number: PullNumber, name: str) -> None:
        """Take a label off a pull request or issue; one that is not there changes nothing."""
        ...

    async def react(self, repo: Repo, comment_id: int, reaction: str) -> None:
        """Put a reaction on a comment; a second time changes nothing."""
        ...

    def comments(
        self, repo: Repo, number: PullNumber, *, since: datetime | None = None
    ) -> AsyncIterator[Json]:
        """Yield the comments of a pull request or issue."""
        ...

    async def is_ours(self, comment: Json) -> bool:
        """Return whether we wrote a comment: our app, or the account our token belongs to."""
        ...

    async def comment(self, repo: Repo, number: PullNumber, body: str) -> int:
        """Write a comment and return its id."""
        ...

    async def edit_comment(self, repo: Repo, comment_id: int, body: str) -> None:
        """Replace the text of one of our comments."""
        ...

    async def file(self, repo: Repo, path: str, ref: str) -> str:
        """Return a text file of a repository."""
        ...

    async def paths(self, repo: Repo, branch: str) -> Sequence[str]:
        """Return the paths of all files of a branch."""
        ...

    async def is_member(self, repo: Repo, team: str, login: Login) -> bool:
        """Return whether somebody is in a team of the repository's organization; `Refused` where we may not know."""
        ...

    async def association(self, repo: Repo, login: Login) -> str:
        """Return GitHub's word for somebody of the house: `MEMBER`, `COLLABORATOR`, or nothing.

        `Refused` as `not_permitted` where they are no collaborator, and we may not know whether they are a member.
        """
        ...

    async def merge_state(self, repo: Repo, number: PullNumber) -> MergeState:
        """Return whether a pull request is merged, or will be by itself; never from a cache."""
        ...

    async def enable_auto_merge(self, repo: Repo, node: str, sha: Sha, method: str) -> None:
        """Let GitHub merge a pull request once what is required is there."""
        ...

    async def disable_auto_merge(self, repo: Repo, node: str) -> None:
        """Let GitHub merge it no longer by itself."""
        ...

    async def enqueue(self, repo: Repo, node: str, sha: Sha) -> None:
        """Put a pull request into the merge queue of its base branch."""
        ...

    async def dequeue(self, repo: Repo, node: str) -> None:
        """Take a pull request out of the merge queue."""
        ...

    async def merge(self, repo: Repo, number: PullNumber, sha: Sha, method: str) -> None:
        """Merge a pull request now."""
        ...

    async def update_branch(self, repo: Repo, number: PullNumber, sha: Sha) -> None:
        """Merge the base branch into the branch of a pull request."""
        ...

    async def pull_from(self, repo: Repo, head: str, base: str) -> PullNumber | None:
        """Return the pull request from one branch of a repository to another, open or not."""
        ...

    async def open_pull(
        self, repo: Repo, *, head: str, base: str, title: str, body: str
    ) -> PullNumber:
        """Open a pull request from a branch of the repository."""
        ...

    async def branch_head(self, repo: Repo, branch: str) -> Sha:
        """Return the newest commit of a branch."""
        ...

    async def commit(self, repo: Repo, sha: Sha) -> Commit:
        """Return a commit."""
        ...

    async def create_commit(
        self, repo: Repo, *, message: str, tree: Sha, parents: Sequence[Sha], author: Json | None
    ) -> Sha:
        """Make a commit that is on no branch yet."""
        ...

    async def set_branch(self, repo: Repo, branch: str, sha: Sha) -> None:
        """Let a branch be at a commit; one that is not there is made."""
        ...

    async def delete_branch(self, repo: Repo, branch: str) -> None:
        """Delete a branch."""
        ...

    async def merge_into(self, repo: Repo, branch: str, sha: Sha) -> Sha:
        """Merge a commit into a branch; return the tree that came of it."""
        ...

    async def required_checks(self, repo: Repo, branch: str) -> Sequence[str]:
        """Return the check names that the rules of a branch require."""
        ...

    async def spare(self, repo: Repo, keep: int) -> None:
        """Raise `Transient` while fewer than `keep` calls of this hour are left: work that can wait asks first."""
        ...


class Slack(Protocol):
    """The calls we make to a workspace of Slack.

    They raise `Refused` where Slack says no, `Transient` where it stumbles.
    """

    async def post(
        self, channel: str, message: Json, *, thread: str = "", is_shown: bool = False
    ) -> str:
        """Post a message to a channel, one of its threads, or a person; return the message's name.

        With `is_shown`, one in a thread is shown in the channel as well.
        """
        ...

    async def find(
        self, channel: str, mark: str, *, since: datetime, thread: str = ""
    ) -> str | None:
        """Return the name of the message of ours in a channel, or to a person, whose metadata carry a mark.

        Looked for is among what was said since a moment, in a thread only if it is named. Where we may not read, it is
        refused as `credentials`.
        """
        ...

    async def update(self, channel: str, name: str, message: Json) -> None:
        """Replace a message of ours."""
        ...

    async def whisper(self, channel: str, member: str, message: Json, *, thread: str = "") -> None:
        """Show a message in a channel to one person only; it cannot be changed later."""
        ...

    async def open_form(self, trigger: str, form: Json) -> None:
        """Show a form to the person whose act gave the trigger, within three seconds of it."""
        ...

    async def unfurl(self, channel: str, message: str, pages: Mapping[str, Json]) -> None:
        """Show under somebody's message what is behind its addresses; done again, it replaces what was shown."""
        ...

    async def publish(self, member: str, home: Json) -> None:
        """Show somebody our home tab, in place of what it showed."""
        ...


class Workspaces(Protocol):
    """Slack, of whose workspaces the bot may be in several."""

    async def of(self, team: str) -> Slack:
        """Return the calls to a workspace, by its id; without one, to the usual one.

        `NotThere` where the bot is not in it, or not yet: what was to be said there is to be kept.
        """
        ...

    async def respond(self, response_url: str, message: Json) -> None:
        """Answer a slash command through its response address (5 times within 30 minutes), wherever it leads."""
        ...


class Ports(Struct, frozen=True, kw_only=True):
    """Everything outside, handed to those who may call it."""

    clock: Clock
    github: GitHub
    slack: Workspaces | None = None
