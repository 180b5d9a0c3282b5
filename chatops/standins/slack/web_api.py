"""Slack's Web API: the methods an app calls, with Slack's arguments, answers and errors.

Each method takes JSON, form and query arguments and answers 200 with `ok`, as Slack does;
429 with `Retry-After` comes from the ledger.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeVar
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from chatops.standins.slack import payloads
from chatops.standins.slack.ledger import ApiCall, Fault, Ledger
from chatops.standins.slack.limits import refuse_bad_blocks, refuse_long_message
from chatops.standins.slack.scopes import MissingScope, kind_of, needed
from chatops.standins.slack.tickets import Tickets
from chatops.standins.slack.workspace import (
    Channel,
    JsonObject,
    Message,
    RefusedBySlack,
    User,
    View,
    Workspace,
)

T = TypeVar("T")

_APP_LEVEL = {"apps.connections.open"}
_NO_SUCH_HASH = "hash_conflict"
MOST_BYTES_OF_VIEW = 250_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Arguments:
    """The arguments of one call, whatever the encoding they came in."""

    values: JsonObject

    def text(self, name: str, default: str = "") -> str:
        """Return a string argument."""
        value = self.values.get(name)
        return default if value is None else str(value)

    def required(self, name: str) -> str:
        """Return a string argument, or refuse the call as Slack does."""
        value = self.text(name)
        if not value:
            raise RefusedBySlack("invalid_arguments", (f"missing required field: {name}",))
        return value

    def number(self, name: str, default: int) -> int:
        """Return a whole number."""
        try:
            return int(self.text(name) or default)
        except ValueError:
            raise RefusedBySlack("invalid_arguments", (f"must be a number: {name}",)) from None

    def flag(self, name: str) -> bool:
        """Return a truth, in any of the spellings that Slack takes."""
        return self.text(name).lower() in ("true", "1")

    def json(self, name: str, refusal: str) -> object:
        """Return a JSON argument, which a form carries as a string."""
        value = self.values.get(name)
        if isinstance(value, str) and value:
            try:
                return json.loads(value)
            except ValueError:
                raise RefusedBySlack(refusal) from None
        return value

    def json_object(self, name: str, refusal: str) -> JsonObject | None:
        """Return a JSON object, or nothing when the argument is absent."""
        value = self.json(name, refusal)
        if value is None or value == "":
            return None
        if not isinstance(value, dict):
            raise RefusedBySlack(refusal)
        return value

    def blocks(self, surface: str = "message") -> list[JsonObject]:
        """Return the blocks, checked as Slack checks them."""
        value = self.json("blocks", "invalid_blocks_format")
        return refuse_bad_blocks(value, surface) if value else []


class WebApi:
    """Answers the calls of one app to one workspace."""

    def __init__(
        self,
        *,
        workspace: Workspace,
        ledger: Ledger,
        tickets: Tickets,
        bot_token: str,
        app_token: str,
        scopes: Collection[str] | None = None,
    ) -> None:
        """Serve `workspace` to whoever has the tokens; the bot's has these scopes, or every one."""
        self.scopes = None if scopes is None else frozenset(scopes)
        self.workspace = workspace
        self.ledger = ledger
        self.tickets = tickets
        self.bot_token = bot_token
        self.app_token = app_token
        self.open_socket: Callable[[], str] = lambda: ""
        self._methods: dict[str, Callable[[Arguments], JsonObject]] = {
            "apps.connections.open": self.apps_connections_open,
            "auth.test": self.auth_test,
            "chat.delete": self.chat_delete,
            "chat.getPermalink": self.chat_get_permalink,
            "chat.postEphemeral": self.chat_post_ephemeral,
            "chat.postMessage": self.chat_post_message,
            "chat.unfurl": self.chat_unfurl,
            "chat.update": self.chat_update,
            "conversations.history": self.conversations_history,
            "conversations.info": self.conversations_info,
            "conversations.list": self.conversations_list,
            "conversations.open": self.conversations_open,
            "conversations.replies": self.conversations_replies,
            "reactions.add": self.reactions_add,
            "reactions.get": self.reactions_get,
            "users.info": self.users_info,
            "users.list": self.users_list,
            "users.lookupByEmail": self.users_lookup_by_email,
            "views.open": self.views_open,
            "views.publish": self.views_publish,
            "views.update": self.views_update,
        }

    @property
    def methods(self) -> tuple[str, ...]:
        """The names of the methods, as Slack spells them."""
        return tuple(self._methods)

    async def endpoint(self, request: Request) -> Response:
        """Answer one HTTP call."""
        method = request.path_params["method"]
        arguments, token = await _read(request)
        fault = self.ledger.take_fault(method)
        wait = self._seconds_to_wait(method, arguments, fault)
        if wait is not None:
            return self._record(method, arguments, 429, _refusal("ratelimited"), wait)
        if fault is not None and not fault.after_effect:
            return self._record(method, arguments, fault.status, _refusal(fault.error))
        answer = self._answer(method, arguments, token)
        if fault is not None:
            return self._record(method, arguments, fault.status, _refusal(fault.error))
        return self._record(method, arguments, 200, answer)

    def _seconds_to_wait(
        self, method: str, arguments: Arguments, fault: Fault | None
    ) -> int | None:
        if fault is not None and fault.retry_after is not None:
            return fault.retry_after
        return self.ledger.count(method, arguments.text("channel"), self.workspace.clock())

    def _answer(self, method: str, arguments: Arguments, token: str) -> JsonObject:
        try:
            self._authenticate(method, token)
            self._authorize(method, arguments)
            return {"ok": True, **self._methods[method](arguments)}
        except MissingScope as refused:
            told = {"needed": refused.wanted, "provided": refused.provided}
            return _refusal(refused.code) | told
        except RefusedBySlack as refused:
            return _refusal(refused.code, refused.details)

    def _authenticate(self, method: str, token: str) -> None:
        if method not in self._methods:
            raise RefusedBySlack("unknown_method")
        if not token:
            raise RefusedBySlack("not_authed")
        if token not in (self.bot_token, self.app_token):
            raise RefusedBySlack("invalid_auth")
        if (token == self.app_token) != (method in _APP_LEVEL):
            raise RefusedBySlack("not_allowed_token_type")

    def _authorize(self, method: str, arguments: Arguments) -> None:
        if self.scopes is None:
            return
        scope = needed(method, self.workspace.channels.get(arguments.text("channel")))
        if scope and scope not in self.scopes:
            raise MissingScope(scope, self.scopes)

    def _record(
        self,
        method: str,
        arguments: Arguments,
        status: int,
        answer: JsonObject,
        retry_after: int | None = None,
    ) -> Response:
        self.ledger.calls.append(
            ApiCall(
                method=method,
                arguments=arguments.values,
                at=self.workspace.clock(),
                status=status,
                answer=answer,
            )
        )
        headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
        return JSONResponse(answer, status_code=status, headers=headers)

    # The app itself

    def auth_test(self, _: Arguments) -> JsonObject:
        """Say who the token belongs to."""
        return {
            "url": f"https://{self.workspace.team_name}.slack.test/",
            "team": self.workspace.team_name,
            "team_id": self.workspace.team_id,
            "user": self.workspace.bot.name,
            "user_id": self.workspace.bot.id,
            "bot_id": self.workspace.bot_id,
            "is_enterprise_install": False,
        }

    def apps_connections_open(self, _: Arguments) -> JsonObject:
        """Give out the address of a socket."""
        return {"url": self.open_socket()}

    # Messages

    def chat_post_message(self, arguments: Arguments) -> JsonObject:
        """Post to a channel, a thread or a person."""
        channel = self._open_to_posts(arguments.required("channel"))
        blocks, text = self._content(arguments, is_update=False)
        message = self.workspace.post(
            channel.id,
            text,
            blocks=blocks,
            thread_ts=self._thread(channel.id, arguments),
            reply_broadcast=arguments.flag("reply_broadcast"),
            metadata=arguments.json_object("metadata", "invalid_metadata_format"),
        )
        answer = {"channel": channel.id, "ts": message.ts, "message": self.message_shape(message)}
        return answer | _warning(text, blocks)

    def chat_post_ephemeral(self, arguments: Arguments) -> JsonObject:
        """Show a message to one person only."""
        channel = self._open_to_posts(arguments.required("channel"))
        user = self.workspace.users.get(arguments.required("user"))
        if user is None or user.is_bot:
            raise RefusedBySlack("user_not_in_channel")
        blocks, text = self._content(arguments, is_update=False)
        message = self.workspace.post(
            channel.id,
            text,
            blocks=blocks,
            thread_ts=self._thread(channel.id, arguments),
            ephemeral_to=user.id,
        )
        return {"message_ts": message.ts} | _warning(text, blocks)

    def chat_update(self, arguments: Arguments) -> JsonObject:
        """Replace what one of the app's messages says."""
        message = self._own(arguments, "cant_update_message")
        blocks, text = self._content(arguments, is_update=True)
        metadata = arguments.json_object("metadata", "invalid_metadata_format")
        edited = self.workspace.edit(message, text=text, blocks=blocks, metadata=metadata)
        answer = {
            "channel": edited.channel,
            "ts": edited.ts,
            "text": edited.text,
            "message": self.message_shape(edited),
        }
        return answer | _warning(text, blocks)

    def chat_unfurl(self, arguments: Arguments) -> JsonObject:
        """Show something under the addresses in a message, in place of what was shown there."""
        message = self._visible(
            arguments.required("channel"), arguments.required("ts"), "cannot_find_message"
        )
        unfurls = arguments.json_object("unfurls", "invalid_unfurls_format")
        if not unfurls:
            raise RefusedBySlack("missing_unfurls")
        for url, content in unfurls.items():
            if url not in payloads.links_in(message.text):
                raise RefusedBySlack("cannot_unfurl_url")
            blocks = content.get("blocks") if isinstance(content, dict) else None
            refuse_bad_blocks(blocks)
        self.workspace.unfurl(message, {url: one["blocks"] for url, one in unfurls.items()})
        return {}

    def chat_delete(self, arguments: Arguments) -> JsonObject:
        """Take one of the app's messages away."""
        message = self._own(arguments, "cant_delete_message")
        self.workspace.delete(message)
        return {"channel": message.channel, "ts": message.ts}

    def chat_get_permalink(self, arguments: Arguments) -> JsonObject:
        """Give the address of a message."""
        message = self._visible(
            arguments.required("channel"), arguments.required("message_ts"), "message_not_found"
        )
        place = f"{message.channel}/p{message.ts.replace('.', '')}"
        return {
            "channel": message.channel,
            "permalink": f"https://{self.workspace.team_name}.slack.test/archives/{place}",
        }

    # Conversations

    def conversations_list(self, arguments: Arguments) -> JsonObject:
        """List the channels, by default the public ones."""
        kinds = arguments.text("types", "public_channel").replace(" ", "").split(",")
        channels = [
            channel
            for channel in self.workspace.channels.values()
            if kind_of(channel) in kinds
            and not (channel.is_archived and arguments.flag("exclude_archived"))
        ]
        page, cursor = _page(channels, arguments, default=100)
        return {"channels": [self._channel(channel) for channel in page]} | cursor

    def conversations_info(self, arguments: Arguments) -> JsonObject:
        """Describe one channel."""
        return {"channel": self._channel(self._readable(arguments.required("channel")))}

    def conversations_open(self, arguments: Arguments) -> JsonObject:
        """Open the direct conversation with a person."""
        users = arguments.required("users").split(",")
        if len(users) > 1:
            raise RefusedBySlack("method_not_supported_for_channel_type")
        known = f"D{users[0][1:]}" in self.workspace.channels
        channel = self.workspace.direct_channel(users[0])
        return {"channel": {"id": channel.id}, "no_op": known, "already_open": known}

    def conversations_history(self, arguments: Arguments) -> JsonObject:
        """List the messages of a channel, newest first, without replies."""
        channel = self._readable(arguments.required("channel"))
        messages = [
            message
            for message in reversed(self.workspace.messages_in(channel.id))
            if not message.is_ephemeral
            and (message.thread_ts in (None, message.ts) or message.reply_broadcast)
            and _between(message, arguments)
        ]
        return self._history(messages, arguments)

    def conversations_replies(self, arguments: Arguments) -> JsonObject:
        """List a thread, oldest first, beginning with the message it belongs to."""
        channel = self._readable(arguments.required("channel"))
        first = self._visible(channel.id, arguments.required("ts"), "thread_not_found")
        messages = [
            message
            for message in (first, *self.workspace.replies(channel.id, first.ts))
            if not message.is_ephemeral and (message == first or _between(message, arguments))
        ]
        return self._history(messages, arguments)

    def _history(self, messages: list[Message], arguments: Arguments) -> JsonObject:
        page, cursor = _page(messages, arguments, default=100)
        with_metadata = arguments.flag("include_all_metadata")
        return {
            "messages": [
                self.message_shape(message, with_metadata=with_metadata) for message in page
            ],
            "has_more": bool(cursor["response_metadata"]["next_cursor"]),
        } | cursor

    # People

    def users_info(self, arguments: Arguments) -> JsonObject:
        """Describe one person."""
        user = self.workspace.users.get(arguments.required("user"))
        if user is None:
            raise RefusedBySlack("user_not_found")
        return {"user": self._user(user)}

    def users_list(self, arguments: Arguments) -> JsonObject:
        """List everybody."""
        page, cursor = _page(list(self.workspace.users.values()), arguments, default=1000)
        return {"members": [self._user(user) for user in page]} | cursor

    def users_lookup_by_email(self, arguments: Arguments) -> JsonObject:
        """Find the person with an address."""
        email = arguments.required("email").lower()
        for user in self.workspace.users.values():
            if user.email is not None and user.email.lower() == email:
                return {"user": self._user(user)}
        raise RefusedBySlack("users_not_found")

    # Reactions

    def reactions_add(self, arguments: Arguments) -> JsonObject:
        """Add the app's reaction to a message."""
        name = arguments.required("name")
        message = self._visible(
            arguments.required("channel"), arguments.required("timestamp"), "message_not_found"
        )
        self.workspace.react(message, name, self.workspace.bot.id)
        return {}

    def reactions_get(self, arguments: Arguments) -> JsonObject:
        """Return a message with its reactions."""
        message = self._visible(
            arguments.required("channel"), arguments.required("timestamp"), "message_not_found"
        )
        return {
            "type": "message",
            "channel": message.channel,
            "message": self.message_shape(message) | {"reactions": _reactions(message)},
        }

    # Views

    def views_open(self, arguments: Arguments) -> JsonObject:
        """Show a modal to the person whose click or command gave the trigger."""
        trigger = self.tickets.exchange_trigger(arguments.required("trigger_id"))
        content = self._view_content(arguments, "modal")
        view = View(
            id=self.workspace.next_id("V"),
            user=trigger.user,
            type="modal",
            hash=self.workspace.next_ts(),
            content=content,
            external_id=content.get("external_id"),
        )
        return {"view": self.view_shape(self.workspace.keep_view(view))}

    def views_update(self, arguments: Arguments) -> JsonObject:
        """Replace what a modal shows."""
        current = self._modal(arguments)
        if arguments.text("hash", current.hash) != current.hash:
            raise RefusedBySlack(_NO_SUCH_HASH)
        content = self._view_content(arguments, "modal")
        view = View(
            id=current.id,
            user=current.user,
            type="modal",
            hash=self.workspace.next_ts(),
            content=content,
            external_id=content.get("external_id", current.external_id),
        )
        return {"view": self.view_shape(self.workspace.keep_view(view))}

    def take_response(self, view: View, body: str) -> bool:
        """Do with a modal what the app answers to its being sent: close it, show what is wrong, or show another one.

        Return whether Slack would take it: what is wrong has to be said at fields that the modal has.
        """
        try:
            said = json.loads(body or "{}")
        except ValueError:
            said = {}
        action = said.get("response_action") if isinstance(said, dict) else None
        if action == "errors":
            errors = said.get("errors")
            fields = {
                block.get("block_id")
                for block in view.content["blocks"]
                if block["type"] == "input"
            }
            return isinstance(errors, dict) and bool(errors) and set(errors) <= fields
        if action not in ("update", "push"):
            self.workspace.close_modal(view.id)
            return True
        content = self._view_content(Arguments(values={"view": said.get("view")}), "modal")
        identifier = view.id if action == "update" else self.workspace.next_id("V")
        self.workspace.keep_view(
            View(
                id=identifier,
                user=view.user,
                type="modal",
                hash=self.workspace.next_ts(),
                content=content,
            )
        )
        return True

    def views_publish(self, arguments: Arguments) -> JsonObject:
        """Replace a person's home tab."""
        user = arguments.required("user_id")
        if user not in self.workspace.users:
            raise RefusedBySlack("user_not_found")
        current = self.workspace.homes.get(user)
        if current is not None and arguments.text("hash", current.hash) != current.hash:
            raise RefusedBySlack(_NO_SUCH_HASH)
        view = View(
            id=current.id if current else self.workspace.next_id("V"),
            user=user,
            type="home",
            hash=self.workspace.next_ts(),
            content=self._view_content(arguments, "home"),
        )
        return {"view": self.view_shape(self.workspace.keep_view(view))}

    def _modal(self, arguments: Arguments) -> View:
        wanted = arguments.text("view_id")
        external = arguments.text("external_id")
        for view in self.workspace.modals.values():
            if view.id == wanted or (external and view.external_id == external):
                return view
        raise RefusedBySlack("not_found")

    def _view_content(self, arguments: Arguments, kind: str) -> JsonObject:
        view = arguments.json_object("view", "invalid_arguments")
        if view is None or view.get("type") != kind:
            raise RefusedBySlack("invalid_arguments", (f"view must be of type {kind}",))
        refuse_bad_blocks(view.get("blocks"), kind)
        _refuse_bad_view(view, kind)
        return view

    # Shapes and lookups

    def _open_to_posts(self, mention: str) -> Channel:
        channel = self.workspace.channel(mention)
        if channel.is_archived:
            raise RefusedBySlack("is_archived")
        if channel.is_private and not channel.bot_is_member:
            raise RefusedBySlack("channel_not_found")
        return channel

    def _readable(self, mention: str) -> Channel:
        channel = self.workspace.channels.get(mention)
        if channel is None or (channel.is_private and not channel.bot_is_member):
            raise RefusedBySlack("channel_not_found")
        return channel

    def _visible(self, channel: str, ts: str, refusal: str) -> Message:
        """Find a message that the API can see, which an ephemeral one is not."""
        try:
            message = self.workspace.message(self._readable(channel).id, ts)
        except RefusedBySlack as refused:
            missing = refused.code == "message_not_found"
            raise RefusedBySlack(refusal if missing else refused.code) from None
        if message.is_ephemeral:
            raise RefusedBySlack(refusal)
        return message

    def _own(self, arguments: Arguments, refusal: str) -> Message:
        message = self._visible(
            arguments.required("channel"), arguments.required("ts"), "message_not_found"
        )
        if not message.from_app:
            raise RefusedBySlack(refusal)
        return message

    def _thread(self, channel: str, arguments: Arguments) -> str | None:
        ts = arguments.text("thread_ts")
        if not ts:
            return None
        first = self._visible(channel, ts, "thread_not_found")
        return first.thread_ts or first.ts

    def _content(self, arguments: Arguments, *, is_update: bool) -> tuple[list[JsonObject], str]:
        blocks, text = arguments.blocks(), arguments.text("text")
        if not blocks and not text.strip():
            raise RefusedBySlack("no_text")
        refuse_long_message(text, blocks, is_update=is_update)
        return blocks, text

    def message_shape(self, message: Message, *, with_metadata: bool = True) -> JsonObject:
        """Return a message as Slack writes it in answers and payloads."""
        shape: JsonObject = {
            "type": "message",
            "user": message.user,
            "team": self.workspace.team_id,
            "ts": message.ts,
            "text": message.text,
        }
        if message.from_app:
            shape |= {"bot_id": self.workspace.bot_id, "app_id": self.workspace.app_id}
        if message.blocks:
            shape["blocks"] = list(message.blocks)
        if message.edits:
            shape["edited"] = {"user": message.user, "ts": message.ts}
        if message.reactions:
            shape["reactions"] = _reactions(message)
        if message.metadata is not None and with_metadata:
            shape["metadata"] = message.metadata
        return shape | self._thread_shape(message)

    def _thread_shape(self, message: Message) -> JsonObject:
        replies = self.workspace.replies(message.channel, message.ts)
        if replies:
            return {
                "thread_ts": message.ts,
                "reply_count": len(replies),
                "latest_reply": replies[-1].ts,
            }
        return {"thread_ts": message.thread_ts} if message.thread_ts else {}

    def _channel(self, channel: Channel) -> JsonObject:
        kind = kind_of(channel)
        shape: JsonObject = {
            "id": channel.id,
            "is_channel": kind == "public_channel",
            "is_group": False,
            "is_im": kind == "im",
            "is_private": kind != "public_channel",
            "is_archived": channel.is_archived,
        }
        if channel.with_user is not None:
            return shape | {"user": channel.with_user}
        return shape | {
            "name": channel.name,
            "name_normalized": channel.name,
            "is_member": channel.bot_is_member,
            "topic": {"value": channel.topic, "creator": "", "last_set": 0},
        }

    def _user(self, user: User) -> JsonObject:
        profile: JsonObject = {"real_name": user.real_name, "display_name": user.name}
        if user.email is not None:
            profile["email"] = user.email
        return {
            "id": user.id,
            "team_id": self.workspace.team_id,
            "name": user.name,
            "real_name": user.real_name,
            "deleted": False,
            "is_bot": user.is_bot,
            "is_admin": user.is_admin,
            "tz": "Etc/UTC",
            "tz_offset": 0,
            "profile": profile,
        }

    def view_shape(self, view: View) -> JsonObject:
        """Return a view as Slack writes it in answers and payloads."""
        return view.content | {
            "id": view.id,
            "team_id": self.workspace.team_id,
            "app_id": self.workspace.app_id,
            "bot_id": self.workspace.bot_id,
            "hash": view.hash,
            "root_view_id": view.id,
            "previous_view_id": None,
            "state": {"values": {}},
        }


