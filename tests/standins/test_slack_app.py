"""The stand-in against a real app: slack_bolt's, over HTTP and through a socket."""

import asyncio
import logging
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
import uvicorn
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.adapter.starlette.async_handler import AsyncSlackRequestHandler
from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_sdk.signature import SignatureVerifier
from slack_sdk.web.async_client import AsyncWebClient
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from chatops.standins.slack import SlackStandIn, signature, small_workspace

pytestmark = pytest.mark.anyio

Endpoint = Callable[[Request], Awaitable[Response]]

BUTTON: dict[str, Any] = {
    "type": "actions",
    "block_id": "more",
    "elements": [
        {
            "type": "button",
            "action_id": "rerun",
            "value": "8123",
            "text": {"type": "plain_text", "text": "Rerun"},
        }
    ],
}


class ServerBeside(uvicorn.Server):
    """A server in the test's own loop, which leaves the signals alone."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@asynccontextmanager
async def served(app: Starlette) -> AsyncIterator[str]:
    """Serve an app on a free port and give its address."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = ServerBeside(uvicorn.Config(app, lifespan="off", log_config=None, ws="none"))
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/slack/events"
    finally:
        server.should_exit = True
        await serving


def plain_app(endpoint: Endpoint) -> Starlette:
    """An app that is one function."""
    return Starlette(routes=[Route("/slack/events", endpoint, methods=["POST"])])


def bolt_app(slack: SlackStandIn) -> AsyncApp:
    """A small real app: a command, a button and a mention."""

    async def authorize() -> AuthorizeResult:
        return AuthorizeResult(
            enterprise_id=None,
            team_id=slack.workspace.team_id,
            bot_token=slack.bot_token,
            bot_id=slack.workspace.bot_id,
            bot_user_id=slack.workspace.bot.id,
        )

    app = AsyncApp(
        signing_secret=slack.signing_secret,
        authorize=authorize,
        client=AsyncWebClient(base_url=slack.api_url),
        process_before_response=True,
    )

    async def on_command(ack: Any, respond: Any, command: Any) -> None:  # noqa: ANN401
        await ack()
        await respond(text=f"looking at {command['text']}", blocks=[BUTTON])

    async def on_rerun(ack: Any, respond: Any, action: Any) -> None:  # noqa: ANN401
        await ack()
        await respond(text=f"rerun {action['value']} started", replace_original=True)

    async def on_mention(event: Any, client: Any) -> None:  # noqa: ANN401
        await client.chat_postMessage(
            channel=event["channel"], thread_ts=event["ts"], text=f"you said {event['text']}"
        )

    app.command("/ci")(on_command)
    app.action("rerun")(on_rerun)
    app.event("app_mention")(on_mention)
    return app


@asynccontextmanager
async def with_bolt(slack: SlackStandIn) -> AsyncIterator[None]:
    """Connect the bolt app in the stand-in's mode."""
    app = bolt_app(slack)
    if slack.mode == "http":
        handler = AsyncSlackRequestHandler(app)
        async with served(plain_app(handler.handle)) as url:
            slack.app_url = url
            yield
    else:
        # Bolt leaves the life of its handler untyped.
        sockets: Any = AsyncSocketModeHandler(app, slack.app_token)
        await sockets.connect_async()
        try:
            yield
        finally:
            await sockets.close_async()


@pytest.fixture(params=["http", "socket"])
async def slack(request: pytest.FixtureRequest) -> AsyncIterator[SlackStandIn]:
    async with SlackStandIn(mode=request.param) as stand_in, with_bolt(stand_in):
        yield stand_in


async def test_a_command_is_acknowledged_and_answered(slack: SlackStandIn) -> None:
    outcome = await slack.slash("/ci", "status nightly", user="octavia")
    message = await outcome.message()

    assert (outcome.status, outcome.error) == (200, None)
    assert outcome.latency < timedelta(seconds=3)
    assert message.text == "looking at status nightly"
    assert message.ephemeral_to == "U0OCTAVIA"


