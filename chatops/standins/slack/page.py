"""The page of the pretend Slack: channels on the left, messages, and a line to type in.

All of it is HTML made on the server; a small module fetches what changed and sends the forms
without leaving the page. Without scripts the forms do the same, and a link shows what is new.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol
from urllib.parse import parse_qs, urlencode

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route

from chatops.standins.slack.block_kit import options_of, press_value, pressed, render_blocks
from chatops.standins.slack.deliveries import Answer
from chatops.standins.slack.mrkdwn import emoji, render_mrkdwn
from chatops.standins.slack.workspace import (
    SLACKBOT,
    Channel,
    JsonObject,
    Message,
    RefusedBySlack,
    TypedCommand,
    User,
    View,
    Workspace,
)

_HERE = Path(__file__).parent
HOME = "home"
WHOLE = ""
"""In place of a block: the form as a whole."""
_ASSETS = {"slack.css": "text/css", "slack.js": "text/javascript"}
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; "
        "base-uri 'none'; frame-ancestors 'none'; form-action 'self'"
    ),
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


class Slack(Protocol):
    """What the page needs of the stand-in: something to show, and somebody to act."""

    workspace: Workspace
    commands: Sequence[str]

    @property
    def shortcuts(self) -> Sequence[Shortcut]:
        """What the menus offer."""

    async def enter(
        self, text: str, *, user: str, channel: str, thread_ts: str | None = None
    ) -> None:
        """Enter one line."""

    async def click(
        self,
        message: Message,
        action_id: str,
        *,
        user: str,
        choice: str | None = None,
        block_id: str | None = None,
    ) -> object:
        """Press a button."""

    async def shortcut(self, name: str, *, user: str) -> object:
        """Choose a shortcut that is offered everywhere."""

    async def message_shortcut(self, message: Message, name: str, *, user: str) -> object:
        """Choose a shortcut on a message."""

    async def submit(self, view: View, values: JsonObject) -> Answer:
        """Send a form."""

    def look_at_home(self, user: str) -> None:
        """Look at the app's home tab; the app is told of it meanwhile."""

    async def click_in_view(
        self, view: View, action_id: str, *, choice: str | None = None
    ) -> object:
        """Press a button in a home tab."""


