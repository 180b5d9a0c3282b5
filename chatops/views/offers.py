"""What a button carries: the command that it says, in words that only we write and read.

Whoever presses a button in a message of ours gets the command decided for themselves, as if they had typed it.
"""

from typing import Protocol

import msgspec

from chatops.engine.answer import Action
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


class About(Protocol):
    """What a message is about: a request, or whatever else is of a community and may name a pull request."""

    @property
    def community(self) -> str:
        """The community's key."""
        ...

    @property
    def repo(self) -> Repo:
        """The repository."""
        ...

    @property
    def number(self) -> PullNumber:
        """The pull request, 0 where there is none."""
        ...


def write_offer(action: Action, about: About) -> str | None:
    """Return what the button of an action carries, for a message about something; nothing if it is too long."""
    offer = Offer(
        community=about.community,
        verb=action.verb,
        words=action.words,
        repo=about.repo,
        number=action.number or about.number,
    )
    text = written(offer)
    return text if len(text) <= LONGEST else None


def written(offer: Offer) -> str:
    """Return an offer as a button carries it."""
    return msgspec.json.encode(offer).decode()


def read_offer(value: object) -> Offer | None:
    """Return the command that a button carries, or nothing if it is no button of ours."""
    if not isinstance(value, str):
        return None
    try:
        return msgspec.json.decode(value, type=Offer)
    except (msgspec.DecodeError, RecursionError, ValueError):
        return None
