"""The pretend Slack: a workspace served over HTTP, in which people type and click.

    async with SlackStandIn(app_url="http://127.0.0.1:8000/slack/events") as slack:
        said = await slack.slash("/ci", "status nightly", user="mona", channel="ci")
        reply = await said.message()

The app under test gets `slack.api_url`, `slack.bot_token` and `slack.signing_secret`; with
`mode="socket"` it opens a socket with `slack.app_token` and needs no address of its own.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import socket
import threading
from collections.abc import Callable, Collection, Coroutine, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from types import TracebackType
from typing import Any, Literal, Self, TypeVar
from urllib.parse import urlsplit

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route, WebSocketRoute

from chatops.standins.slack import payloads
from chatops.standins.slack.deliveries import (
    Answer,
    Envelope,
    HttpTransport,
    SocketTransport,
    Transport,
)
from chatops.standins.slack.ledger import ApiCall, Fault, Ledger
from chatops.standins.slack.page import Page
from chatops.standins.slack.responses import Responses
from chatops.standins.slack.tickets import ResponseUrl, Tickets
from chatops.standins.slack.web_api import WebApi, token_of
from chatops.standins.slack.workspace import (
    SLACKBOT,
    Clock,
    JsonObject,
    Message,
    View,
    Workspace,
    system_clock,
)

T = TypeVar("T")

Mode = Literal["http", "socket"]

ACK_WITHIN = timedelta(seconds=3)
MODAL_LOOK_SECONDS = 0.01
EVENT_RETRIES = (timedelta(), timedelta(minutes=1), timedelta(minutes=5))


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """What came of a command or a click: the acknowledgement, and the messages after it."""

    answer: Answer
    response_url: str
    trigger_id: str
    user: str
    channel: str
    since: int
    workspace: Workspace = field(repr=False)

    @property
    def status(self) -> int | None:
        """The HTTP status of the acknowledgement; nothing when there was none."""
        return self.answer.status

    @property
    def latency(self) -> timedelta:
        """How long the app took to acknowledge."""
        return self.answer.latency

    @property
    def error(self) -> str | None:
        """What Slack says when the acknowledgement was late or bad."""
        return self.answer.error

    @property
    def messages(self) -> tuple[Message, ...]:
        """What this person has got to see from the app here since then, in its present state."""
        return tuple(message for message in self.workspace.messages if self._is_ours(message))

    async def message(
        self,
        predicate: Callable[[Message], bool] = lambda _: True,
        timeout: float = 5.0,  # noqa: ASYNC109
    ) -> Message:
        """Return the first message since then, existing or to come, that the predicate accepts."""
        return await self.workspace.wait_for_message(
            lambda message: self._is_ours(message) and predicate(message), timeout
        )

    def _is_ours(self, message: Message) -> bool:
        return (
            message.from_app
            and message.revision > self.since
            and message.channel == self.channel
            and message.ephemeral_to in (None, self.user)
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Shortcut:
    """A shortcut of the app's manifest: on messages, or everywhere."""

    callback_id: str
    name: str
    on_messages: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class EventDelivery:
    """The attempts to deliver one event, in order."""

    event_id: str
    attempts: tuple[Answer, ...]

    @property
    def was_accepted(self) -> bool:
        """Whether the app answered 2xx in the end."""
        return self.attempts[-1].error is None


