"""What is private on GitHub is so here: pages, their JSON and answers are for those who can see the repositories."""

from pathlib import Path

import httpx
import pytest

from tests.scenarios.signing_in import browser, link
from tests.scenarios.world import MEMBER, PULL, STRANGER, Town, town

pytestmark = pytest.mark.anyio

PLACES = (
    "/nightly", "/nightly.json", "/prs", f"/acme/prs/{PULL}", "/audit", "/status.json", "/api/v1/nightly",
    "/api/v1/acme/prs",
)  # fmt: skip


async def closed(here: Town) -> None:
    """Make the repository private, and wait until that is known."""
    here.repository.permissions.pop(STRANGER, None)
    here.pass_time(2)
    here.repository.show(private=True, actor=MEMBER)
    await here.settle()
    here.service.seeing.forget()


async def status(here: Town, client: httpx.AsyncClient, place: str) -> int:
    answer = await client.get(f"{here.service.settings.base_url}{place}")
    return answer.status_code


@pytest.mark.parametrize("place", PLACES)
async def test_whoever_cannot_see_it_there_finds_nothing_here(
    database_url: str, tmp_path: Path, place: str
) -> None:
    async with (
        town(database_url, tmp_path) as here,
        browser() as nobody,
        browser() as stranger,
        browser() as member,
    ):
        await here.open_failed_pull()
        before = await status(here, nobody.client, place)
        await closed(here)
        for visitor, login in ((stranger, STRANGER), (member, MEMBER)):
            await visitor.open(f"{here.service.settings.base_url}/sign-in?to=/commands")
            await visitor.send(**{"as": login, "say": "yes"})

        assert before == 200
        assert await status(here, nobody.client, place) == 404
        assert await status(here, stranger.client, place) == 404
        shown = await member.client.get(f"{here.service.settings.base_url}{place}")
        assert (shown.status_code, shown.headers["cache-control"]) == (200, "private, no-store")

        here.pass_time(2)
        here.repository.show(private=False, actor=MEMBER)
        await here.settle()
        here.service.seeing.forget()
        assert await status(here, nobody.client, place) == 200


async def test_who_finds_nothing_is_told_to_sign_in_and_not_what_there_is(
    database_url: str, tmp_path: Path
) -> None:
    async with town(database_url, tmp_path) as here, browser() as nobody:
        await closed(here)
        there = await nobody.open(f"{here.service.settings.base_url}/nightly")
        nowhere = await nobody.open(f"{here.service.settings.base_url}/nightlies")

        assert "/sign-in?to=/nightly" in there
        assert "Nothing is here." in there
        assert "Nothing is here." in nowhere


async def test_nobody_hears_of_news_who_may_not_see_them(database_url: str, tmp_path: Path) -> None:
    async with town(database_url, tmp_path) as here, browser() as nobody:
        await closed(here)

        assert await status(here, nobody.client, "/stream") == 404
        assert await status(here, nobody.client, "/acme/stream") == 404


async def test_in_slack_one_has_to_be_known_and_be_able_to_see_it(
    database_url: str, tmp_path: Path
) -> None:
    async with town(database_url, tmp_path) as here:
        await closed(here)
        unknown = await here.slack.slash("/acme", "status nightly", user="octavia")
        await here.settle()
        told = here.slack.messages[-1].text
        await link(here, "octavia")
        await here.slack.slash("/acme", "status nightly", user="octavia")
        await here.settle()

        assert unknown
        assert "I do not know who you are on GitHub" in told
        assert "night" in here.slack.messages[-1].text


async def test_somebody_of_whom_github_says_no_is_refused_in_slack(
    database_url: str, tmp_path: Path
) -> None:
    async with town(database_url, tmp_path) as here:
        await link(here, "octavia", STRANGER)
        await closed(here)
        await here.slack.slash("/acme", "flakes", user="octavia")
        await here.settle()

        assert "not everybody may see" in here.slack.messages[-1].text
