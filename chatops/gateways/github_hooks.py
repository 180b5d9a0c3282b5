"""GitHub's own list of what it delivered to our App, as our port wants it."""

from collections.abc import AsyncIterator
from typing import Protocol

from chatops.gateways.github_access import Api
from chatops.ports import Json

PER_PAGE = 100


class Calls(Protocol):
    """How the gateway calls as the App itself."""

    def _as_app(self) -> Api: ...


class HookCalls:
    """The calls about deliveries. Only an App may make them, as itself: they belong to no installation."""

    async def deliveries(self: Calls) -> AsyncIterator[Json]:
        """Yield each try to deliver of the last three days, the newest first, page by page as they are asked for."""
        url = "/app/hook/deliveries{?per_page}"
        async for one in self._as_app().items(url, per_page=str(PER_PAGE)):
            yield one

    async def deliver_again(self: Calls, number: int) -> None:
        """Have a delivery sent once more; it has the same GUID then, and another number."""
        url = "/app/hook/deliveries/{number}/attempts"
        await self._as_app().change("POST", url, {}, number=number)