async def test_a_button_replaces_the_message_it_stands_in(slack: SlackStandIn) -> None:
    message = await (await slack.slash("/ci", "status")).message()

    outcome = await slack.click(message, "rerun")
    edited = await outcome.message(lambda message: message.edits == 1)

    assert edited.ts == message.ts
    assert edited.text == "rerun 8123 started"
    assert edited.is_ephemeral


async def test_a_mention_is_answered_in_its_thread(slack: SlackStandIn) -> None:
    delivery = await slack.mention("is main red?")
    reply = await slack.wait_for_message(lambda message: message.from_app)

    assert delivery.was_accepted
    assert len(delivery.attempts) == 1
    assert reply.text == "you said <@U0CHATOPS> is main red?"
    assert [reply] == list(slack.workspace.replies("ci", reply.thread_ts or ""))


async def test_a_socket_is_opened_anew_when_slack_asks_for_it() -> None:
    async with SlackStandIn(mode="socket") as slack, with_bolt(slack):
        await slack.sockets.ask_to_reconnect()
        await slack.sockets.wait_for_connection()

        outcome = await slack.slash("/ci", "status")

        assert outcome.status == 200
        assert len(slack.calls("apps.connections.open")) == 2


async def test_without_a_socket_nothing_can_be_dispatched() -> None:
    async with SlackStandIn(mode="socket") as slack:
        assert (await slack.slash("/ci")).error == "dispatch_failed"


async def test_a_socket_has_an_address_that_is_good_once() -> None:
    async with SlackStandIn(mode="socket") as slack, with_bolt(slack):
        async with httpx.AsyncClient() as http:
            upgrade = {
                "Connection": "Upgrade",
                "Upgrade": "websocket",
                "Sec-WebSocket-Version": "13",
            }
            answer = await http.get(
                f"{slack.url}/socket/made-up",
                headers={**upgrade, "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA=="},
            )

        assert answer.status_code == 403


async def test_the_app_proves_its_address() -> None:
    async with SlackStandIn() as slack, with_bolt(slack):
        assert await slack.verify_url()


async def test_every_request_is_signed_as_slack_signs() -> None:
    heard: list[bool] = []
    async with SlackStandIn() as slack:

        async def endpoint(request: Request) -> Response:
            verifier = SignatureVerifier(slack.signing_secret)
            heard.append(verifier.is_valid_request(await request.body(), dict(request.headers)))
            return PlainTextResponse("")

        async with served(plain_app(endpoint)) as slack.app_url:
            message = slack.workspace.post("C0CI", "press", blocks=[BUTTON])
            await slack.slash("/ci", "status ü & <b>")
            await slack.click(message, "rerun")
            await slack.mention("hello")

    assert heard == [True, True, True]


def test_the_signature_is_of_time_stamp_and_body() -> None:
    verifier = SignatureVerifier("secret")

    assert signature("secret", "17", b"a=b") == verifier.generate_signature(
        timestamp="17", body=b"a=b"
    )


async def test_a_command_carries_what_slack_sends() -> None:
    forms: list[dict[str, str]] = []

    async def endpoint(request: Request) -> Response:
        forms.append(dict(httpx.QueryParams((await request.body()).decode())))
        return PlainTextResponse("")

    async with SlackStandIn() as slack, served(plain_app(endpoint)) as slack.app_url:
        await slack.slash("/ci", "ask @octavia & #general about <b>")

    [form] = forms
    assert form["text"] == "ask <@U0OCTAVIA> &amp; <#C0GENERAL|general> about &lt;b&gt;"
    assert form["command"] == "/ci"
    assert (form["user_id"], form["channel_id"]) == ("U0MONA", "C0CI")
    assert (form["user_name"], form["channel_name"]) == ("mona", "ci")
    assert form["is_enterprise_install"] == "false"
    assert form["response_url"].startswith("http://127.0.0.1:")
    assert {"team_id", "trigger_id", "api_app_id"} <= form.keys()


