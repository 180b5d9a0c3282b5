import pytest
from msgspec import structs

from chatops.effects.edit_night_message import EditNightMessage
from chatops.effects.post_night_message import PostNightMessage
from chatops.effects.post_night_news import PostNightNews
from chatops.engine.clock import SystemClock
from chatops.errors import Transient
from chatops.events.night_threads import NightMessageSent, NightNewsSent
from tests.alerting import CHANNEL
from tests.effects.test_send_alerts import LEAST, READING, room
from tests.views.test_night_threads import BEGUN, NEWS, OVER

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(("scopes", "posts"), [(READING, 1), (LEAST, 2)])
async def test_a_night_has_one_message_that_is_changed_and_a_thread(
    scopes: tuple[str, ...], posts: int
) -> None:
    now = SystemClock().now()
    begun = structs.replace(BEGUN, channel=CHANNEL, wanted_at=now)
    async with room(scopes) as here:
        # Slack takes the message, and its answer is lost.
        here.slack.fail_next("chat.postMessage", status=500, after_effect=True)
        with pytest.raises(Transient):
            await PostNightMessage().perform(begun, here.ports)
        (sent,) = await PostNightMessage().perform(begun, here.ports)
        assert isinstance(sent, NightMessageSent)
        assert (len(here.told), sent.found) == (posts, posts == 1)

        over = structs.replace(OVER, channel=CHANNEL, name=sent.name)
        assert await EditNightMessage().perform(over, here.ports) == []
        assert here.told[-1].text.startswith("2 of 178 tests failed")

        for is_shown in (False, True):
            said = structs.replace(
                NEWS, channel=CHANNEL, thread=sent.name, attempt=1 + is_shown, is_shown=is_shown,
                wanted_at=now,
            )  # fmt: skip
            (news,) = await PostNightNews().perform(said, here.ports)
            (again,) = await PostNightNews().perform(said, here.ports)

            assert isinstance(news, NightNewsSent)
            assert isinstance(again, NightNewsSent)
            assert again.found == (posts == 1)
            message = here.told[-1]
            assert (message.thread_ts, message.reply_broadcast) == (sent.name, is_shown)


def test_what_they_would_do_is_said_in_a_sentence() -> None:
    assert PostNightMessage().describe(BEGUN).startswith("Would post a message for the night")
    assert EditNightMessage().describe(OVER).startswith("Would change the message")
    assert PostNightNews().describe(NEWS).startswith("Would say in the channel C1")
