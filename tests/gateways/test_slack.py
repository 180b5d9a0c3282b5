"""What the bot says in Slack, over real HTTP, and what it makes of Slack's answers."""

import asyncio
import logging
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chatops.errors import Broken, ChatopsError, Refused, Transient
from chatops.gateways.slack import MOST_PAGES, PAGE, SlackGateway
from chatops.ports import Slack
from chatops.standins.slack import SlackStandIn
from chatops.views.modals import Kept, ask_command
from tests.conftest import LeftTheMachine
from tests.gateways.wire import Said, answer, hang, hang_up, moved, page, wire

pytestmark = pytest.mark.anyio

SHORT = timedelta(milliseconds=150)
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)
TOKEN = "xoxb-thisIsNobodysBusiness"
HELLO = {"text": "Hello"}
SECTION = {"type": "section", "text": {"type": "plain_text", "text": "Hello"}}
LAYOUT = {"text": "Hello", "blocks": [SECTION]}
TOO_MUCH = {"text": "Hello", "blocks": [{"type": "divider"}] * 51}
Call = Callable[[SlackGateway, str], Awaitable[object]]

POST: Call = lambda gateway, _: gateway.post("C1", HELLO)  # noqa: E731
UPDATE: Call = lambda gateway, _: gateway.update("C1", "1.2", HELLO)  # noqa: E731
RESPOND: Call = lambda gateway, url: gateway.respond(f"{url}/commands/x", HELLO)  # noqa: E731
WHISPER: Call = lambda gateway, _: gateway.whisper("C1", "U1", HELLO)  # noqa: E731
OPEN: Call = lambda gateway, _: gateway.open_form("1.x", {"type": "modal"})  # noqa: E731
FIND: Call = lambda gateway, _: gateway.find("C1", "mark", since=LONG_AGO)  # noqa: E731
CALLS = {
    "post": POST, "update": UPDATE, "respond": RESPOND, "whisper": WHISPER, "open": OPEN,
    "find": FIND,
}  # fmt: skip


class Watch:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.now = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@dataclass
class Room:
    """A pretend Slack, and the gateway that a test is about."""

    slack: SlackStandIn
    gateway: SlackGateway
    watch: Watch

    @property
    def channel(self) -> str:
        """The id of the channel."""
        return self.slack.workspace.channel("ci").id

    def address(self) -> str:
        """Return where a command that was just given may be answered."""
        person = self.slack.workspace.user("mona").id
        ticket = self.slack.tickets.give_response_url(user=person, channel=self.channel)
        return f"{self.slack.url}/commands/{ticket.token}"

    def said(self) -> list[tuple[str, int]]:
        """Return each message's text, and how many blocks it has."""
        return [(message.text, len(message.blocks)) for message in self.slack.messages]


@asynccontextmanager
async def room() -> AsyncIterator[Room]:
    """Open a pretend Slack and a gateway to it."""
    watch = Watch()
    async with (
        SlackStandIn(clock=watch) as slack,
        SlackGateway(api_url=slack.api_url, bot_token=slack.bot_token) as gateway,
    ):
        yield Room(slack, gateway, watch)


def fits(gateway: SlackGateway) -> Slack:
    """Let the type checker see that the gateway is what the port asks for."""
    return gateway


async def test_a_message_is_posted_and_then_replaced() -> None:
    async with room() as here:
        name = await fits(here.gateway).post(here.channel, LAYOUT)
        before = here.said()
        await here.gateway.update(here.channel, name, {"text": "Done"})

        assert before == [("Hello", 1)]
        assert here.said() == [("Done", 0)]


def marked(mark: str) -> dict[str, Any]:
    """Return a message that carries a mark."""
    return {**HELLO, "metadata": {"event_type": "notice", "event_payload": {"mark": mark}}}


async def test_a_message_is_found_by_its_mark_and_no_other_is() -> None:
    async with room() as here:
        name = await here.gateway.post(here.channel, marked("one"))
        await here.gateway.post(here.channel, HELLO)
        private = await here.gateway.post("U0MONA", marked("two"))

        found = fits(here.gateway).find
        assert await found(here.channel, "one", since=here.watch.now - timedelta(minutes=1)) == name
        assert await found("U0MONA", "two", since=here.watch.now - timedelta(minutes=1)) == private
        assert await found(here.channel, "two", since=here.watch.now - timedelta(minutes=1)) is None
        assert await found("U0OCTAVIA", "two", since=here.watch.now - timedelta(minutes=1)) is None