class Shortcut(Protocol):
    """What a menu offers."""

    @property
    def callback_id(self) -> str:
        """Its name for the app."""

    @property
    def name(self) -> str:
        """Its name for people."""

    @property
    def on_messages(self) -> bool:
        """Whether it is offered on messages."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ShownForm:
    """A form that somebody has open, and what is wrong with what they sent and not with one of its fields."""

    id: str
    title: str
    send: str
    close: str
    body: Markup
    problem: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ShownMessage:
    """One message or typed command, ready for the template."""

    kind: str
    anchor: str
    author: str
    is_app: bool
    at: datetime
    body: Markup
    only_you: bool
    is_edited: bool
    channel: str
    ts: str
    reactions: tuple[tuple[Markup, int], ...] = ()
    replies: tuple[ShownMessage, ...] = ()


class Page:
    """Serves the page of one stand-in."""

    def __init__(self, *, slack: Slack) -> None:
        """Show the workspace of `slack`."""
        self.slack = slack
        self.workspace = slack.workspace
        self._problems: dict[str, dict[str, str]] = {}
        self._written: dict[str, dict[str, list[str]]] = {}
        self.templates = Environment(
            loader=FileSystemLoader(_HERE / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )

    @property
    def routes(self) -> list[Route]:
        """The addresses of the page; `/` shows the first channel."""
        return [
            Route("/", self.show),
            Route("/channels/{channel}", self.show),
            Route("/channels/{channel}/messages", self.show_messages),
            Route("/home", self.show_home),
            Route("/home/messages", self.show_home_again),
            Route("/say", self.say, methods=["POST"]),
            Route("/press", self.press, methods=["POST"]),
            Route("/shortcut", self.choose, methods=["POST"]),
            Route("/send", self.send, methods=["POST"]),
            Route("/assets/{name}", self.asset),
        ]

    async def show(self, request: Request) -> Response:
        """Show a channel as one person sees it."""
        try:
            user, channel = self._who_and_where(request)
        except RefusedBySlack:
            return PlainTextResponse("There is no such person or channel.", status_code=404)
        return self._page(user, channel)

    async def show_messages(self, request: Request) -> Response:
        """Return the messages alone, or 204 when nothing changed since `since`."""
        try:
            user, channel = self._who_and_where(request)
        except RefusedBySlack:
            return PlainTextResponse("There is no such person or channel.", status_code=404)
        if request.query_params.get("since") == str(self.workspace.revision):
            return Response(status_code=204, headers=_HEADERS)
        html = self.templates.get_template("messages.html").render(
            messages=self._shown(user, channel),
            user=user,
            channel=channel,
            forms=self._forms(user),
            shortcuts=self.slack.shortcuts,
        )
        headers = {**_HEADERS, "X-Revision": str(self.workspace.revision)}
        return HTMLResponse(html, headers=headers)

    async def show_home(self, request: Request) -> Response:
        """Open the app's home tab as one person sees it."""
        try:
            user, _ = self._who_and_where(request)
        except RefusedBySlack:
            return PlainTextResponse("There is no such person.", status_code=404)
        self.slack.look_at_home(user.id)
        return self._page(user, self.workspace.direct_channel(user.id), is_home=True)

    async def show_home_again(self, request: Request) -> Response:
        """Return what the home tab shows, or 204 when nothing changed since `since`."""
        try:
            user, _ = self._who_and_where(request)
        except RefusedBySlack:
            return PlainTextResponse("There is no such person.", status_code=404)
        if request.query_params.get("since") == str(self.workspace.revision):
            return Response(status_code=204, headers=_HEADERS)
        html = self.templates.get_template("home.html").render(
            home=self._home(user), user=user, forms=self._forms(user),
            channel=self.workspace.direct_channel(user.id),
        )  # fmt: skip
        headers = {**_HEADERS, "X-Revision": str(self.workspace.revision)}
        return HTMLResponse(html, headers=headers)

    def _home(self, user: User) -> Markup | None:
        view = self.workspace.homes.get(user.id)
        return None if view is None else render_blocks(view.content["blocks"], self._name_of)

    async def say(self, request: Request) -> Response:
        """Take the line that somebody typed."""
        form = await _form(request)
        text = form.get("text", "").strip()
        if not _is_from_here(request):
            return PlainTextResponse("This comes from another page.", status_code=403)
        if text:
            await self.slack.enter(
                text,
                user=form.get("user", ""),
                channel=form.get("channel", ""),
                thread_ts=form.get("thread_ts") or None,
            )
        return self._back(form.get("user", ""), form.get("channel", ""))

    async def press(self, request: Request) -> Response:
        """Press a button, or make a choice."""
        form = await _form(request)
        if not _is_from_here(request):
            return PlainTextResponse("This comes from another page.", status_code=403)
        user, channel, value = (form.get(name, "") for name in ("user", "channel", "press"))
        block_id, action_id = pressed(value)
        try:
            if form.get("view") == HOME:
                home = self.workspace.homes[user]
                await self.slack.click_in_view(home, action_id, choice=form.get(f"choice:{value}"))
                return self._to_home(user)
            message = self.workspace.message(channel, form.get("ts", ""))
            await self.slack.click(
                message,
                action_id,
                user=user,
                choice=form.get(f"choice:{value}"),
                block_id=block_id,
            )
        except (LookupError, RefusedBySlack):
            return PlainTextResponse("The message has changed.", status_code=409)
        return self._back(user, channel)

    async def choose(self, request: Request) -> Response:
        """Choose a shortcut, on a message or without one."""
        form = await _form(request)
        if not _is_from_here(request):
            return PlainTextResponse("This comes from another page.", status_code=403)
        user, channel, name = (form.get(field, "") for field in ("user", "channel", "shortcut"))
        try:
            if form.get("ts"):
                message = self.workspace.message(channel, form["ts"])
                await self.slack.message_shortcut(message, name, user=user)
            else:
                await self.slack.shortcut(name, user=user)
        except RefusedBySlack:
            return PlainTextResponse("The message has changed.", status_code=409)
        return self._back(user, channel)

    async def send(self, request: Request) -> Response:
        """Send a form, or close it."""
        lists = await _lists(request)
        form = {name: values[-1] for name, values in lists.items()}
        if not _is_from_here(request):
            return PlainTextResponse("This comes from another page.", status_code=403)
        view = self.workspace.modals.get(form.get("view", ""))
        if view is None or view.user != form.get("user"):
            return PlainTextResponse("The form is gone.", status_code=409)
        if form.get("do") == "close":
            self.workspace.close_modal(view.id)
        else:
            answer = await self.slack.submit(view, _values(form, lists, view))
            self._problems[view.id] = _problems_in(answer)
            self._written[view.id] = {
                name: lists.get(name, []) for name in map(_field_name, _fields(view))
            }
            # What is wrong with a form is something new to see; another one in its place is so by itself.
            if self.workspace.modals.get(view.id) is view:
                self.workspace.keep_view(view)
        if form.get("from") == HOME:
            return self._to_home(view.user)
        return self._back(view.user, form.get("channel", ""))

    def _to_home(self, user: str) -> Response:
        place = f"/home?{urlencode({'user': user})}"
        return Response(status_code=303, headers={**_HEADERS, "Location": place})

    async def asset(self, request: Request) -> Response:
        """Serve the style sheet and the module."""
        name = request.path_params["name"]
        if name not in _ASSETS:
            return PlainTextResponse("There is no such file.", status_code=404)
        return FileResponse(_HERE / "static" / name, media_type=_ASSETS[name])

    def _page(self, user: User, channel: Channel, *, is_home: bool = False) -> Response:
        context = {
            "is_home": is_home,
            "home": self._home(user) if is_home else None,
            "workspace": self.workspace,
            "user": user,
            "people": [person for person in self.workspace.users.values() if not person.is_bot],
            "channel": channel,
            "channels": self._channels(user),
            "messages": self._shown(user, channel),
            "forms": self._forms(user),
            "commands": self.slack.commands,
            "shortcuts": self.slack.shortcuts,
            "revision": self.workspace.revision,
        }
        html = self.templates.get_template("page.html").render(context)
        return HTMLResponse(html, headers=_HEADERS)

    def _forms(self, user: User) -> list[ShownForm]:
        return [
            ShownForm(
                id=view.id,
                title=str(view.content["title"]["text"]),
                send=str((view.content.get("submit") or {}).get("text", "Submit")),
                close=str((view.content.get("close") or {}).get("text", "Cancel")),
                body=render_blocks(
                    [
                        _as_written(block, self._written.get(view.id))
                        for block in view.content["blocks"]
                    ],
                    self._name_of,
                    self._problems.get(view.id),
                ),
                problem=self._problems.get(view.id, {}).get(WHOLE, ""),
            )
            for view in self.workspace.modals.values()
            if view.user == user.id
        ]

    def _who_and_where(self, request: Request) -> tuple[User, Channel]:
        people = [user.id for user in self.workspace.users.values() if not user.is_bot]
        user = self.workspace.user(request.query_params.get("user", people[0]))
        places = [channel.id for channel in self._channels(user)]
        return user, self.workspace.channel(request.path_params.get("channel", places[0]))

    def _channels(self, user: User) -> list[Channel]:
        self.workspace.direct_channel(user.id)
        return [
            channel
            for channel in self.workspace.channels.values()
            if channel.with_user in (None, user.id)
        ]

    def _shown(self, user: User, channel: Channel) -> list[ShownMessage]:
        messages = self.workspace.messages_in(channel.id, seen_by=user.id)
        present = {message.ts for message in messages}
        top: list[tuple[int, ShownMessage]] = [
            (message.serial, self._message(message, messages))
            for message in messages
            if message.thread_ts in (None, message.ts)
            or message.thread_ts not in present
            or message.reply_broadcast
        ]
        top += [
            (command.serial, self._command(command))
            for command in self.workspace.typed
            if (command.user, command.channel) == (user.id, channel.id)
        ]
        return [shown for _, shown in sorted(top, key=lambda pair: pair[0])]

    def _message(self, message: Message, others: tuple[Message, ...] = ()) -> ShownMessage:
        body = (
            render_blocks(message.blocks, self._name_of)
            if message.blocks
            else Markup('<div class="text">{}</div>').format(
                render_mrkdwn(message.text, self._name_of)
            )
        )
        for _, blocks in message.unfurls:
            shown = render_blocks(blocks, self._name_of)
            body += Markup('<div class="unfurl">{}</div>').format(shown)
        names = dict.fromkeys(name for name, _ in message.reactions)
        counted = [(name, sum(kind == name for kind, _ in message.reactions)) for name in names]
        return ShownMessage(
            kind="message",
            anchor=message.ts.replace(".", "-"),
            author=self._name_of("@", message.user),
            is_app=message.from_app or message.user == SLACKBOT,
            at=_time_of(message.ts),
            body=body,
            only_you=message.is_ephemeral,
            is_edited=message.edits > 0,
            channel=message.channel,
            ts=message.ts,
            reactions=tuple((emoji(name), count) for name, count in counted),
            replies=tuple(
                self._message(reply)
                for reply in others
                if reply.thread_ts == message.ts != reply.ts
            ),
        )

    def _command(self, command: TypedCommand) -> ShownMessage:
        return ShownMessage(
            kind="command",
            anchor=command.ts.replace(".", "-"),
            author=self._name_of("@", command.user),
            is_app=False,
            at=_time_of(command.ts),
            body=Markup("<code>{}</code>").format(command.line),
            only_you=True,
            is_edited=False,
            channel=command.channel,
            ts=command.ts,
        )

    def _name_of(self, kind: str, identifier: str) -> str:
        if kind == "#":
            channel = self.workspace.channels.get(identifier)
            return channel.name if channel else identifier
        if identifier == SLACKBOT:
            return "Slackbot"
        user = self.workspace.users.get(identifier)
        return user.name if user else identifier

    def _back(self, user: str, channel: str) -> Response:
        place = f"/channels/{channel}?{urlencode({'user': user})}#latest"
        return Response(status_code=303, headers={**_HEADERS, "Location": place})


