"""GitHub's calls about what issues and pull requests have in common: title, state, milestone, and people."""

from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Iterable, Sequence
from typing import Any

from chatops.gateways.github_access import Value, readable
from chatops.names import Login, PullNumber, Repo
from chatops.ports import IssueState, Json, Milestone

ISSUE = "/repos{/repo*}/issues/{number}"
REVIEWERS = "/repos{/repo*}/pulls/{number}/requested_reviewers"
MILESTONES = "/repos{/repo*}/milestones{?state,per_page}"


class IssueCalls(ABC):
    """The part of the gateway that knows issues; how a call is made is told by the rest."""

    @abstractmethod
    async def _read(self, repo: Repo, url: str, **values: Value) -> Json:
        """Return an object as it is now."""

    @abstractmethod
    def _items(
        self, repo: Repo, url: str, key: str | None = None, *, fresh: bool = False, **values: Value
    ) -> AsyncGenerator[Json, None]:
        """Yield the objects of a list."""

    @abstractmethod
    async def _change(
        self, method: str, repo: Repo, url: str, content: Json, **values: Value
    ) -> None:
        """Make a call that changes something."""

    @abstractmethod
    async def _write(
        self, method: str, repo: Repo, url: str, content: Json, **values: Value
    ) -> Json:
        """Make a call that changes something, and return what GitHub answers."""

    async def issue(self, repo: Repo, number: PullNumber) -> IssueState:
        """Return an issue or pull request as it is now, never from a cache."""
        found = await self._read(repo, ISSUE, number=number)
        with readable():
            as_pull = found.get("pull_request")
            return IssueState(
                number=number,
                is_pull=as_pull is not None,
                author=Login(_login(found.get("user"))),
                title=str(found.get("title") or ""),
                state=str(found.get("state") or ""),
                reason=str(found.get("state_reason") or ""),
                is_merged=bool((as_pull or {}).get("merged_at")),
                closed_by=Login(_login(found.get("closed_by"))),
                labels=_names(found.get("labels"), "name"),
                assignees=_names(found.get("assignees"), "login"),
                milestone=str((found.get("milestone") or {}).get("title") or ""),
            )

    async def assign(self, repo: Repo, number: PullNumber, logins: Sequence[str]) -> Sequence[str]:
        """Make people responsible; return who is then. GitHub leaves out whom it cannot assign, and says nothing."""
        content = {"assignees": list(logins)}
        found = await self._write("POST", repo, f"{ISSUE}/assignees", content, number=number)
        with readable():
            return _names(found.get("assignees"), "login")

    async def unassign(self, repo: Repo, number: PullNumber, logins: Sequence[str]) -> None:
        """Make people responsible no more."""
        content = {"assignees": list(logins)}
        await self._change("DELETE", repo, f"{ISSUE}/assignees", content, number=number)

    async def requested_reviewers(self, repo: Repo, number: PullNumber) -> Sequence[str]:
        """Return whose review a pull request waits for: logins, and teams as `owner/team`; never from a cache."""
        found = await self._read(repo, REVIEWERS, number=number)
        owner = repo.partition("/")[0]
        with readable():
            teams = _names(found.get("teams"), "slug")
            return [*_names(found.get("users"), "login"), *(f"{owner}/{team}" for team in teams)]

    async def request_reviews(self, repo: Repo, number: PullNumber, who: Sequence[str]) -> None:
        """Ask people and teams for reviews; GitHub says no to all of them where it cannot ask one."""
        await self._write("POST", repo, REVIEWERS, _reviewers(who), number=number)

    async def withdraw_reviews(self, repo: Repo, number: PullNumber, who: Sequence[str]) -> None:
        """Ask people and teams for reviews no more."""
        await self._change("DELETE", repo, REVIEWERS, _reviewers(who), number=number)

    async def retitle(self, repo: Repo, number: PullNumber, title: str) -> None:
        """Give an issue or pull request another title."""
        await self._write("PATCH", repo, ISSUE, {"title": title}, number=number)

    async def set_state(
        self, repo: Repo, number: PullNumber, state: str, reason: str | None = None
    ) -> None:
        """Close or open an issue or pull request; `reason` is for closed issues."""
        content = {"state": state, **({"state_reason": reason} if reason else {})}
        await self._write("PATCH", repo, ISSUE, content, number=number)

    async def set_milestone(self, repo: Repo, number: PullNumber, milestone: int | None) -> None:
        """Make an issue or pull request part of a milestone, or of none."""
        await self._write("PATCH", repo, ISSUE, {"milestone": milestone}, number=number)

    async def open_milestones(self, repo: Repo) -> Sequence[Milestone]:
        """Return the milestones of a repository that are open."""
        found = self._items(repo, MILESTONES, state="open", fresh=True)
        listed = [one async for one in found]
        with readable():
            return [Milestone(number=int(one["number"]), title=str(one["title"])) for one in listed]


def _reviewers(who: Iterable[str]) -> Json:
    """Return people and teams apart, as GitHub wants them; a team is named by the last part of its name."""
    chosen = list(who)
    return {
        "reviewers": [one for one in chosen if "/" not in one],
        "team_reviewers": [one.rpartition("/")[2] for one in chosen if "/" in one],
    }


def _login(account: Any) -> str:  # noqa: ANN401 - JSON from outside
    return str((account or {}).get("login") or "")


def _names(listed: Any, key: str) -> tuple[str, ...]:  # noqa: ANN401 - JSON from outside
    return tuple(str(one[key]) for one in listed or ())