async def test_a_message_in_a_thread_is_found_there_and_not_in_the_channel() -> None:
    async with room() as here:
        name = await here.gateway.post(here.channel, HELLO)
        reply = await here.gateway.post(here.channel, marked("one"), thread=name)
        since = here.watch.now - timedelta(minutes=1)

        found = fits(here.gateway).find
        assert await found(here.channel, "one", since=since, thread=name) == reply
        assert await found(here.channel, "one", since=since) is None
        assert await found(here.channel, "two", since=since, thread=name) is None


async def test_what_was_said_before_is_not_looked_through() -> None:
    async with room() as here:
        await here.gateway.post(here.channel, marked("one"))
        later = here.watch.now + timedelta(minutes=1)

        assert await here.gateway.find(here.channel, "one", since=later) is None


async def test_a_few_pages_are_looked_through_and_no_more() -> None:
    async with room() as here:
        name = await here.gateway.post(here.channel, marked("one"))
        for number in range(PAGE * (MOST_PAGES - 1)):
            here.slack.workspace.post(here.channel, f"message {number}")
        found = await here.gateway.find(
            here.channel, "one", since=here.watch.now - timedelta(minutes=1)
        )
        for number in range(PAGE):
            here.slack.workspace.post(here.channel, f"message {number}")
        lost = await here.gateway.find(
            here.channel, "one", since=here.watch.now - timedelta(minutes=1)
        )

        assert (found, lost) == (name, None)
        assert len(here.slack.calls("conversations.history")) == 2 * MOST_PAGES


@pytest.mark.parametrize(("kind", "seen_by"), [("ephemeral", "mona"), ("in_channel", None)])
async def test_a_command_is_answered_to_whom_it_concerns(kind: str, seen_by: str | None) -> None:
    async with room() as here:
        await here.gateway.respond(here.address(), {**LAYOUT, "response_type": kind})

        (message,) = here.slack.messages
        person = here.slack.workspace.user(seen_by).id if seen_by else None
        assert message.ephemeral_to == person


async def test_foreign_text_becomes_no_mention_no_link_and_no_preview_on_its_way() -> None:
    async with room() as here:
        await here.gateway.post(here.channel, {"text": "@here see example.com"})

        (call,) = here.slack.calls("chat.postMessage")
        frame = {"parse": "none", "link_names": False, "unfurl_links": False, "unfurl_media": False}
        assert frame.items() <= call.arguments.items()


async def test_a_layout_that_slack_does_not_take_is_said_as_text_alone() -> None:
    async with room() as here:
        name = await here.gateway.post(here.channel, TOO_MUCH)
        await here.gateway.respond(here.address(), {**TOO_MUCH, "response_type": "in_channel"})
        assert here.said() == [("Hello", 0), ("Hello", 0)]

        await here.gateway.update(here.channel, name, LAYOUT)
        await here.gateway.update(here.channel, name, {**TOO_MUCH, "text": "More"})

        assert here.said()[0] == ("More", 0)
        assert here.slack.calls("chat.update")[-1].arguments["blocks"] == []


@pytest.mark.parametrize("message", [{}, {"text": ""}, {"text": " "}, {"blocks": LAYOUT["blocks"]}])
async def test_a_message_that_says_nothing_without_its_layout_is_our_mistake(
    message: dict[str, Any],
) -> None:
    async with room() as here:
        for call in (
            here.gateway.post(here.channel, message),
            here.gateway.update(here.channel, "1.2", message),
            here.gateway.respond(here.address(), message),
        ):
            with pytest.raises(Broken):
                await call

        assert here.slack.messages == ()


