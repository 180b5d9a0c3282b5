import pytest

from chatops.effects.post_digest import PostDigest
from chatops.engine.clock import SystemClock
from chatops.errors import Refused, Transient
from chatops.events.digests import DigestContents, DigestPosted, DigestRefused, DigestWanted
from chatops.ports import Ports
from tests.effects.test_send_notice import CHANNEL, EVERYTHING, Room, room

pytestmark = pytest.mark.anyio


def wanted(day: str = "2026-08-22", channel: str = CHANNEL) -> DigestWanted:
    return DigestWanted(
        digest=f"digest/acme/{channel}/{day}", community="acme", channel=channel, day=day,
        position=7, at=SystemClock().now(), contents=DigestContents(title="Acme", about="all jobs"),
    )  # fmt: skip


async def post(here: Room, digest: DigestWanted) -> DigestPosted:
    (posted,) = await PostDigest().perform(digest, here.ports)
    assert isinstance(posted, DigestPosted)
    return posted


async def test_a_channel_gets_its_digest() -> None:
    async with room(EVERYTHING) as here:
        posted = await post(here, wanted())

        (message,) = here.told
        assert (message.channel, message.ts) == (CHANNEL, posted.message)
        assert message.text.startswith("No job fails in the nights of Acme.")
        assert not posted.found


async def test_it_is_posted_once_though_its_answer_was_lost() -> None:
    async with room(EVERYTHING) as here:
        here.slack.fail_next(
            "chat.postMessage", status=500, error="internal_error", after_effect=True
        )
        digest = wanted()
        with pytest.raises(Transient):
            await post(here, digest)

        assert (await post(here, digest)).found
        assert len(here.told) == 1


async def test_the_digest_of_another_day_is_another_message() -> None:
    async with room(EVERYTHING) as here:
        await post(here, wanted())
        await post(here, wanted("2026-08-23"))

        assert len(here.told) == 2


async def test_a_channel_that_may_not_be_read_gets_it_all_the_same() -> None:
    async with room() as here:
        assert not (await post(here, wanted())).found
        assert len(here.told) == 1


async def test_what_slack_does_not_take_is_told_with_its_words() -> None:
    async with room(EVERYTHING) as here:
        here.slack.workspace.archive(CHANNEL)
        digest = wanted()
        with pytest.raises(Refused) as caught:
            await PostDigest().perform(digest, here.ports)

    (refused,) = PostDigest().refused(digest, caught.value)
    assert isinstance(refused, DigestRefused)
    assert (refused.digest, refused.reason) == (digest.digest, "is_archived")


async def test_without_slack_nobody_is_told() -> None:
    async with room() as here:
        ports = Ports(clock=here.ports.clock, github=here.ports.github)
        with pytest.raises(Refused, match="not set up"):
            await PostDigest().perform(wanted(), ports)


def test_it_says_what_it_would_do() -> None:
    assert PostDigest().describe(wanted()) == (
        "Would post the digest of 2026-08-22 in the channel C0CI in Slack."
    )
