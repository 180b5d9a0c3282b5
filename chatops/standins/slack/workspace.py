"""What a Slack workspace remembers: people, channels, messages, home tabs and modals.

Every value is frozen; a change replaces it, so what a test or a page has read stays what it
was. Each change takes the next `revision`, which is how a page knows that it is out of date
and how a test says "since I typed this".
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

JsonObject = dict[str, Any]
Clock = Callable[[], datetime]

SLACKBOT = "USLACKBOT"


def system_clock() -> datetime:
    """Return the present moment; the only place of the stand-in that asks for it."""
    return datetime.now(UTC)


class RefusedBySlack(Exception):
    """The workspace refuses a call with one of Slack's error codes."""

    def __init__(self, code: str, details: tuple[str, ...] = ()) -> None:
        """Keep the code and, for blocks, one sentence for each fault."""
        super().__init__(code)
        self.code = code
        self.details = details


@dataclass(frozen=True, kw_only=True, slots=True)
class User:
    """A person, or the bot."""

    id: str
    name: str
    real_name: str
    email: str | None = None
    is_bot: bool = False
    is_admin: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Channel:
    """A channel, or a direct conversation when `with_user` is set."""

    id: str
    name: str
    topic: str = ""
    is_private: bool = False
    is_archived: bool = False
    bot_is_member: bool = True
    with_user: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Message:
    """One message as it stands now; `ephemeral_to` names the only person who sees it."""

    channel: str
    ts: str
    text: str
    user: str
    from_app: bool = False
    blocks: tuple[JsonObject, ...] = ()
    thread_ts: str | None = None
    reply_broadcast: bool = False
    ephemeral_to: str | None = None
    edits: int = 0
    reactions: tuple[tuple[str, str], ...] = ()
    metadata: JsonObject | None = None
    unfurls: tuple[tuple[str, tuple[JsonObject, ...]], ...] = ()
    serial: int
    revision: int

    @property
    def is_ephemeral(self) -> bool:
        """Whether one person alone sees it."""
        return self.ephemeral_to is not None

    @property
    def everything_said(self) -> str:
        """All text a reader sees or hears: the fallback and every text inside the blocks."""
        return "\n".join([self.text, *texts_in(list(self.blocks))])


@dataclass(frozen=True, kw_only=True, slots=True)
class TypedCommand:
    """A slash command as somebody typed it; only that person sees the line."""

    user: str
    channel: str
    line: str
    ts: str
    serial: int


@dataclass(frozen=True, kw_only=True, slots=True)
class View:
    """A modal or a home tab as the app last published it."""

    id: str
    user: str
    type: str
    hash: str
    content: JsonObject
    external_id: str | None = None


def texts_in(node: object) -> list[str]:
    """Return the strings a person reads in blocks, in order of appearance."""
    if isinstance(node, list | tuple):
        return [text for child in node for text in texts_in(child)]
    if not isinstance(node, dict):
        return []
    found: list[str] = []
    for key, value in node.items():
        if key in ("text", "title", "caption", "alt_text") and isinstance(value, str):
            found.append(value)
        elif isinstance(value, dict | list):
            found.extend(texts_in(value))
    return found