async def test_a_limit_is_handed_on_at_once_and_not_slept_through() -> None:
    async with room() as here:
        here.slack.fail_next("chat.postMessage", retry_after=30)
        began = asyncio.get_running_loop().time()

        with pytest.raises(Transient) as limited:
            await here.gateway.post(here.channel, HELLO)

        assert limited.value.retry_after == timedelta(seconds=30)
        assert asyncio.get_running_loop().time() - began < 2
        assert len(here.slack.calls("chat.postMessage")) == 1


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize(("said", "wait"), [("7", 7), ("", 30), ("soon", 30)])
async def test_a_limit_is_waited_out_as_told_or_for_half_a_minute(
    call: str, said: str, wait: int
) -> None:
    limit = answer({"ok": False, "error": "ratelimited"}, 429, headers={"Retry-After": said})
    async with (
        wire(limit) as line,
        SlackGateway(api_url=f"{line.url}/api/", bot_token=TOKEN) as gateway,
    ):
        with pytest.raises(Transient) as limited:
            await CALLS[call](gateway, line.url)

    assert limited.value.retry_after == timedelta(seconds=wait)
    assert len(line.heard) == 1


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("channel_not_found", "channel_not_found"),
        ("not_in_channel", "not_in_channel"),
        ("is_archived", "is_archived"),
        ("message_not_found", "message_not_found"),
        ("cant_update_message", "cant_update_message"),
        ("msg_too_long", "msg_too_long"),
        ("invalid_blocks", "invalid_blocks"),
        ("no_text", "no_text"),
        ("invalid_auth", "credentials"),
        ("token_revoked", "credentials"),
        ("missing_scope", "credentials"),
        ("a_novelty", "a_novelty"),
    ],
)
@pytest.mark.parametrize("call", CALLS)
async def test_slacks_no_is_refused_with_its_reason_and_a_sentence(
    call: str, code: str, reason: str
) -> None:
    async with (
        wire(answer({"ok": False, "error": code})) as line,
        SlackGateway(api_url=f"{line.url}/api/", bot_token=TOKEN) as gateway,
    ):
        with pytest.raises(Refused) as refused:
            await CALLS[call](gateway, line.url)

    assert refused.value.reason == reason
    assert refused.value.text.endswith(".")


@pytest.mark.parametrize(
    "code", ["internal_error", "fatal_error", "service_unavailable", "request_timeout"]
)
@pytest.mark.parametrize("call", CALLS)
async def test_trouble_of_slacks_own_is_a_stumble(call: str, code: str) -> None:
    async with (
        wire(answer({"ok": False, "error": code})) as line,
        SlackGateway(api_url=f"{line.url}/api/", bot_token=TOKEN) as gateway,
    ):
        with pytest.raises(Transient):
            await CALLS[call](gateway, line.url)


async def test_a_channel_that_is_not_there_is_refused_by_slack_itself() -> None:
    async with room() as here:
        with pytest.raises(Refused) as unknown:
            await here.gateway.post("C404", HELLO)
        with pytest.raises(Refused) as gone:
            await here.gateway.update(here.channel, "1.2", HELLO)

        assert (unknown.value.reason, gone.value.reason) == (
            "channel_not_found",
            "message_not_found",
        )


async def test_a_token_that_slack_does_not_know_is_the_operators_to_mend() -> None:
    async with (
        SlackStandIn() as slack,
        SlackGateway(api_url=slack.api_url, bot_token="xoxb-no") as gateway,
    ):
        with pytest.raises(Refused) as refused:
            await gateway.post("C1", HELLO)

    assert refused.value.reason == "credentials"
    assert "invalid_auth" in refused.value.text


async def test_an_address_for_answers_ends_after_half_an_hour_and_after_five() -> None:
    async with room() as here:
        used, old = here.address(), here.address()
        for _ in range(5):
            await here.gateway.respond(used, HELLO)
        with pytest.raises(Refused) as often:
            await here.gateway.respond(used, HELLO)
        here.watch.now += timedelta(minutes=31)
        with pytest.raises(Refused) as late:
            await here.gateway.respond(old, HELLO)
        with pytest.raises(Refused) as unknown:
            await here.gateway.respond(f"{here.slack.url}/commands/never", HELLO)

        reasons = [problem.value.reason for problem in (often, late, unknown)]
        assert reasons == ["used_url", "expired_url", "no_such_url"]


