import pytest

from chatops.effects.post_digest_details import PostDigestDetails
from chatops.engine.clock import SystemClock
from chatops.errors import Transient
from chatops.events.digests import DigestDetailsPosted, DigestDetailsWanted
from chatops.standins.slack import Message
from tests.effects.test_post_digest import post, wanted
from tests.effects.test_send_notice import CHANNEL, EVERYTHING, Room, room
from tests.views.test_digests import CONTENTS

pytestmark = pytest.mark.anyio


async def details(here: Room) -> DigestDetailsWanted:
    """Post a digest, and return what is to go into its thread."""
    posted = await post(here, wanted())
    return DigestDetailsWanted(
        digest=posted.digest, community="acme", channel=CHANNEL, day=posted.day,
        message=posted.message, position=7, at=SystemClock().now(), contents=CONTENTS,
    )  # fmt: skip


async def thread(here: Room, event: DigestDetailsWanted) -> DigestDetailsPosted:
    (posted,) = await PostDigestDetails().perform(event, here.ports)
    assert isinstance(posted, DigestDetailsPosted)
    return posted


def replies(here: Room) -> list[Message]:
    return [message for message in here.told if message.thread_ts not in (None, message.ts)]


async def test_the_details_are_in_the_thread() -> None:
    async with room(EVERYTHING) as here:
        event = await details(here)
        posted = await thread(here, event)

        (reply,) = replies(here)
        assert (reply.thread_ts, reply.ts) == (event.message, posted.message)
        assert [block["type"] for block in reply.blocks][1:3] == [
            "data_table", "data_visualization",
        ]  # fmt: skip


async def test_they_are_there_once_though_the_answer_was_lost() -> None:
    async with room(EVERYTHING) as here:
        event = await details(here)
        here.slack.fail_next(
            "chat.postMessage", status=500, error="internal_error", after_effect=True
        )
        with pytest.raises(Transient):
            await thread(here, event)

        assert (await thread(here, event)).found
        assert len(replies(here)) == 1


async def test_they_are_posted_where_the_channel_may_not_be_read() -> None:
    async with room() as here:
        event = await details(here)

        assert not (await thread(here, event)).found
        assert len(replies(here)) == 1


async def test_it_says_what_it_would_do() -> None:
    async with room() as here:
        assert PostDigestDetails().describe(await details(here)) == (
            "Would put the details of the digest of 2026-08-22 into its thread in Slack."
        )