async def test_an_app_that_thinks_too_long_is_reported_to_the_person_alone() -> None:
    async def endpoint(_: Request) -> Response:
        await asyncio.sleep(0.2)
        return PlainTextResponse("too late")

    stand_in = SlackStandIn(ack_within=timedelta(milliseconds=50))
    async with stand_in as slack, served(plain_app(endpoint)) as slack.app_url:
        outcome = await slack.slash("/ci", "status")

    assert (outcome.status, outcome.error) == (None, "operation_timeout")
    [notice] = slack.messages
    assert notice.text == "/ci failed with the error “operation_timeout”"
    assert notice.ephemeral_to == "U0MONA"
    assert not notice.from_app


async def test_an_app_that_fails_is_reported_too() -> None:
    async def endpoint(_: Request) -> Response:
        return PlainTextResponse("oh", status_code=500)

    async with SlackStandIn() as slack, served(plain_app(endpoint)) as slack.app_url:
        outcome = await slack.slash("/ci")

    assert (outcome.status, outcome.error) == (500, "dispatch_failed")
    assert "dispatch_failed" in slack.messages[0].text


@pytest.mark.parametrize(
    ("answer", "text", "seen_by"),
    [
        (PlainTextResponse("plain"), "plain", "U0MONA"),
        (JSONResponse({"text": "for me"}), "for me", "U0MONA"),
        (JSONResponse({"text": "for all", "response_type": "in_channel"}), "for all", None),
    ],
)
async def test_the_acknowledgement_may_be_the_message(
    answer: Response, text: str, seen_by: str | None
) -> None:
    async def endpoint(_: Request) -> Response:
        return answer

    async with SlackStandIn() as slack, served(plain_app(endpoint)) as slack.app_url:
        [message] = (await slack.slash("/ci")).messages

    assert (message.text, message.ephemeral_to) == (text, seen_by)


async def test_an_acknowledgement_with_bad_blocks_is_not_shown() -> None:
    async def endpoint(_: Request) -> Response:
        return JSONResponse({"text": "hi", "blocks": [{"type": "balloon"}]})

    async with SlackStandIn() as slack, served(plain_app(endpoint)) as slack.app_url:
        outcome = await slack.slash("/ci")

    assert outcome.messages == ()
    assert "invalid_blocks" in slack.messages[0].text


async def test_an_event_is_brought_again_with_number_and_reason() -> None:
    heard: list[tuple[str | None, str | None, str]] = []

    async def endpoint(request: Request) -> Response:
        retry, reason = (request.headers.get(f"x-slack-retry-{n}") for n in ("num", "reason"))
        heard.append((retry, reason, (await request.json())["event_id"]))
        return PlainTextResponse("", status_code=200 if retry == "2" else 500)

    pauses = [timedelta()] * 3
    stand_in = SlackStandIn(event_retries=pauses)
    async with stand_in as slack, served(plain_app(endpoint)) as slack.app_url:
        delivery = await slack.mention("hello")

    assert delivery.was_accepted
    assert [attempt.status for attempt in delivery.attempts] == [500, 500, 200]
    event = delivery.event_id
    assert heard == [(None, None, event), ("1", "http_error", event), ("2", "http_error", event)]


async def test_an_event_is_given_up_after_three_retries_or_when_asked() -> None:
    async def fails(_: Request) -> Response:
        return PlainTextResponse("", status_code=503)

    async def declines(_: Request) -> Response:
        return PlainTextResponse("", status_code=400, headers={"X-Slack-No-Retry": "1"})

    async with SlackStandIn(event_retries=[timedelta()] * 3) as slack:
        async with served(plain_app(fails)) as slack.app_url:
            failed = await slack.open_home("mona")
        async with served(plain_app(declines)) as slack.app_url:
            declined = await slack.open_home("mona")

    assert len(failed.attempts) == 4
    assert len(declined.attempts) == 1
    assert not declined.was_accepted