def _fields(view: View) -> list[JsonObject]:
    return [block for block in view.content["blocks"] if block["type"] == "input"]


def _field_name(block: JsonObject) -> str:
    """Return what the field of a block is called in the page."""
    names = block.get("block_id", ""), block["element"].get("action_id", "")
    return f"input:{press_value(*names)}"


def _as_written(block: JsonObject, written: dict[str, list[str]] | None) -> JsonObject:
    """Return a field as somebody filled it in who got the form back, or another one with the same field in it."""
    if not written or block["type"] != "input" or _field_name(block) not in written:
        return block
    element, said = block["element"], written[_field_name(block)]
    kept = {key: value for key, value in element.items() if not key.startswith("initial_")}
    if options := options_of(element):
        kept["initial_options"] = [option for option in options if option["value"] in said]
    elif said:
        kept["initial_value"] = said[-1]
    return {**block, "element": kept}


def _values(form: dict[str, str], lists: dict[str, list[str]], view: View) -> JsonObject:
    """Return what was written and chosen in the fields of a form, as Slack tells it."""
    values: JsonObject = {}
    for block in _fields(view):
        element, field = block["element"], _field_name(block)
        names = block.get("block_id", ""), element.get("action_id", "")
        options = {option["value"]: option for option in options_of(element)}
        chosen = [options[value] for value in lists.get(field, []) if value in options]
        value: JsonObject = {"type": element["type"]}
        if element["type"] == "multi_static_select":
            value["selected_options"] = chosen
        elif options:
            value["selected_option"] = chosen[-1] if chosen else None
        else:
            value["value"] = form.get(field) or None
        values.setdefault(names[0], {})[names[1]] = value
    return values


def _problems_in(answer: Answer) -> dict[str, str]:
    """Return what the app finds wrong with the fields of a form, by their blocks, or that it did not answer."""
    if answer.error is not None:
        return {WHOLE: "We had some trouble connecting. Try again?"}
    try:
        said = json.loads(answer.body or "{}")
    except ValueError:
        return {}
    errors = said.get("errors") if isinstance(said, dict) else None
    if not isinstance(errors, dict):
        return {}
    return {str(block): str(text) for block, text in errors.items()}


async def _form(request: Request) -> dict[str, str]:
    return {name: values[-1] for name, values in (await _lists(request)).items()}


async def _lists(request: Request) -> dict[str, list[str]]:
    """Return every value of each field: of some, several are chosen."""
    body = (await request.body()).decode("utf-8", errors="replace")
    return parse_qs(body, keep_blank_values=True)


def _is_from_here(request: Request) -> bool:
    """Whether a form was sent by this page, as far as the browser tells."""
    return request.headers.get("sec-fetch-site", "same-origin") in ("same-origin", "none")


def _time_of(ts: str) -> datetime:
    return datetime.fromtimestamp(float(ts), UTC)
