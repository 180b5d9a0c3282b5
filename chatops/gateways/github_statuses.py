"""GitHub's commit statuses, as our port wants them."""

from collections.abc import AsyncIterator, Sequence
from typing import Protocol

from chatops.gateways.github_access import Value
from chatops.names import Repo, Sha
from chatops.ports import Json

LONGEST_DESCRIPTION = 140


class Calls(Protocol):
    """How the gateway makes a call."""

    def _items(
        self, repo: Repo, url: str, key: str | None = None, *, fresh: bool = False, **values: Value
    ) -> AsyncIterator[Json]: ...

    async def _write(
        self, method: str, repo: Repo, url: str, content: Json, **values: Value
    ) -> Json: ...


class StatusCalls:
    """The calls about commit statuses."""

    async def statuses(self: Calls, repo: Repo, sha: Sha) -> Sequence[Json]:
        """Return the newest status of each context of a commit, never from a cache."""
        url = "/repos{/repo*}/commits/{sha}/status{?per_page}"
        return [one async for one in self._items(repo, url, "statuses", fresh=True, sha=sha)]

    async def set_status(
        self: Calls,
        repo: Repo,
        sha: Sha,
        *,
        context: str,
        state: str,
        description: str,
        url: str = "",
    ) -> None:
        """Set a commit status; the newest of a context counts."""
        content = {
            "state": state,
            "context": context,
            "description": description[:LONGEST_DESCRIPTION],
            **({"target_url": url} if url else {}),
        }
        await self._write("POST", repo, "/repos{/repo*}/statuses/{sha}", content, sha=sha)