@pytest.mark.parametrize("word", ["expired_url", "used_url"])
async def test_a_bare_word_is_understood_as_well(word: str) -> None:
    bare = answer(body=word.encode(), status=404, kind="text/plain")
    async with wire(bare) as line, SlackGateway(api_url=f"{line.url}/api/") as gateway:
        with pytest.raises(Refused) as refused:
            await RESPOND(gateway, line.url)

    assert refused.value.reason == word


@pytest.mark.parametrize(
    "said",
    [
        answer(body=b"ok", kind="text/html; charset=utf-8"),
        answer(body=b"ok", kind="text/plain"),
        answer({"ok": True}),
        answer(),
    ],
)
async def test_an_answer_that_was_taken_is_not_given_again(said: bytes) -> None:
    async with wire(said) as line, SlackGateway(api_url=f"{line.url}/api/") as gateway:
        await RESPOND(gateway, line.url)

    assert len(line.heard) == 1


BAD: dict[str, Said] = {
    "a portal's page": page(),
    "a proxy's page for 502": page(502),
    "trouble": answer({"ok": False}, 500),
    "trouble without a word": answer(status=503),
    "silence": hang,
    "an end without a word": hang_up,
    "half a head": b"HTTP/1.1 200 OK\r\ncontent-ty",
    "no HTTP": b"SSH-2.0-OpenSSH_9.2\r\n\r\n",
}
NO_MESSAGE: dict[str, Said] = {
    "nothing": answer(),
    "a number": answer(7),
    "null": answer(body=b"null"),
    "a list": answer([]),
    "cut-off JSON": answer(body=b'{"ok": tr'),
    "a cut-off answer": answer({"ok": True, "ts": "1.2"}, cut=4),
    "garbled letters": answer(body=b'{"ok": "\xff"}'),
    "an unknown alphabet": answer(body=b"{}", kind="application/json; charset=klingon"),
    "endless depth": answer(body=b"[" * 100_000),
    "a text": answer(body=b"Hello", kind="text/plain"),
    "no time stamp": answer({"ok": True}),
    "an odd time stamp": answer({"ok": True, "ts": 7}),
}


@pytest.mark.parametrize("bad", BAD)
@pytest.mark.parametrize("call", CALLS)
async def test_what_is_no_answer_is_a_stumble(call: str, bad: str) -> None:
    async with (
        wire(BAD[bad]) as line,
        SlackGateway(
            api_url=f"{line.url}/api/", bot_token=TOKEN, connect=SHORT, read=SHORT
        ) as gateway,
    ):
        with pytest.raises(Transient):
            await CALLS[call](gateway, line.url)

    # Whoever asked repeats it, or does not.
    assert len(line.heard) <= 1


@pytest.mark.parametrize("bad", NO_MESSAGE)
async def test_a_message_that_slack_may_not_have_taken_is_a_stumble(bad: str) -> None:
    async with (
        wire(NO_MESSAGE[bad]) as line,
        SlackGateway(
            api_url=f"{line.url}/api/", bot_token=TOKEN, connect=SHORT, read=SHORT
        ) as gateway,
    ):
        with pytest.raises(Transient):
            await POST(gateway, line.url)


async def test_where_nobody_listens_is_a_stumble() -> None:
    async with wire(answer({})) as line:
        url = line.url
    async with SlackGateway(api_url=f"{url}/api/", bot_token=TOKEN) as gateway:
        for call in CALLS.values():
            with pytest.raises(Transient):
                await call(gateway, url)


# Where answers go


async def test_an_answer_goes_to_slack_and_nowhere_else() -> None:
    async with wire(answer(body=b"ok", kind="text/plain")) as elsewhere, room() as here:
        other, own = elsewhere.url, here.slack.url
        for address in (
            f"{other}/commands/x",
            f"{own}@{other.removeprefix('http://')}/commands/x",
            f"{own}.example/x",
            own.replace("http:", "https:") + "/x",
            own.replace("127.0.0.1", "localhost") + "/x",
            own,
            own + "0/x",
            "http://169.254.169.254/latest/meta-data/",
            "file:///etc/passwd",
            f" {own}/x",
            "",
        ):
            with pytest.raises(Refused) as refused:
                await here.gateway.respond(address, HELLO)
            assert refused.value.reason == "bad_address"

    assert elsewhere.heard == []