@dataclass(kw_only=True)
class Workspace:
    """The state of one pretend workspace; every assertion of a test ends here."""

    clock: Clock = system_clock
    team_id: str = "T0STANDIN"
    team_name: str = "pretend"
    app_id: str = "A0STANDIN"
    bot_id: str = "B0STANDIN"
    bot_name: str = "chatops"
    users: dict[str, User] = field(default_factory=dict)
    channels: dict[str, Channel] = field(default_factory=dict)
    homes: dict[str, View] = field(default_factory=dict)
    modals: dict[str, View] = field(default_factory=dict)
    deleted: list[Message] = field(default_factory=list)
    typed: list[TypedCommand] = field(default_factory=list)
    revision: int = 0

    def __post_init__(self) -> None:
        """Move the bot in."""
        self._messages: dict[tuple[str, str], Message] = {}
        self._last_microseconds = 0
        self._numbers = itertools.count(1)
        self._waiting: list[tuple[Callable[[Message], bool], asyncio.Future[Message]]] = []
        self.bot = self.add_user(self.bot_name, is_bot=True)

    # People and places

    def add_user(
        self,
        name: str,
        *,
        email: str | None = None,
        is_bot: bool = False,
        is_admin: bool = False,
    ) -> User:
        """Let somebody join; the id is `U0` and the name in capitals, so tests can spell it."""
        user = User(
            id=f"U0{_identifier(name)}",
            name=name,
            real_name=name.replace("-", " ").title(),
            email=email,
            is_bot=is_bot,
            is_admin=is_admin,
        )
        self.users[user.id] = user
        return user

    def add_channel(
        self, name: str, *, topic: str = "", is_private: bool = False, bot_is_member: bool = True
    ) -> Channel:
        """Open a channel; the id is `C0` and the name in capitals."""
        channel = Channel(
            id=f"C0{_identifier(name)}",
            name=name,
            topic=topic,
            is_private=is_private,
            bot_is_member=bot_is_member,
        )
        self.channels[channel.id] = channel
        return channel

    def archive(self, channel: str) -> None:
        """Close a channel: it can be read, and nothing can be posted."""
        self.channels[channel] = replace(self.channels[channel], is_archived=True)

    def direct_channel(self, user: str) -> Channel:
        """Return the conversation of the app with a person, opened on first use."""
        if user not in self.users:
            raise RefusedBySlack("user_not_found")
        channel = Channel(id=f"D{user[1:]}", name=self.users[user].name, with_user=user)
        return self.channels.setdefault(channel.id, channel)

    def user(self, mention: str) -> User:
        """Find a person by id or name."""
        for user in self.users.values():
            if mention in (user.id, user.name):
                return user
        raise RefusedBySlack("user_not_found")

    def channel(self, mention: str) -> Channel:
        """Find a channel by id, name or #name; a person's id means the conversation with them."""
        if mention in self.channels:
            return self.channels[mention]
        if mention in self.users:
            return self.direct_channel(mention)
        for channel in self.channels.values():
            if channel.with_user is None and mention.removeprefix("#") == channel.name:
                return channel
        raise RefusedBySlack("channel_not_found")

    # Messages

    @property
    def messages(self) -> tuple[Message, ...]:
        """Every message that exists now, oldest first."""
        return tuple(sorted(self._messages.values(), key=lambda message: message.serial))

    def messages_in(self, channel: str, *, seen_by: str | None = None) -> tuple[Message, ...]:
        """Return a channel's messages; `seen_by` leaves out what others alone can see."""
        place = self.channel(channel).id
        return tuple(
            message
            for message in self.messages
            if message.channel == place
            and (seen_by is None or message.ephemeral_to in (None, seen_by))
        )

    def replies(self, channel: str, ts: str) -> tuple[Message, ...]:
        """Return the replies of one thread, without the message that began it."""
        return tuple(
            message
            for message in self.messages_in(channel)
            if message.thread_ts == ts != message.ts
        )

    def message(self, channel: str, ts: str) -> Message:
        """Return one message as it stands now."""
        try:
            return self._messages[channel, ts]
        except KeyError:
            raise RefusedBySlack("message_not_found") from None

    def post(
        self,
        channel: str,
        text: str,
        *,
        user: str | None = None,
        blocks: list[JsonObject] | None = None,
        thread_ts: str | None = None,
        reply_broadcast: bool = False,
        ephemeral_to: str | None = None,
        metadata: JsonObject | None = None,
    ) -> Message:
        """Add a message; without `user` the app wrote it."""
        revision = self._next_revision()
        message = Message(
            channel=channel,
            ts=self.next_ts(),
            text=text,
            user=user or self.bot.id,
            from_app=user is None,
            blocks=self._identified(blocks or []),
            thread_ts=thread_ts,
            reply_broadcast=reply_broadcast,
            ephemeral_to=ephemeral_to,
            metadata=metadata,
            serial=revision,
            revision=revision,
        )
        return self._keep(message)

    def edit(
        self,
        message: Message,
        *,
        text: str,
        blocks: list[JsonObject] | None,
        metadata: JsonObject | None = None,
    ) -> Message:
        """Replace what a message says."""
        return self._keep(
            replace(
                message,
                text=text,
                blocks=self._identified(blocks or []),
                edits=message.edits + 1,
                metadata=metadata or message.metadata,
                revision=self._next_revision(),
            )
        )

    def unfurl(self, message: Message, shown: dict[str, list[JsonObject]]) -> Message:
        """Show blocks under a message, by the addresses in it."""
        kept = dict(message.unfurls) | {
            url: self._identified(blocks) for url, blocks in shown.items()
        }
        return self._keep(
            replace(message, unfurls=tuple(kept.items()), revision=self._next_revision())
        )

    def delete(self, message: Message) -> None:
        """Take a message away; it stays readable in `deleted`."""
        del self._messages[message.channel, message.ts]
        self.deleted.append(message)
        self._next_revision()

    def react(self, message: Message, name: str, user: str) -> Message:
        """Add a reaction, once per person and name."""
        if (name, user) in message.reactions:
            raise RefusedBySlack("already_reacted")
        return self._keep(
            replace(
                message,
                reactions=(*message.reactions, (name, user)),
                revision=self._next_revision(),
            )
        )

    def type_command(self, user: str, channel: str, line: str) -> TypedCommand:
        """Remember that somebody typed a slash command here."""
        command = TypedCommand(
            user=user,
            channel=channel,
            line=line,
            ts=self.next_ts(),
            serial=self._next_revision(),
        )
        self.typed.append(command)
        return command

    def keep_view(self, view: View) -> View:
        """Publish a home tab or show a modal, in place of what was there."""
        blocks = self._identified(list(view.content.get("blocks") or []))
        view = replace(view, content={**view.content, "blocks": list(blocks)})
        if view.type == "home":
            self.homes[view.user] = view
        else:
            self.modals[view.id] = view
        self._next_revision()
        return view

    def close_modal(self, view_id: str) -> None:
        """Take a modal from the screen."""
        self.modals.pop(view_id, None)
        self._next_revision()

    async def wait_for_message(
        self,
        predicate: Callable[[Message], bool],
        timeout: float = 5.0,  # noqa: ASYNC109
    ) -> Message:
        """Return the first message, existing or to come, that the predicate accepts."""
        for message in self.messages:
            if predicate(message):
                return message
        arrival: asyncio.Future[Message] = asyncio.get_running_loop().create_future()
        entry = (predicate, arrival)
        self._waiting.append(entry)
        try:
            return await asyncio.wait_for(arrival, timeout)
        except TimeoutError:
            raise TimeoutError(self._nothing_matched(timeout)) from None
        finally:
            self._waiting.remove(entry)

    def next_ts(self) -> str:
        """Return a time stamp in Slack's spelling, later than every one before it."""
        now = int(self.clock().timestamp() * 1_000_000)
        self._last_microseconds = max(now, self._last_microseconds + 1)
        return f"{self._last_microseconds // 1_000_000}.{self._last_microseconds % 1_000_000:06d}"

    def next_id(self, prefix: str) -> str:
        """Return an identifier that this workspace has not given out yet."""
        return f"{prefix}{next(self._numbers):08d}"

    def _keep(self, message: Message) -> Message:
        self._messages[message.channel, message.ts] = message
        for predicate, arrival in list(self._waiting):
            if not arrival.done() and predicate(message):
                arrival.set_result(message)
        return message

    def _next_revision(self) -> int:
        self.revision += 1
        return self.revision

    def _identified(self, blocks: list[JsonObject]) -> tuple[JsonObject, ...]:
        """Name the blocks and the interactive elements that the app left unnamed, as Slack does."""
        return tuple(self._identified_block(block) for block in blocks)

    def _identified_block(self, block: JsonObject) -> JsonObject:
        named = {**block, "block_id": block.get("block_id") or self.next_id("b")}
        if block.get("type") in ("actions", "context_actions"):
            named["elements"] = [self._identified_element(element) for element in block["elements"]]
        if "accessory" in block:
            named["accessory"] = self._identified_element(block["accessory"])
        if block.get("type") == "card" and "actions" in block:
            named["actions"] = [self._identified_element(button) for button in block["actions"]]
        if block.get("type") == "container":
            named["child_blocks"] = [
                self._identified_block(child) for child in block["child_blocks"]
            ]
        if block.get("type") == "carousel":
            named["elements"] = [self._identified_block(card) for card in block["elements"]]
        return named

    def _identified_element(self, element: JsonObject) -> JsonObject:
        if element.get("type") == "image" or element.get("action_id"):
            return element
        return {**element, "action_id": self.next_id("a")}

    def _nothing_matched(self, timeout: float) -> str:
        latest = [f"  {message.channel}: {message.text!r}" for message in self.messages[-5:]]
        return "\n".join([f"no such message within {timeout} s; the latest are:", *latest])


def _identifier(name: str) -> str:
    return "".join(letter for letter in name.upper() if letter.isalnum())
