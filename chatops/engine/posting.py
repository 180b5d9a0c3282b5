"""Posts a message in Slack once, although it may be tried many times: before it is posted, it is looked for.

Slack takes no key that would make a repeated call harmless, so each message carries a mark, and a process that died
after the call finds it by that. Where we may not read what was said, it is posted without a look.
"""

from datetime import datetime, timedelta

from msgspec import Struct

from chatops.errors import Refused
from chatops.ports import Json, Ports, Slack

CLOCKS_DIFFER = timedelta(hours=1)
MAY_NOT_LOOK = "credentials"


class Posted(Struct, frozen=True, kw_only=True):
    """A message that is there; `found`: it was there already."""

    name: str
    found: bool


async def post_once(
    ports: Ports,
    team: str,
    place: str,
    message: Json,
    *,
    mark: str,
    wanted_at: datetime,
    thread: str = "",
    is_shown: bool = False,
) -> Posted:
    """Post a message with a mark into a workspace, wanted since a moment, unless it is there.

    It goes where `Slack.post` says.
    """
    if ports.slack is None:
        raise Refused("Slack is not set up for this bot any more.", reason="not_configured")
    slack = await ports.slack.of(team)
    there = await _found(slack, place, mark, wanted_at - CLOCKS_DIFFER, thread)
    name = there or await slack.post(place, message, thread=thread, is_shown=is_shown)
    return Posted(name=name, found=there is not None)


async def _found(slack: Slack, place: str, mark: str, since: datetime, thread: str) -> str | None:
    try:
        return await slack.find(place, mark, since=since, thread=thread)
    except Refused as refusal:
        if refusal.reason != MAY_NOT_LOOK:
            raise
        return None
