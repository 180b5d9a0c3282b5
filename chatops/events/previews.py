"""Pages of ours that somebody shows to others: which one, and what is shown of it under the message."""

from hashlib import blake2b
from typing import ClassVar

from chatops.events import Event


class _Preview(Event, frozen=True, kw_only=True):
    """What is about one address in one message of Slack; `team` is the workspace, where the bot is in several."""

    community: str
    url: str
    channel: str
    message: str
    team: str = ""

    def about(self) -> str:
        """Return what tells this address in this message from all others."""
        digest = blake2b(self.url.encode(), digest_size=8).hexdigest()
        return f"preview/{self.channel}/{self.message}/{digest}"

    def stream(self) -> str:
        return f"page/{self.channel}/{self.message}"


class PageShared(_Preview, frozen=True, kw_only=True):
    """Somebody named the address of a page in a message. `place` is the page within its community.

    Who it was and what else the message says is not kept.
    """

    kind: ClassVar[str] = "page.shared"

    place: str

    def key(self) -> str:
        return f"{self.about()}/shared"


class PreviewWanted(_Preview, frozen=True, kw_only=True):
    """Under the address is to be shown what the page says.

    `nights` are the states of the newest nights, the newest first; `tone` says at a glance how it is.
    `picture` is where a picture of the nights is, if Slack can reach it.
    """

    kind: ClassVar[str] = "preview.wanted"

    title: str
    says: str
    tone: str = ""
    lines: tuple[str, ...] = ()
    nights: tuple[str, ...] = ()
    picture: str = ""

    def key(self) -> str:
        return f"{self.about()}/wanted"


class PreviewShown(_Preview, frozen=True, kw_only=True):
    """Slack shows it, or does not take it, and `problem` says why."""

    kind: ClassVar[str] = "preview.shown"

    problem: str = ""

    def key(self) -> str:
        return f"{self.about()}/shown"