async def token_of(request: Request) -> str:
    """Return the token of a call, which says in which workspace it is meant."""
    return (await _read(request))[1]


async def _read(request: Request) -> tuple[Arguments, str]:
    """Return the arguments, wherever they stand, and the token."""
    body = (await request.body()).decode("utf-8", errors="replace")
    values: JsonObject = dict(request.query_params)
    if "json" in request.headers.get("content-type", ""):
        try:
            decoded = json.loads(body or "{}")
        except ValueError:
            decoded = {}
        values |= decoded if isinstance(decoded, dict) else {}
    else:
        values |= dict(parse_qsl(body, keep_blank_values=True))
    token = str(values.pop("token", ""))
    scheme, _, bearer = request.headers.get("authorization", "").partition(" ")
    return Arguments(values=values), bearer if scheme.lower() == "bearer" else token


def _refusal(code: str, details: Sequence[str] = ()) -> JsonObject:
    if not details:
        return {"ok": False, "error": code}
    return {
        "ok": False,
        "error": code,
        "errors": list(details),
        "response_metadata": {"messages": [f"[ERROR] {detail}" for detail in details]},
    }


def _warning(text: str, blocks: list[JsonObject]) -> JsonObject:
    if text or not blocks:
        return {}
    name = "missing_text_in_message"
    return {"warning": name, "response_metadata": {"warnings": [name]}}


