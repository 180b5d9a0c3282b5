"""Linking Slack to GitHub: by signing in, once, in one browser, with both accounts named; and what it is worth."""

from datetime import timedelta
from pathlib import Path

import pytest

from chatops.app import Service
from chatops.engine.log import Batch
from chatops.events import Fact
from chatops.events.identities import IdentityLinked, LinkOffered
from chatops.names import CommandId
from tests.scenarios.signing_in import Browser, address_in, browser, link, offered
from tests.scenarios.world import MEMBER, PULL, SESSION_SECRET, STRANGER, Town, town

pytestmark = pytest.mark.anyio


async def linked(here: Town) -> list[tuple[str, str]]:
    """Return who was linked to whom."""
    return [
        (event.user, event.login)
        for recorded in await here.events()
        if isinstance(event := recorded.event, IdentityLinked)
    ]


async def signed_in(visitor: Browser, address: str, login: str = MEMBER) -> None:
    """Go as far as the page that names both accounts."""
    await visitor.open(address)
    await visitor.follow("Sign in with GitHub")
    await visitor.send(**{"as": login, "say": "yes"})


async def test_who_signs_in_and_confirms_is_linked_and_told_so(
    database_url: str, tmp_path: Path
) -> None:
    async with town(database_url, tmp_path) as here:
        await link(here, "octavia")

        assert await linked(here) == [("U0OCTAVIA", MEMBER)]
        [offer, told] = [one for one in here.slack.messages if one.from_app]
        assert told.text == f"You are {MEMBER} on GitHub from now on."
        assert {offer.ephemeral_to, told.ephemeral_to} == {"U0OCTAVIA"}


async def test_both_accounts_are_named_before_anything_is_linked(
    database_url: str, tmp_path: Path
) -> None:
    async with town(database_url, tmp_path) as here, browser() as visitor:
        address = await offered(here, "octavia")
        first = await visitor.open(address)
        await signed_in(visitor, address, STRANGER)

        assert "octavia" in first
        assert "U0OCTAVIA" in visitor.page
        assert STRANGER in visitor.page
        assert await linked(here) == []


async def test_the_address_is_good_once(database_url: str, tmp_path: Path) -> None:
    async with town(database_url, tmp_path) as here, browser() as first, browser() as second:
        address = await offered(here, "octavia")
        await signed_in(first, address)
        await signed_in(second, address, STRANGER)
        await first.send()
        await second.send()

        assert (first.status, second.status) == (200, 410)
        assert await linked(here) == [("U0OCTAVIA", MEMBER)]
        assert "has been used" in await second.open(address)


async def test_what_came_back_to_another_browser_is_nothing(
    database_url: str, tmp_path: Path
) -> None:
    async with town(database_url, tmp_path) as here, browser() as mine, browser() as theirs:
        await mine.open(await offered(here, "octavia"))
        await mine.follow("Sign in with GitHub")
        mine.client.follow_redirects = False
        await mine.send(**{"as": MEMBER, "say": "yes"})
        back = mine.went_to

        page = await theirs.open(back)

        assert theirs.status == 400
        assert "did not begin in this browser" in page
        assert await linked(here) == []


@pytest.mark.parametrize("change", ["nothing=", "state=other&x="])
async def test_what_was_not_begun_so_is_nothing(
    change: str, database_url: str, tmp_path: Path
) -> None:
    async with town(database_url, tmp_path) as here, browser() as visitor:
        await visitor.open(await offered(here, "octavia"))
        await visitor.follow("Sign in with GitHub")
        visitor.client.follow_redirects = False
        await visitor.send(**{"as": MEMBER, "say": "yes"})

        page = await visitor.open(visitor.went_to.replace("state=", change))

        assert "did not begin in this browser" in page
        assert await linked(here) == []


