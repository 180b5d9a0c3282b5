"""Answers in Slack: a message of our own, which can be edited, or one that only one person sees."""

from collections.abc import Mapping
from hashlib import blake2b
from typing import Any

import msgspec

from chatops.engine.answer import Answer, Tone
from chatops.errors import NotThere, Refused
from chatops.events.conversation import CommandReceived
from chatops.ports import Workspaces
from chatops.views.blocks import render_blocks
from chatops.views.home import HOME, home_view

PRIVATE, PUBLIC = "ephemeral", "in_channel"
GROWS = "grows"
REPLY = "reply"
"""The type of our messages' metadata; what it carries says nothing to others, who may read it."""
Message = dict[str, Any]


class Messages:
    """Replies in Slack.

    What everybody may see is posted by us where we are let, in the thread it belongs to; else, and for one person
    alone, the request's response address is used, which gives no message to edit. What was asked by opening the home
    tab is shown there, and leads on to the other communities, by their titles.
    """

    def __init__(self, slack: Workspaces, communities: Mapping[str, str] | None = None) -> None:
        self._slack = slack
        self._communities = communities or {}

    def render(self, answer: Answer, received: CommandReceived) -> str:
        """Return the message as JSON, and whether more is to come."""
        if received.channel == HOME:
            home = home_view(answer, received, received.verb, self._communities)
            return msgspec.json.encode(home).decode()
        message = render_blocks(answer, received)
        return msgspec.json.encode({**message, GROWS: answer.tone is Tone.BUSY}).decode()

    async def find(self, received: CommandReceived, *, again: bool) -> str | None:
        """Return the name of our message that is there already, by its mark, if a process may have died after it.

        What only one person sees, and what went through a response address, cannot be found.
        """
        if not again or received.channel == HOME or received.said_at is None:
            return None
        try:
            slack = await self._slack.of(received.team)
            return await slack.find(
                received.channel, _mark(received), since=received.said_at, thread=received.thread
            )
        except Refused:
            return None

    async def post(self, received: CommandReceived, rendered: str) -> str:
        """Write the message; return its name where Slack gives one."""
        if received.channel == HOME:
            await self._publish(received, rendered)
            return HOME
        message, is_private, _ = _read(rendered)
        if is_private and received.channel != received.by:
            await self._whisper(received, message)
            return ""
        try:
            slack = await self._slack.of(received.team)
            marked = {"event_type": REPLY, "event_payload": {"mark": _mark(received)}}
            return await slack.post(
                received.channel, {**message, "metadata": marked}, thread=received.thread
            )
        except (Refused, NotThere):
            if not received.response_url:
                raise
        await self._respond(received, message, PUBLIC)
        return ""

    async def edit(self, received: CommandReceived, message: str, rendered: str) -> None:
        """Replace the message where it has a name; what has none is said again, once, when all is said."""
        if received.channel == HOME:
            await self._publish(received, rendered)
            return
        content, is_private, grows = _read(rendered)
        if message:
            slack = await self._slack.of(received.team)
            await slack.update(received.channel, message, content)
        elif is_private:
            await self._whisper(received, content)
        elif not grows:
            await self._say_at_last(received, content)

    async def _publish(self, received: CommandReceived, rendered: str) -> None:
        slack = await self._slack.of(received.team)
        await slack.publish(received.by, msgspec.json.decode(rendered))

    async def _whisper(self, received: CommandReceived, message: Message) -> None:
        if received.response_url:
            await self._respond(received, message, PRIVATE)
        else:
            slack = await self._slack.of(received.team)
            await slack.whisper(received.channel, received.by, message, thread=received.thread)

    async def _say_at_last(self, received: CommandReceived, message: Message) -> None:
        """Say how it ended where it was asked, as long as Slack takes an answer; then to who asked."""
        try:
            await self._respond(received, message, PUBLIC)
        except Refused:
            slack = await self._slack.of(received.team)
            await slack.post(received.by, message)

    async def _respond(
        self, received: CommandReceived, message: Message, response_type: str
    ) -> None:
        frame = {"thread_ts": received.thread} if received.thread else {}
        await self._slack.respond(
            received.response_url,
            {**message, **frame, "response_type": response_type, "replace_original": False},
        )


def _mark(received: CommandReceived) -> str:
    """Return what tells the reply to a command from all others, and nothing else."""
    return blake2b(received.command.encode(), digest_size=16).hexdigest()


def _read(rendered: str) -> tuple[Message, bool, bool]:
    """Return a message, whether it is for one person alone, and whether more is to come."""
    message: Message = msgspec.json.decode(rendered)
    is_private = message.pop("response_type", "") == PRIVATE
    return message, is_private, bool(message.pop(GROWS, False))
