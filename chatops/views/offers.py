"""What a button carries: the command that it says, in words that only we write and read.

Whoever presses a button in a message of ours gets the command decided for themselves, as if they had typed it.
"""

import msgspec

from chatops.engine.answer import Action
from chatops.events.conversation import CommandReceived
from chatops.names import PullNumber, Repo

LONGEST = 2_000
"""Slack takes no longer value of a button."""


class Offer(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A command that is offered: of which community, its words, and the pull request it is about."""

    community: str
    verb: str
    words: tuple[str, ...] = ()
    repo: Repo = Repo("")
    number: PullNumber = PullNumber(0)


def write_offer(action: Action, received: CommandReceived) -> str | None:
    """Return what the button of an action carries, for an answer to a request; nothing if it is too long."""
    offer = Offer(
        community=received.community,
        verb=action.verb,
        words=action.words,
        repo=received.repo,
        number=action.number or received.number,
    )
    written = msgspec.json.encode(offer).decode()
    return written if len(written) <= LONGEST else None


def read_offer(value: object) -> Offer | None:
    """Return the command that a button carries, or nothing if it is no button of ours."""
    if not isinstance(value, str):
        return None
    try:
        return msgspec.json.decode(value, type=Offer)
    except (msgspec.DecodeError, RecursionError, ValueError):
        return None