def _refuse_bad_view(view: JsonObject, kind: str) -> None:
    """Refuse a view for what stands around its blocks."""
    if len(json.dumps(view, ensure_ascii=False).encode()) > MOST_BYTES_OF_VIEW:
        raise RefusedBySlack("view_too_large")
    for key, most in (("private_metadata", 3000), ("callback_id", 255)):
        if len(str(view.get(key) or "")) > most:
            raise _too_long(key, most)
    if kind != "modal":
        return
    asks = any(block.get("type") == "input" for block in view["blocks"])
    for key in ("title", "submit", "close"):
        part = view.get(key)
        if part is None and (key == "close" or (key == "submit" and not asks)):
            continue
        text = part.get("text") if isinstance(part, dict) else None
        if not isinstance(text, str) or not 1 <= len(text) <= 24:  # noqa: PLR2004 - Slack's limit
            raise _too_long(key, 24)


def _too_long(key: str, most: int) -> RefusedBySlack:
    details = f"must be less than {most + 1} characters [json-pointer:/view/{key}]"
    return RefusedBySlack("invalid_arguments", (details,))


def _reactions(message: Message) -> list[JsonObject]:
    names = dict.fromkeys(name for name, _ in message.reactions)
    users = {name: [user for kind, user in message.reactions if kind == name] for name in names}
    return [{"name": name, "users": who, "count": len(who)} for name, who in users.items()]


def _between(message: Message, arguments: Arguments) -> bool:
    ts, inclusive = Decimal(message.ts), arguments.flag("inclusive")
    try:
        oldest = Decimal(arguments.text("oldest") or "0")
        latest = Decimal(arguments.text("latest") or "Infinity")
    except ArithmeticError:
        raise RefusedBySlack("invalid_ts_oldest") from None
    return oldest <= ts <= latest if inclusive else oldest < ts < latest


def _page(items: Iterable[T], arguments: Arguments, *, default: int) -> tuple[list[T], JsonObject]:
    """Cut one page; the cursor is opaque to the caller and an offset to us."""
    everything = list(items)
    limit = max(1, min(arguments.number("limit", default), 1000))
    try:
        start = int(base64.b64decode(arguments.text("cursor") or "MA==", validate=True))
    except ValueError:
        raise RefusedBySlack("invalid_cursor") from None
    end = start + limit
    following = base64.b64encode(str(end).encode()).decode() if end < len(everything) else ""
    return everything[start:end], {"response_metadata": {"next_cursor": following}}
