"""The calls to GitHub around approving and merging: owners' files, teams, and merging itself."""

from collections.abc import Sequence
from typing import Protocol

from chatops.errors import Refused
from chatops.gateways.github_access import Api, readable
from chatops.gateways.github_graphql import ask
from chatops.names import Login, PullNumber, Repo, Sha
from chatops.ports import Head, MergeState

IN_REPOSITORY = "/repos{/repo*}"


class Reach(Protocol):
    """How a call is made; the gateway is one."""

    async def _fresh(self, repo: Repo) -> Api: ...

    async def _remembering(self, repo: Repo) -> Api: ...


class Reviews:
    """The part of the gateway that approving and merging need."""

    async def head(self: Reach, repo: Repo, number: PullNumber) -> Head:
        """Return where a pull request is now, never from a cache."""
        api = await self._fresh(repo)
        url = IN_REPOSITORY + "/pulls/{number}"
        found = await api.item(url, repo=repo.split("/"), number=number)
        with readable():
            return Head(
                sha=Sha(str(found["head"]["sha"])),
                base=str(found["base"]["ref"]),
                state=str(found["state"]),
                merged=bool(found.get("merged")),
            )

    async def paths(self: Reach, repo: Repo, branch: str) -> Sequence[str]:
        """Return the paths of all files of a branch; `Refused` where GitHub does not show them all."""
        api = await self._remembering(repo)
        url = IN_REPOSITORY + "/git/trees{/branch*}{?recursive}"
        found = await api.item(url, repo=repo.split("/"), branch=branch.split("/"), recursive="1")
        if found.get("truncated"):
            raise Refused(f"{repo} has more files than GitHub lists at once.", reason="too_many")
        with readable():
            return [str(entry["path"]) for entry in found["tree"] if entry["type"] == "blob"]

    async def is_member(self: Reach, repo: Repo, team: str, login: Login) -> bool:
        """Return whether somebody is in a team, `organization/team`, of the repository's organization."""
        organization, _, name = team.partition("/")
        if organization.lower() != repo.partition("/")[0].lower():
            return False
        api = await self._fresh(repo)
        url = "/orgs/{organization}/teams/{name}/memberships/{login}"
        try:
            found = await api.item(url, organization=organization, name=name, login=login)
        except Refused as refusal:
            if refusal.reason == "not_found":
                return False
            raise
        return found.get("state") == "active"

    async def association(self: Reach, repo: Repo, login: Login) -> str:
        """Return GitHub's word for somebody of the house: a member of the organization, or a collaborator."""
        api, hidden = await self._fresh(repo), None
        organization, parts = repo.partition("/")[0], repo.split("/")
        try:
            found = await api.item(
                "/orgs/{organization}/memberships/{login}", organization=organization, login=login
            )
        except Refused as refusal:
            # A repository may belong to a person; its collaborators are asked for below.
            hidden = None if refusal.reason == "not_found" else refusal
        else:
            if found.get("state") == "active":
                return "MEMBER"
        if await api.answers(IN_REPOSITORY + "/collaborators/{login}", repo=parts, login=login):
            return "COLLABORATOR"
        if hidden is not None:
            raise hidden
        return ""

    async def merge_state(self: Reach, repo: Repo, number: PullNumber) -> MergeState:
        """Return whether a pull request is merged, or will be by itself; never from a cache."""
        owner, _, name = repo.partition("/")
        api = await self._fresh(repo)
        found = await ask(api, "mergeState", {"owner": owner, "name": name, "number": number})
        with readable():
            about = found["repository"]["pullRequest"]
            return MergeState(
                node=str(about["id"]),
                sha=Sha(str(about["headRefOid"])),
                state=str(about["state"]).lower(),
                waits=about.get("autoMergeRequest") is not None,
                queued=about.get("mergeQueueEntry") is not None,
            )

    async def enable_auto_merge(self: Reach, repo: Repo, node: str, sha: Sha, method: str) -> None:
        """Let GitHub merge a pull request once what is required is there; `Refused` if it was pushed to."""
        content = {
            "pullRequestId": node,
            "mergeMethod": method.upper(),
            "expectedHeadOid": sha,
        }
        await ask(await self._fresh(repo), "enablePullRequestAutoMerge", {"input": content})

    async def disable_auto_merge(self: Reach, repo: Repo, node: str) -> None:
        """Let GitHub merge it no longer by itself."""
        content = {"pullRequestId": node}
        await ask(await self._fresh(repo), "disablePullRequestAutoMerge", {"input": content})

    async def enqueue(self: Reach, repo: Repo, node: str, sha: Sha) -> None:
        """Put a pull request into the merge queue of its base branch; `Refused` if it was pushed to."""
        content = {"pullRequestId": node, "expectedHeadOid": sha}
        await ask(await self._fresh(repo), "enqueuePullRequest", {"input": content})

    async def dequeue(self: Reach, repo: Repo, node: str) -> None:
        """Take a pull request out of the merge queue."""
        await ask(await self._fresh(repo), "dequeuePullRequest", {"input": {"id": node}})

    async def merge(self: Reach, repo: Repo, number: PullNumber, sha: Sha, method: str) -> None:
        """Merge a pull request now; `Refused` if it was pushed to."""
        api = await self._fresh(repo)
        url = IN_REPOSITORY + "/pulls/{number}/merge"
        content = {"sha": sha, "merge_method": method}
        await api.change("PUT", url, content, repo=repo.split("/"), number=number)

    async def update_branch(self: Reach, repo: Repo, number: PullNumber, sha: Sha) -> None:
        """Merge the base branch into the branch of a pull request; `Refused` if it was pushed to."""
        api = await self._fresh(repo)
        url = IN_REPOSITORY + "/pulls/{number}/update-branch"
        content = {"expected_head_sha": sha}
        await api.change("PUT", url, content, repo=repo.split("/"), number=number)
