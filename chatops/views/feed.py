"""What is new on a page, for feed readers: Atom, as RFC 4287 describes it.

An entry's id is made of the community and of what the entry is about, never of an address: a service that moves to
another address shows nobody the same news twice.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from uuid import NAMESPACE_OID, uuid5

from msgspec import Struct

from chatops.engine.command import Knowledge
from chatops.projections.freshness import last_heard
from chatops.views.page import render

MOST_ENTRIES = 50
NAMESPACE = uuid5(NAMESPACE_OID, "chatops")
BEGINNING = datetime.fromtimestamp(0, UTC)
NO_XML = dict.fromkeys(
    (*(code for code in range(0x20) if chr(code) not in "\t\n\r"), *range(0xD800, 0xE000), 0xFFFE, 0xFFFF),
    "\ufffd",
)  # fmt: skip
"""What cannot stand in XML, not even escaped, and what stands there instead."""


class Entry(Struct, frozen=True, kw_only=True):
    """Something new. `key` says what it is about and stays the same; `parts` are lists under a word each."""

    key: str
    title: str
    at: datetime
    place: str
    said: str = ""
    parts: Mapping[str, tuple[str, ...]]


class Feed(Struct, frozen=True, kw_only=True):
    """The news of a page, the newest first. `place` is the page's address within its community."""

    title: str
    place: str
    entries: tuple[Entry, ...]


def atom(feed: Feed, knowledge: Knowledge) -> str:
    """Return the feed as a document."""
    community = knowledge.community
    here = f"{knowledge.base_url.rstrip('/')}/{community.key}"
    entries = sorted(feed.entries, key=lambda entry: entry.at, reverse=True)[:MOST_ENTRIES]
    # What has no news yet changed when something was heard; what knows nothing at all, never.
    heard_at = last_heard(knowledge.db, community.repositories)
    changed_at = entries[0].at if entries else heard_at or BEGINNING
    document = render(
        "feed.xml",
        name=community.title,
        feed=feed,
        entries=entries,
        here=here,
        changed_at=moment(changed_at),
        identity=lambda key: _identity(community.key, community.repositories[0], key),
        moment=moment,
    )
    return document.translate(NO_XML)


def moment(at: datetime) -> str:
    """Return a moment as feeds write it."""
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _identity(*about: str) -> str:
    return uuid5(NAMESPACE, "\n".join(about)).urn
