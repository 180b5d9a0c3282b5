"""Who may see a community's pages: everybody, or those who can see its private repositories on GitHub.

Whoever may not is shown what is shown where there is no page. What GitHub said of somebody is good for a few minutes;
that a repository is private counts within seconds.
"""

import secrets
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Protocol

from msgspec import Struct, field
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from chatops.engine.authority import may_read
from chatops.engine.sessions import Session
from chatops.names import Login, Repo
from chatops.ports import Permission

GOOD_FOR = 300.0
"""For so many seconds it is remembered what somebody may do."""
CLOSED_GOOD_FOR = 2.0
MOST_REMEMBERED = 2_000
BEARER = "bearer "


class Ask(Protocol):
    """Asks GitHub what somebody may do in a repository."""

    def __call__(self, repo: Repo, login: Login, *, account: int = 0) -> Awaitable[Permission]: ...


class Seeing(Struct):
    """Knows who may see what. `closed` returns what somebody has to be able to see, of one community or the default.

    `session` tells who is signed in by their cookies, and `token` lets operators' programs in.
    """

    closed: Callable[[str | None], Sequence[Repo]]
    ask: Ask
    session: Callable[[Mapping[str, str]], Session | None]
    token: str = ""
    now: Callable[[], float] = time.monotonic
    _closed: dict[str | None, tuple[float, Sequence[Repo]]] = field(default_factory=dict)
    _may: dict[tuple[int, Repo], tuple[float, bool]] = field(default_factory=dict)

    async def may(self, community: str | None, request: Request) -> bool:
        """Return whether whoever sent a request may see a community's pages; `Transient` if GitHub does not say."""
        closed = await self._closed_now(community)
        if not closed or self._is_operator(request):
            return True
        session = await run_in_threadpool(self.session, request.cookies)
        if session is None:
            return False
        for repo in closed:
            if not await self._sees(session, repo):
                return False
        return True

    async def is_closed(self, community: str | None) -> bool:
        """Return whether not everybody may see a community: then no cache may keep its pages for others."""
        return bool(await self._closed_now(community))

    def forget(self) -> None:
        """Forget all that was remembered."""
        self._closed.clear()
        self._may.clear()

    async def _closed_now(self, community: str | None) -> Sequence[Repo]:
        known = self._closed.get(community)
        if known is not None and self.now() < known[0]:
            return known[1]
        closed = await run_in_threadpool(self.closed, community)
        if len(self._closed) >= MOST_REMEMBERED:
            self._closed.clear()
        self._closed[community] = (self.now() + CLOSED_GOOD_FOR, closed)
        return closed

    async def _sees(self, session: Session, repo: Repo) -> bool:
        known = self._may.get((session.github_id, repo))
        if known is not None and self.now() < known[0]:
            return known[1]
        sees = may_read(await self.ask(repo, session.login, account=session.github_id))
        if len(self._may) >= MOST_REMEMBERED:
            self._may.clear()
        self._may[session.github_id, repo] = (self.now() + GOOD_FOR, sees)
        return sees

    def _is_operator(self, request: Request) -> bool:
        given = request.headers.get("authorization", "")
        if not self.token or given[: len(BEARER)].lower() != BEARER:
            return False
        return secrets.compare_digest(given[len(BEARER) :].encode(), self.token.encode())