async def test_who_says_no_at_github_is_not_linked(database_url: str, tmp_path: Path) -> None:
    async with town(database_url, tmp_path) as here, browser() as visitor:
        await visitor.open(await offered(here, "octavia"))
        await visitor.follow("Sign in with GitHub")

        page = await visitor.send(**{"as": MEMBER, "say": "no"})

        assert "GitHub did not sign you in" in page
        assert await linked(here) == []


async def test_an_address_that_was_changed_is_none_of_ours(
    database_url: str, tmp_path: Path
) -> None:
    async with town(database_url, tmp_path) as here, browser() as visitor:
        address = await offered(here, "octavia")

        for changed in (
            address[:-1],
            f"{address}x",
            address.rpartition(".")[0],
            f"{address}/start/x",
        ):
            await visitor.open(changed)
            assert visitor.status in (400, 404)
        assert "none of ours" in await visitor.open(f"{address[:-2]}/start")


async def test_an_address_is_good_for_ten_minutes(database_url: str, tmp_path: Path) -> None:
    async with town(database_url, tmp_path) as here, browser() as visitor:
        old = LinkOffered(
            command=CommandId("command/slack/old"),
            team="T1",
            user="U1",
            expires_at=here.service.clock.now() - timedelta(seconds=1),
        )
        fact = Fact(event=old, source="chatops", correlation_id=old.command)
        await here.service.record(Batch(facts=[fact]))

        page = await visitor.open(made(here.service, old.command))

        assert visitor.status == 410
        assert "ten minutes" in page


async def test_neither_token_nor_address_is_ever_recorded(
    database_url: str, tmp_path: Path
) -> None:
    async with town(database_url, tmp_path) as here:
        await link(here, "octavia")

        codec = here.service.log.codec
        recorded = b"".join([codec.encode(one.event) for one in await here.events()])
        token = next(token for token in here.hub.world.tokens if token.startswith("ghu_"))
        [offer, _] = [one for one in here.slack.messages if one.from_app]
        assert token.encode() not in recorded
        assert address_in(offer).rpartition("/")[2].encode() not in recorded
        assert SESSION_SECRET.encode() not in recorded


async def test_who_takes_it_back_is_nobody_again(database_url: str, tmp_path: Path) -> None:
    async with town(database_url, tmp_path) as here:
        await here.open_failed_pull()
        await link(here, "octavia")

        await here.slack.slash("/acme", "link remove", user="octavia")
        await here.settle()
        said = await here.slack.slash("/acme", f"retest #{PULL}", user="octavia")
        refused = await said.message()

        assert "I do not know who you are" in refused.text
        assert here.reruns == []


async def test_a_login_that_came_to_be_somebody_elses_is_worth_nothing(
    database_url: str, tmp_path: Path
) -> None:
    async with town(database_url, tmp_path) as here:
        await here.open_failed_pull()
        await link(here, "octavia")
        del here.hub.world.users[MEMBER]
        here.hub.world.account(MEMBER)

        said = await here.slack.slash("/acme", f"retest #{PULL}", user="octavia")
        refused = await said.message()

        assert "could not find out what you may do" in refused.text
        assert here.reruns == []


async def test_a_name_in_slack_that_is_a_login_on_github_is_worth_nothing(
    database_url: str, tmp_path: Path
) -> None:
    async with town(database_url, tmp_path) as here:
        await here.open_failed_pull()

        await here.slack.slash("/acme", f"retest #{PULL}", user=MEMBER)
        await here.settle()

        assert here.reruns == []


def made(service: Service, command: str) -> str:
    """Return the address for a command that nobody offered."""
    assert service.linking is not None
    return service.linking.address(CommandId(command))


async def test_what_was_never_offered_cannot_be_taken_up(database_url: str, tmp_path: Path) -> None:
    async with town(database_url, tmp_path) as here, browser() as visitor:
        page = await visitor.open(made(here.service, "command/slack/never"))

        assert visitor.status == 400
        assert "none of ours" in page
