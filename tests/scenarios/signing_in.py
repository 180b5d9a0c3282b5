"""A browser between Slack and GitHub: somebody follows the private address and says who they are."""

import html
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx

from chatops.standins.slack import Message, SlackStandIn
from tests.scenarios.world import MEMBER, Town


def address_in(message: Message) -> str:
    """Return the one address that a message leads to."""
    [found] = [
        element["url"]
        for block in message.blocks
        for part in block["elements"]
        for element in part.get("elements", ())
        if element["type"] == "link"
    ]
    return str(found)


class Browser:
    """One person's browser: keeps cookies, follows what it is told to."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self.client = client
        self.page = ""
        self.status = 0

    async def open(self, url: str) -> str:
        """Open an address."""
        return self._read(await self.client.get(url))

    async def follow(self, text: str) -> str:
        """Follow the link with this text."""
        found = re.search(rf'<a [^>]*?href="([^"]+)"[^>]*>{text}</a>', self.page)
        assert found is not None, self.page
        return await self.open(str(self._last.url.join(html.unescape(found.group(1)))))

    async def send(self, **chosen: str) -> str:
        """Send the form on the page, with what was chosen."""
        action = re.search(r'<form method="post" action="([^"]+)"', self.page)
        assert action is not None, self.page
        hidden = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', self.page)
        fields = {name: html.unescape(value) for name, value in hidden} | chosen
        url = self._last.url.join(html.unescape(action.group(1)))
        return self._read(await self.client.post(url, data=fields))

    async def send_to(self, action: str, *, base: str = "", **chosen: str) -> str:
        """Send the last form on the page that leads to this address, with what was typed and chosen."""
        forms = re.findall(
            rf'<form[^>]* method="post" action="{re.escape(action)}">(.*?)</form>',
            self.page,
            re.DOTALL,
        )
        assert forms, self.page
        hidden = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', forms[-1])
        fields = {name: html.unescape(value) for name, value in hidden} | chosen
        url = httpx.URL(base or self.at).join(action)
        return self._read(await self.client.post(url, data=fields))

    @property
    def at(self) -> str:
        """The address of the page."""
        return str(self._last.url)

    @property
    def went_to(self) -> str:
        """Where the last answer leads to, when it was not followed."""
        return str(self._last.headers["location"])

    def _read(self, answer: httpx.Response) -> str:
        self._last = answer
        self.page, self.status = answer.text, answer.status_code
        return self.page


@asynccontextmanager
async def browser() -> AsyncIterator[Browser]:
    """Open a browser that has been nowhere."""
    async with httpx.AsyncClient(follow_redirects=True, trust_env=False, timeout=20) as client:
        yield Browser(client)


async def offered(
    here: Town, user: str, *, slack: SlackStandIn | None = None, channel: str = "ci"
) -> str:
    """Ask for the private address, as a member of the Slack workspace, or of another one."""
    said = await (slack or here.slack).slash("/acme", "link", user=user, channel=channel)
    return address_in(await said.message())


async def link(
    here: Town,
    user: str,
    login: str = MEMBER,
    *,
    slack: SlackStandIn | None = None,
    channel: str = "ci",
) -> None:
    """Let somebody in Slack prove who they are on GitHub."""
    address = await offered(here, user, slack=slack, channel=channel)
    async with browser() as visitor:
        await visitor.open(address)
        await visitor.follow("Sign in with GitHub")
        await visitor.send(**{"as": login, "say": "yes"})
        await visitor.send()
        assert "Linked" in visitor.page, visitor.page
    await here.settle()
