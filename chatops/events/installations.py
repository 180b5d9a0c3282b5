"""Where the GitHub App is installed, and that its webhook can reach us."""

from typing import ClassVar

from chatops.events import Event
from chatops.names import Login, Repo


class InstallationChanged(Event, frozen=True, kw_only=True):
    """GitHub installed, changed or removed the app for an account or repositories. Heard from GitHub."""

    kind: ClassVar[str] = "installation.changed"

    installation_id: int
    action: str
    account: Login
    repositories: tuple[Repo, ...] = ()
    removed: tuple[Repo, ...] = ()
    delivery: str

    def key(self) -> str:
        return f"installation/{self.installation_id}/{self.delivery}"

    def stream(self) -> str:
        return f"installation/{self.installation_id}"


class HookPinged(Event, frozen=True, kw_only=True):
    """GitHub tried the webhook's address. Heard from GitHub."""

    kind: ClassVar[str] = "hook.pinged"

    hook_id: int
    delivery: str

    def key(self) -> str:
        return f"hook/{self.hook_id}/{self.delivery}"

    def stream(self) -> str:
        return f"hook/{self.hook_id}"