class _Server(uvicorn.Server):
    """A server that leaves the signals of the process to whoever owns them."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.has_started = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.has_started.set()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class SlackStandIn:
    """A pretend Slack with one workspace and one installed app; other workspaces can be beside it."""

    def __init__(
        self,
        *,
        app_url: str = "",
        signing_secret: str | None = None,
        bot_token: str | None = None,
        app_token: str | None = None,
        workspace: Workspace | None = None,
        clock: Clock = system_clock,
        mode: Mode = "http",
        host: str = "127.0.0.1",
        port: int = 0,
        ack_within: timedelta = ACK_WITHIN,
        event_retries: Sequence[timedelta] = EVENT_RETRIES,
        escapes_commands: bool = True,
        enforce_tiers: bool = False,
        commands: Sequence[str] = (),
        shortcuts: Sequence[Shortcut] = (),
        scopes: Collection[str] | None = None,
        unfurl_domains: Collection[str] = (),
        beside: SlackStandIn | None = None,
    ) -> None:
        """Prepare a workspace; secrets that are not given are made up, and without `scopes` the app has every one.

        `commands` are examples that the page offers, such as `/ci status nightly`, and `shortcuts` what its menus do.
        Of addresses in `unfurl_domains` the app is told. A workspace `beside` another is served by that one, which is
        begun later: the Web API has one address for all, and knows by the token which is meant.
        """
        self._beside = beside
        self.neighbours: list[SlackStandIn] = []
        if beside is not None:
            beside.neighbours.append(self)
        self.unfurl_domains = frozenset(unfurl_domains)
        self.signing_secret = signing_secret or secrets.token_hex(16)
        self.bot_token = bot_token or f"xoxb-{secrets.token_hex(12)}"
        self.app_token = app_token or f"xapp-{secrets.token_hex(12)}"
        self.workspace = workspace or small_workspace(clock)
        self.mode = mode
        self.event_retries = tuple(event_retries)
        self.escapes_commands = escapes_commands
        self.commands: Sequence[str] = tuple(commands)
        self.shortcuts: Sequence[Shortcut] = tuple(shortcuts)
        self.ledger = Ledger(enforce_tiers=enforce_tiers)
        self.tickets = Tickets(workspace=self.workspace)
        self.responses = Responses(workspace=self.workspace, tickets=self.tickets)
        self.sockets = SocketTransport(app_id=self.workspace.app_id, ack_within=ack_within)
        self._http = HttpTransport(
            app_url=app_url,
            signing_secret=self.signing_secret,
            clock=self.workspace.clock,
            ack_within=ack_within,
        )
        self.web_api = WebApi(
            workspace=self.workspace,
            ledger=self.ledger,
            tickets=self.tickets,
            bot_token=self.bot_token,
            app_token=self.app_token,
            scopes=scopes,
        )
        self.web_api.open_socket = self._open_socket
        self._host, self._port = host, port
        self._background: set[asyncio.Task[object]] = set()

    @property
    def app_url(self) -> str:
        """Where the app takes Slack's requests; it may be set after the start."""
        return self._http.app_url

    @app_url.setter
    def app_url(self, url: str) -> None:
        self._http.app_url = url

    @property
    def url(self) -> str:
        """The address of the page."""
        if self._beside is not None:
            return f"{self._beside.url}/{self.workspace.team_id}"
        return f"http://{self._host}:{self._port}"

    @property
    def api_url(self) -> str:
        """The address of the Web API, as slack_sdk wants it."""
        return self._beside.api_url if self._beside is not None else f"{self.url}/api/"

    @property
    def requests(self) -> list[ApiCall]:
        """Every call to the Web API, oldest first."""
        return self.ledger.calls

    @property
    def messages(self) -> tuple[Message, ...]:
        """Every message that exists now, oldest first."""
        return self.workspace.messages

    def calls(self, method: str) -> list[ApiCall]:
        """Return the calls to one method."""
        return [call for call in self.ledger.calls if call.method == method]

    # Life

    async def __aenter__(self) -> Self:
        """Start to serve on a free port."""
        # Said to be TCP, so that asyncio lets no answer wait for the acknowledgement of its head.
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((self._host, self._port))
        self._port = listener.getsockname()[1]
        self._server = _Server(
            uvicorn.Config(
                self.asgi(),
                ws="websockets-sansio" if self.mode == "socket" else "none",
                lifespan="off",
                log_config=None,
                access_log=False,
                timeout_graceful_shutdown=1,
            )
        )
        self._serving = asyncio.create_task(self._server.serve(sockets=[listener]))
        await self._server.has_started.wait()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop: no request is on its way afterwards."""
        for task in list(self._background):
            task.cancel()
        await asyncio.gather(*self._background, return_exceptions=True)
        await self.sockets.close()
        for one in self.neighbours:
            await one.__aexit__(None, None, None)
        if self._beside is None:
            self._server.should_exit = True
            await self._serving
        await self._http.close()

    def asgi(self) -> Starlette:
        """Return the whole stand-in as an ASGI application."""
        page = Page(slack=self)
        return Starlette(
            routes=[
                Route("/api/{method}", self._api, methods=["GET", "POST"]),
                *(
                    Mount(f"/{one.workspace.team_id}", routes=one.own_routes())
                    for one in self.neighbours
                ),
                *self.own_routes(),
                *page.routes,
            ]
        )

    def own_routes(self) -> list[BaseRoute]:
        """Return where one workspace alone is spoken to."""
        return [
            Route("/commands/{token}", self.responses.endpoint, methods=["POST"]),
            WebSocketRoute("/socket/{address}", self.sockets.endpoint),
        ]

    async def _api(self, request: Request) -> Response:
        """Answer a call in the workspace that its token belongs to."""
        token = await token_of(request)
        knowing = [one for one in self.neighbours if token in (one.bot_token, one.app_token)]
        return await (knowing[0] if knowing else self).web_api.endpoint(request)

    # What people do

    async def slash(
        self, command: str, text: str = "", *, user: str = "mona", channel: str = "ci"
    ) -> Outcome:
        """Type a slash command; a user and a channel may be named by id or by name."""
        person, place = self.workspace.user(user), self.workspace.channel(channel)
        line = f"{command} {text}".rstrip()
        since = self.workspace.type_command(person.id, place.id, line).serial
        ticket = self.tickets.give_response_url(user=person.id, channel=place.id)
        trigger = self.tickets.give_trigger(person.id)
        payload = payloads.slash_command(
            self.workspace,
            command=command,
            text=payloads.typed(text, self.workspace) if self.escapes_commands else text,
            user=person,
            channel=place.id,
            response_url=self._response_url(ticket),
            trigger=trigger,
        )
        answer = await self._transport.deliver(Envelope(kind="slash_commands", payload=payload))
        self.responses.take_body(ticket, answer, command)
        return self._outcome(answer, ticket, trigger.id, since)

    async def click(
        self,
        message: Message,
        action_id: str,
        *,
        user: str = "mona",
        choice: str | None = None,
        block_id: str | None = None,
    ) -> Outcome:
        """Press a button, or choose the option with the value `choice`."""
        person = self.workspace.user(user)
        found_in, element = payloads.find_element(message.blocks, action_id, block_id)
        since = self.workspace.revision
        ticket = self.tickets.give_response_url(
            user=person.id,
            channel=message.channel,
            source_ts=message.ts,
            thread_ts=message.thread_ts,
        )
        trigger = self.tickets.give_trigger(person.id)
        action = payloads.action_of(found_in, element, choice)
        payload = payloads.block_actions(
            self.workspace, user=person, action=action, trigger=trigger
        ) | payloads.in_message(
            self.workspace,
            message,
            self.web_api.message_shape(message),
            ticket,
            self._response_url(ticket),
        )
        answer = await self._transport.deliver(Envelope(kind="interactive", payload=payload))
        if answer.error is not None:
            self.responses.take_body(ticket, answer, "This")
        return self._outcome(answer, ticket, trigger.id, since)

    async def shortcut(self, name: str, *, user: str = "mona") -> Answer:
        """Choose a shortcut that is offered everywhere."""
        person = self.workspace.user(user)
        payload = payloads.shortcut(
            self.workspace, name=name, user=person, trigger=self.tickets.give_trigger(person.id)
        )
        return await self._transport.deliver(Envelope(kind="interactive", payload=payload))

    async def message_shortcut(self, message: Message, name: str, *, user: str = "mona") -> Outcome:
        """Choose a shortcut on a message."""
        person = self.workspace.user(user)
        since = self.workspace.revision
        ticket = self.tickets.give_response_url(
            user=person.id, channel=message.channel, thread_ts=message.thread_ts
        )
        trigger = self.tickets.give_trigger(person.id)
        payload = payloads.message_shortcut(
            self.workspace,
            name=name,
            user=person,
            message=message,
            shape=self.web_api.message_shape(message),
            trigger=trigger,
            url=self._response_url(ticket),
        )
        answer = await self._transport.deliver(Envelope(kind="interactive", payload=payload))
        if answer.error is not None:
            self.responses.take_body(ticket, answer, "This")
        return self._outcome(answer, ticket, trigger.id, since)

    async def wait_for_modal(self, user: str = "mona", timeout: float = 5.0) -> View:  # noqa: ASYNC109
        """Return the modal that a person has open, or gets to see."""
        person = self.workspace.user(user).id
        async with asyncio.timeout(timeout):
            while True:
                shown = [view for view in self.workspace.modals.values() if view.user == person]
                if shown:
                    return shown[-1]
                await asyncio.sleep(MODAL_LOOK_SECONDS)

    async def click_in_view(
        self, view: View, action_id: str, *, choice: str | None = None
    ) -> Answer:
        """Press a button in a home tab or a modal."""
        person = self.workspace.users[view.user]
        found_in, element = payloads.find_element(view.content.get("blocks"), action_id)
        payload = payloads.block_actions(
            self.workspace,
            user=person,
            action=payloads.action_of(found_in, element, choice),
            trigger=self.tickets.give_trigger(person.id),
        ) | {
            "container": {"type": "view", "view_id": view.id},
            "view": self.web_api.view_shape(view),
        }
        return await self._transport.deliver(Envelope(kind="interactive", payload=payload))

    async def submit(self, view: View, values: JsonObject) -> Answer:
        """Send a modal; `values` is Slack's `state.values`. It closes unless the app objects, or shows another one."""
        person = self.workspace.users[view.user]
        payload = payloads.view_submission(
            self.workspace,
            user=person,
            shape=self.web_api.view_shape(view),
            values=values,
            trigger=self.tickets.give_trigger(person.id),
        )
        answer = await self._transport.deliver(Envelope(kind="interactive", payload=payload))
        if answer.error is None and not self.web_api.take_response(view, answer.body):
            return replace(answer, error="errors_without_fields")
        return answer

    async def say(
        self, text: str, *, user: str = "mona", channel: str = "ci", thread_ts: str | None = None
    ) -> Message:
        """Write a message, as a person does; nothing is sent to the app."""
        return self.workspace.post(
            self.workspace.channel(channel).id,
            payloads.typed(text, self.workspace),
            user=self.workspace.user(user).id,
            thread_ts=thread_ts,
        )

    async def share(
        self, text: str, *, user: str = "mona", channel: str = "ci", thread_ts: str | None = None
    ) -> tuple[Message, EventDelivery | None]:
        """Write a message, and tell the app of the addresses in it that are of its domains."""
        message = await self.say(text, user=user, channel=channel, thread_ts=thread_ts)
        return message, await self._tell_of_links(message)

    async def _tell_of_links(self, message: Message) -> EventDelivery | None:
        links = [
            link
            for link in payloads.links_in(message.text)
            if urlsplit(link).hostname in self.unfurl_domains
        ]
        if not links:
            return None
        return await self.event(payloads.link_shared(self.workspace, message, links))

    async def mention(
        self, text: str, *, user: str = "mona", channel: str = "ci", thread_ts: str | None = None
    ) -> EventDelivery:
        """Write a message that calls the app by its name, and tell the app."""
        named = (
            text if f"@{self.workspace.bot.name}" in text else f"@{self.workspace.bot.name} {text}"
        )
        message = await self.say(named, user=user, channel=channel, thread_ts=thread_ts)
        return await self.event(payloads.app_mention(self.workspace, message))

    async def open_home(self, user: str = "mona") -> EventDelivery:
        """Look at the app's home tab."""
        person = self.workspace.user(user)
        return await self.event(
            {
                "type": "app_home_opened",
                "user": person.id,
                "channel": self.workspace.direct_channel(person.id).id,
                "tab": "home",
                "event_ts": self.workspace.next_ts(),
            }
        )

    def look_at_home(self, user: str) -> None:
        """Open the home tab in the page, which does not wait for the app."""
        self._in_background(self.open_home(user))

    async def event(self, event: JsonObject) -> EventDelivery:
        """Deliver an event, again after each of the retry pauses until the app accepts it."""
        event_id = self.workspace.next_id("Ev")
        payload = payloads.event_callback(self.workspace, event, event_id)
        attempts = [await self._transport.deliver(Envelope(kind="events_api", payload=payload))]
        for number, pause in enumerate(self.event_retries, start=1):
            if attempts[-1].error is None or attempts[-1].refuses_retries:
                break
            await asyncio.sleep(pause.total_seconds())
            again = Envelope(
                kind="events_api",
                payload=payload,
                retry_number=number,
                retry_reason=attempts[-1].retry_reason,
            )
            attempts.append(await self._transport.deliver(again))
        return EventDelivery(event_id=event_id, attempts=tuple(attempts))

    async def verify_url(self) -> bool:
        """Ask the app to prove its address, as when the request URL is entered."""
        challenge = secrets.token_hex(16)
        payload: JsonObject = {
            "type": "url_verification",
            "token": "pretend-verification-token",
            "challenge": challenge,
        }
        answer = await self._http.deliver(Envelope(kind="events_api", payload=payload))
        return answer.error is None and challenge in answer.body

    async def enter(
        self, text: str, *, user: str, channel: str, thread_ts: str | None = None
    ) -> None:
        """Enter one line in the page: a command, a call for the app, or just talk.

        In a thread there are no commands, and between a person and the app nothing is said: its tab is to be read only.
        """
        place = self.workspace.channel(channel)
        command, _, rest = text.partition(" ")
        if place.with_user is not None:
            return
        if text.startswith("/") and thread_ts is not None:
            said = f"{command} is not supported in threads. Sorry!"
            self.workspace.post(
                place.id, said, user=SLACKBOT, ephemeral_to=user, thread_ts=thread_ts
            )
        elif text.startswith("/"):
            await self.slash(command, rest.strip(), user=user, channel=channel)
        elif f"@{self.workspace.bot.name}" in text:
            self._in_background(self.mention(text, user=user, channel=channel, thread_ts=thread_ts))
            await asyncio.sleep(0)
        else:
            message = await self.say(text, user=user, channel=channel, thread_ts=thread_ts)
            self._in_background(self._tell_of_links(message))

    async def wait_for_message(
        self,
        predicate: Callable[[Message], bool],
        timeout: float = 5.0,  # noqa: ASYNC109
    ) -> Message:
        """Return the first message, existing or to come, that the predicate accepts."""
        return await self.workspace.wait_for_message(predicate, timeout)

    # What goes wrong

    def fail_next(
        self,
        method: str,
        *,
        error: str = "internal_error",
        status: int = 200,
        retry_after: int | None = None,
        times: int = 1,
        after_effect: bool = False,
    ) -> None:
        """Let the next calls of a method (`*` for any) fail.

        With `retry_after` the answer is 429; with `after_effect` the call does what it should
        and the answer gets lost, which is the hard case for a client that repeats.
        """
        fault = Fault(
            method=method,
            error=error,
            status=status,
            retry_after=retry_after,
            after_effect=after_effect,
        )
        self.ledger.faults.extend([fault] * times)

    @property
    def _transport(self) -> Transport:
        return self.sockets if self.mode == "socket" else self._http

    def _open_socket(self) -> str:
        return f"ws{self.url.removeprefix('http')}{self.sockets.open_address()}"

    def _response_url(self, ticket: ResponseUrl) -> str:
        return f"{self.url}/commands/{ticket.token}"

    def _outcome(self, answer: Answer, ticket: ResponseUrl, trigger_id: str, since: int) -> Outcome:
        return Outcome(
            answer=answer,
            response_url=self._response_url(ticket),
            trigger_id=trigger_id,
            user=ticket.user,
            channel=ticket.channel,
            since=since,
            workspace=self.workspace,
        )

    def _in_background(self, work: Coroutine[Any, Any, object]) -> None:
        task: asyncio.Task[object] = asyncio.create_task(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)


def small_workspace(clock: Clock = system_clock, *, bot_name: str = "chatops") -> Workspace:
    """Return a workspace with three people and two channels."""
    workspace = Workspace(clock=clock, bot_name=bot_name)
    workspace.add_user("mona", is_admin=True)
    workspace.add_user("octavia")
    workspace.add_user("newcomer")
    workspace.add_channel("ci", topic="What the machines say")
    workspace.add_channel("general", topic="Everything else")
    return workspace


@dataclass(frozen=True, kw_only=True, slots=True)
class ServedSlack:
    """A stand-in whose event loop lives in another thread."""

    slack: SlackStandIn
    loop: asyncio.AbstractEventLoop

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Let the stand-in do something, and wait for it."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result()


@contextlib.contextmanager
def serve_in_thread(slack: SlackStandIn) -> Iterator[ServedSlack]:
    """Serve a stand-in beside a program that has no event loop."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="slack-stand-in", daemon=True)
    thread.start()
    served = ServedSlack(slack=slack, loop=loop)
    try:
        served.run(slack.__aenter__())
        yield served
    finally:
        served.run(slack.__aexit__(None, None, None))
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
