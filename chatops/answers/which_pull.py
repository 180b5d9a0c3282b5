"""Which pull request is meant: the one of the conversation, or one that is named in words?"""

import re
from collections.abc import Sequence

import msgspec

from chatops.config import Community
from chatops.errors import Refused
from chatops.events.conversation import CommandReceived
from chatops.names import PullNumber, Repo

NAMED = re.compile(
    r"(?:https?://[^/\s]+/)?(?P<repo>[\w.-]+/[\w.-]+)(?:#|/pull/)(?P<number>\d{1,9})(?:[/?#]\S*)?"
    r"|#(?P<short>\d{1,9})",
    re.ASCII,
)
PULL = frozenset({"pr", "pull"})


def named_pull(words: Sequence[str]) -> tuple[tuple[str, int] | None, tuple[str, ...]]:
    """Return the repository (empty: the one of the conversation) and number that words begin with, and the rest.

    Understood are `#7`, `pr 7`, `pr #7`, `acme/rocket#7`, and the address of a pull request.
    """
    if not words:
        return None, ()
    is_pull = words[0].lower() in PULL and len(words) > 1
    word, rest = (words[1], tuple(words[2:])) if is_pull else (words[0], tuple(words[1:]))
    found = NAMED.fullmatch(word)
    if found is not None:
        return (found["repo"] or "", int(found["number"] or found["short"])), rest
    if is_pull and word.isascii() and word.isdigit():
        return ("", int(word)), rest
    return None, tuple(words)


def on_pull(
    received: CommandReceived, community: Community, named: tuple[str, int] | None
) -> CommandReceived:
    """Return a request as one about the pull request it names; refuse one of somebody else's repository."""
    if named is None:
        return received
    repo = next(
        (known for known in community.repositories if known.lower() == named[0].lower()), None
    )
    if named[0] and repo is None:
        raise Refused(
            f"`{named[0]}` is not among the repositories of {community.title}: "
            f"{', '.join(community.repositories)}.",
            reason="unknown_repository",
        )
    number = PullNumber(named[1])
    return msgspec.structs.replace(received, repo=Repo(repo or received.repo), number=number)