async def test_a_click_in_an_ephemeral_message_does_not_carry_its_content() -> None:
    seen: list[dict[str, Any]] = []

    async def endpoint(request: Request) -> Response:
        form = httpx.QueryParams((await request.body()).decode())
        seen.append(httpx.Response(200, text=form["payload"]).json())
        return PlainTextResponse("")

    async with SlackStandIn() as slack, served(plain_app(endpoint)) as slack.app_url:
        for_all = slack.workspace.post("C0CI", "a", blocks=[BUTTON])
        for_one = slack.workspace.post("C0CI", "b", blocks=[BUTTON], ephemeral_to="U0MONA")
        await slack.click(for_all, "rerun")
        await slack.click(for_one, "rerun")

    assert [payload["container"]["is_ephemeral"] for payload in seen] == [False, True]
    assert seen[0]["message"]["text"] == "a"
    assert "message" not in seen[1]
    assert seen[0]["actions"][0]["value"] == "8123"
    with pytest.raises(LookupError, match="there are: rerun"):
        await slack.click(for_all, "explode")


async def test_a_response_url_is_good_for_five_answers_within_half_an_hour() -> None:
    moment = datetime(2026, 3, 4, tzinfo=UTC)
    async with SlackStandIn(workspace=small_workspace(lambda: moment)) as slack:
        first, second = (
            f"{slack.url}/commands/"
            + slack.tickets.give_response_url(user="U0MONA", channel="C0CI").token
            for _ in range(2)
        )
        async with httpx.AsyncClient() as http:
            bad = await http.post(first, json={"blocks": [{"type": "balloon"}]})
            good = [await http.post(first, json={"text": str(n)}) for n in range(5)]
            sixth = await http.post(first, json={"text": "once more"})
            moment += timedelta(minutes=31)
            late = await http.post(second, json={"text": "late"})
            unknown = await http.post(f"{slack.url}/commands/else", json={"text": "hi"})

    assert (bad.status_code, bad.json()["error"]) == (400, "invalid_blocks")
    assert [answer.text for answer in good] == ["ok"] * 5
    assert (sixth.status_code, sixth.json()["error"]) == (404, "used_url")
    assert (late.status_code, late.json()["error"]) == (404, "expired_url")
    assert unknown.status_code == 404
    assert [message.text for message in slack.messages] == ["0", "1", "2", "3", "4"]


async def test_an_answer_may_go_to_the_channel_to_a_thread_or_delete_its_source() -> None:
    async with SlackStandIn() as slack, httpx.AsyncClient() as http:
        source = slack.workspace.post("C0CI", "press", blocks=[BUTTON])
        ticket = slack.tickets.give_response_url(user="U0MONA", channel="C0CI", source_ts=source.ts)
        url = f"{slack.url}/commands/{ticket.token}"
        await http.post(url, json={"text": "in", "response_type": "in_channel"})
        await http.post(url, json={"text": "re", "thread_ts": source.ts})
        await http.post(url, json={"delete_original": True})

        assert [(m.text, m.ephemeral_to, m.thread_ts) for m in slack.messages] == [
            ("in", None, None),
            ("re", "U0MONA", source.ts),
        ]


async def test_waiting_for_what_does_not_come_says_what_came() -> None:
    async with SlackStandIn() as slack:
        await slack.say("something else")
        with pytest.raises(TimeoutError, match="something else"):
            await slack.wait_for_message(lambda message: message.from_app, timeout=0.02)


@pytest.fixture(autouse=True)
def quiet_bolt() -> None:
    """Bolt speaks up about things that these tests do on purpose."""
    logging.getLogger("slack_bolt").setLevel(logging.CRITICAL)
