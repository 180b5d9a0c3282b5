"""The calls to GitHub about commits and branches, and about opening a pull request."""

from collections.abc import AsyncGenerator, Sequence
from typing import Protocol

from chatops.errors import Refused, Transient
from chatops.gateways.github_access import Api, Value, readable
from chatops.names import PullNumber, Repo, Sha
from chatops.ports import Commit, Json

IN_REPOSITORY = "/repos{/repo*}"
EXISTS = "already exists"


class Reach(Protocol):
    """How a call is made; the gateway is one."""

    async def _fresh(self, repo: Repo) -> Api: ...

    def _items(
        self, repo: Repo, url: str, key: str | None = None, *, fresh: bool = False, **values: Value
    ) -> AsyncGenerator[Json, None]: ...


class GitCalls:
    """The part of the gateway that makes commits and branches."""

    async def pull_from(self: Reach, repo: Repo, head: str, base: str) -> PullNumber | None:
        """Return the pull request from one branch of a repository to another, open or not; of several the newest."""
        url = IN_REPOSITORY + "/pulls{?head,base,state,per_page}"
        owner = repo.partition("/")[0]
        found = self._items(repo, url, head=f"{owner}:{head}", base=base, state="all", fresh=True)
        with readable():
            async for pull in found:
                return PullNumber(int(pull["number"]))
        return None

    async def open_pull(
        self: Reach, repo: Repo, *, head: str, base: str, title: str, body: str
    ) -> PullNumber:
        """Open a pull request from a branch of the repository."""
        api = await self._fresh(repo)
        content = {"head": head, "base": base, "title": title, "body": body}
        url = IN_REPOSITORY + "/pulls"
        made = await api.write("POST", url, content, repo=repo.split("/"))
        with readable():
            return PullNumber(int(made["number"]))

    async def branch_head(self: Reach, repo: Repo, branch: str) -> Sha:
        """Return the newest commit of a branch."""
        api = await self._fresh(repo)
        url = IN_REPOSITORY + "/branches{/branch*}"
        found = await api.item(url, repo=repo.split("/"), branch=branch.split("/"))
        with readable():
            return Sha(str(found["commit"]["sha"]))

    async def commit(self: Reach, repo: Repo, sha: Sha) -> Commit:
        """Return a commit."""
        api = await self._fresh(repo)
        url = IN_REPOSITORY + "/git/commits/{sha}"
        found = await api.item(url, repo=repo.split("/"), sha=sha)
        with readable():
            return Commit(
                sha=Sha(str(found["sha"])),
                tree=Sha(str(found["tree"]["sha"])),
                parents=tuple(Sha(str(parent["sha"])) for parent in found["parents"]),
                message=str(found["message"]),
                author=found["author"],
            )

    async def create_commit(
        self: Reach,
        repo: Repo,
        *,
        message: str,
        tree: Sha,
        parents: Sequence[Sha],
        author: Json | None,
    ) -> Sha:
        """Make a commit that is on no branch yet."""
        api = await self._fresh(repo)
        content = {"message": message, "tree": tree, "parents": list(parents)}
        by = {"author": author} if author else {}
        url = IN_REPOSITORY + "/git/commits"
        made = await api.write("POST", url, {**content, **by}, repo=repo.split("/"))
        with readable():
            return Sha(str(made["sha"]))

    async def set_branch(self: Reach, repo: Repo, branch: str, sha: Sha) -> None:
        """Let a branch be at a commit; one that is not there is made."""
        api = await self._fresh(repo)
        parts = repo.split("/")
        content = {"ref": f"refs/heads/{branch}", "sha": sha}
        try:
            await api.change("POST", IN_REPOSITORY + "/git/refs", content, repo=parts)
        except Refused as refusal:
            if EXISTS not in refusal.text:
                raise
            url = IN_REPOSITORY + "/git/refs/heads{/branch*}"
            moved = {"sha": sha, "force": True}
            await api.change("PATCH", url, moved, repo=parts, branch=branch.split("/"))

    async def delete_branch(self: Reach, repo: Repo, branch: str) -> None:
        """Delete a branch."""
        api = await self._fresh(repo)
        url = IN_REPOSITORY + "/git/refs/heads{/branch*}"
        await api.change("DELETE", url, {}, repo=repo.split("/"), branch=branch.split("/"))

    async def merge_into(self: Reach, repo: Repo, branch: str, sha: Sha) -> Sha:
        """Merge a commit into a branch; return the tree that came of it."""
        api = await self._fresh(repo)
        content = {"base": branch, "head": sha}
        made = await api.write("POST", IN_REPOSITORY + "/merges", content, repo=repo.split("/"))
        if not made:
            raise Transient("GitHub said that there is nothing to merge, which cannot be.")
        with readable():
            return Sha(str(made["commit"]["tree"]["sha"]))
