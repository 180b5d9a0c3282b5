"""Answers in Slack: a message of our own, which can be edited, or one that only one person sees."""

from typing import Any

import msgspec

from chatops.engine.answer import Answer
from chatops.errors import Refused
from chatops.events.conversation import CommandReceived
from chatops.ports import Slack
from chatops.views.blocks import render_blocks

PRIVATE = "ephemeral"


class Messages:
    """Replies in Slack.

    What everybody may see is posted by us where we are let, in the thread it belongs to; else, and for one person
    alone, the request's response address is used, which gives no message to edit.
    """

    def __init__(self, slack: Slack) -> None:
        self._slack = slack

    def render(self, answer: Answer, received: CommandReceived) -> str:
        """Return the message as JSON."""
        return msgspec.json.encode(render_blocks(answer, received)).decode()

    async def find(self, received: CommandReceived) -> str | None:
        """Slack cannot be asked for it; a reply may come twice if the process dies in between."""
        del received
        return None

    async def post(self, received: CommandReceived, rendered: str) -> str:
        """Write the message; return its name where Slack gives one."""
        message: dict[str, Any] = msgspec.json.decode(rendered)
        is_private = message.pop("response_type", "") == PRIVATE
        is_between_us = received.channel == received.by
        if is_private and not is_between_us:
            return await self._whisper(received, message)
        try:
            return await self._slack.post(received.channel, message, thread=received.thread)
        except Refused:
            if not received.response_url:
                raise
        await self._respond(received, message, "in_channel")
        return ""

    async def edit(self, received: CommandReceived, message: str, rendered: str) -> None:
        """Replace the message where it has a name; what has none is said again, to whom it concerns."""
        content: dict[str, Any] = msgspec.json.decode(rendered)
        kind = content.pop("response_type", PRIVATE)
        if message:
            await self._slack.update(received.channel, message, content)
        elif kind == PRIVATE:
            await self._whisper(received, content)
        elif received.response_url:
            await self._respond(received, content, kind)

    async def _whisper(self, received: CommandReceived, message: dict[str, Any]) -> str:
        if received.response_url:
            await self._respond(received, message, PRIVATE)
        else:
            await self._slack.whisper(
                received.channel, received.by, message, thread=received.thread
            )
        return ""

    async def _respond(
        self, received: CommandReceived, message: dict[str, Any], response_type: str
    ) -> None:
        frame = {"thread_ts": received.thread} if received.thread else {}
        await self._slack.respond(
            received.response_url,
            {**message, **frame, "response_type": response_type, "replace_original": False},
        )
