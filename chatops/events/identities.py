"""Who somebody in Slack is on GitHub: offered as a link, proved by signing in, and taken back."""

from datetime import datetime
from typing import ClassVar

from chatops.events import Event, in_code
from chatops.names import CommandId, Login


class LinkOffered(Event, frozen=True, kw_only=True):
    """Somebody in Slack asked to be linked; until `expires_at` they can prove who they are on GitHub, once."""

    kind: ClassVar[str] = "identity.offered"

    command: CommandId
    team: str
    user: str
    user_name: str = ""
    expires_at: datetime

    def key(self) -> str:
        return f"{self.command}/offered"

    def would(self) -> str:
        return "Would send an address, to you alone, at which you show who you are on GitHub."

    def stream(self) -> str:
        return f"identity/slack/{self.team}/{self.user}"


class IdentityLinked(Event, frozen=True, kw_only=True):
    """A member of a Slack workspace signed in to GitHub and confirmed that the two accounts are theirs.

    `github_id` is the account's number, which no renaming changes; a login can come to be somebody else's.
    """

    kind: ClassVar[str] = "identity.linked"

    command: CommandId
    team: str
    user: str
    login: Login
    github_id: int
    at: datetime

    def key(self) -> str:
        return f"{self.command}/linked"

    def stream(self) -> str:
        return f"identity/slack/{self.team}/{self.user}"

    def happened_at(self) -> datetime | None:
        return self.at


class IdentityUnlinked(Event, frozen=True, kw_only=True):
    """A member of a Slack workspace asked to be linked to a GitHub account no more."""

    kind: ClassVar[str] = "identity.unlinked"

    command: CommandId
    team: str
    user: str
    login: Login
    at: datetime

    def key(self) -> str:
        return f"{self.command}/unlinked"

    def would(self) -> str:
        return f"Would forget that you are {in_code([self.login])} on GitHub."

    def stream(self) -> str:
        return f"identity/slack/{self.team}/{self.user}"

    def happened_at(self) -> datetime | None:
        return self.at