@pytest.mark.parametrize("host", ["hooks.slack.com", "slack.com", "hooks.slack-gov.com"])
async def test_slacks_own_addresses_are_slacks(host: str, reached_out: list[str]) -> None:
    async with SlackGateway(bot_token=TOKEN) as gateway:
        with pytest.raises(LeftTheMachine):
            await gateway.respond(f"https://{host}/commands/T1/2/x", HELLO)

    assert reached_out == [host]
    reached_out.clear()


@pytest.mark.parametrize(
    "address",
    [
        "http://hooks.slack.com/commands/x",
        "https://hooks.slack.com.evil.example/x",
        "https://hooks.slack.com:8443/x",
        "https://evil.example/hooks.slack.com/",
        "https://hooks.slack.com\\@evil.example/x",
    ],
)
async def test_what_only_looks_like_slack_is_not(address: str) -> None:
    async with SlackGateway(bot_token=TOKEN) as gateway:
        with pytest.raises(Refused) as refused:
            await gateway.respond(address, HELLO)

    assert refused.value.reason == "bad_address"


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_an_answer_is_not_sent_on(status: int) -> None:
    async with (
        wire(answer(body=b"ok")) as elsewhere,
        wire(moved(f"{elsewhere.url}/x", status)) as line,
        SlackGateway(api_url=f"{line.url}/api/") as gateway,
    ):
        with pytest.raises(Transient):
            await RESPOND(gateway, line.url)

    assert elsewhere.heard == []


# What stays here


async def test_neither_token_nor_address_is_in_a_log_line_or_an_error(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    logging.getLogger("httpx").setLevel(logging.WARNING)
    told = []
    for said in (*BAD.values(), answer({"ok": False, "error": "invalid_auth"}), answer(status=404)):
        async with (
            wire(said) as line,
            SlackGateway(
                api_url=f"{line.url}/api/", bot_token=TOKEN, connect=SHORT, read=SHORT
            ) as gateway,
        ):
            for call in (POST, lambda it, url: it.respond(f"{url}/commands/our-secret", HELLO)):
                with pytest.raises(ChatopsError) as problem:
                    await call(gateway, line.url)
                told.append("".join(traceback.format_exception(problem.value)))

    assert len(told) == 2 * (len(BAD) + 2)
    for secret in (TOKEN, "our-secret"):
        assert secret not in "".join(told)
        assert secret not in caplog.text


async def test_a_gateway_that_was_not_opened_is_our_mistake() -> None:
    gateway = SlackGateway(bot_token=TOKEN)

    with pytest.raises(Broken):
        await gateway.post("C1", HELLO)
    await gateway.close()


async def test_a_message_goes_into_the_thread_it_belongs_to() -> None:
    async with room() as here:
        first = await here.gateway.post(here.channel, HELLO)

        second = await here.gateway.post(here.channel, HELLO, thread=first)

        assert [one.ts for one in here.slack.workspace.replies("ci", first)] == [second]


async def test_who_is_written_to_by_name_is_written_to_where_it_can_be_changed() -> None:
    async with room() as here:
        name = await here.gateway.post("U0MONA", HELLO)

        await here.gateway.update("U0MONA", name, {"text": "Changed"})

        [message] = here.slack.messages
        assert message.channel == here.slack.workspace.direct_channel("U0MONA").id
        assert (message.text, message.edits) == ("Changed", 1)


async def test_a_whisper_is_heard_by_one_person_in_its_thread() -> None:
    async with room() as here:
        first = await here.gateway.post(here.channel, HELLO)

        await here.gateway.whisper(here.channel, "U0OCTAVIA", LAYOUT, thread=first)

        *_, message = here.slack.messages
        assert (message.ephemeral_to, message.thread_ts) == ("U0OCTAVIA", first)


async def test_a_form_is_shown_once_for_each_act() -> None:
    async with room() as here:
        trigger = here.slack.tickets.give_trigger("U0MONA").id
        await here.gateway.open_form(trigger, ask_command(Kept(community="acme")))
        with pytest.raises(Refused):
            await here.gateway.open_form(trigger, ask_command(Kept(community="acme")))

        [form] = here.slack.workspace.modals.values()
        assert form.user == "U0MONA"
