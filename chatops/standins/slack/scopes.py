"""What an app may call: the scopes of its bot token, as the reference of each method names them.

Nothing is refused unless it is said which scopes the app has.
"""

from __future__ import annotations

from chatops.standins.slack.workspace import Channel, RefusedBySlack

READING = ("conversations.history", "conversations.replies")
"""The methods whose scope depends on what kind of conversation is read."""
HISTORY = {
    "im": "im:history",
    "private_channel": "groups:history",
    "public_channel": "channels:history",
}
KNOWING = {"im": "im:read", "private_channel": "groups:read", "public_channel": "channels:read"}
NEEDED = {
    "chat.delete": "chat:write",
    "chat.postEphemeral": "chat:write",
    "chat.postMessage": "chat:write",
    "chat.unfurl": "links:write",
    "chat.update": "chat:write",
    "conversations.list": "channels:read",
    "conversations.open": "im:write",
    "reactions.add": "reactions:write",
    "reactions.get": "reactions:read",
    "users.info": "users:read",
    "users.list": "users:read",
    "users.lookupByEmail": "users:read.email",
}


def kind_of(channel: Channel) -> str:
    """Return what Slack calls the kind of a conversation."""
    if channel.with_user is not None:
        return "im"
    return "private_channel" if channel.is_private else "public_channel"


def needed(method: str, channel: Channel | None) -> str:
    """Return the scope that a call needs, empty where any token will do."""
    if method in READING:
        return HISTORY[kind_of(channel)] if channel is not None else ""
    if method == "conversations.info":
        return KNOWING[kind_of(channel)] if channel is not None else ""
    return NEEDED.get(method, "")


EVENTS = {
    "app_home_opened": "",
    "app_mention": "app_mentions:read",
    "link_shared": "links:read",
}
"""The scope that each kind of event needs to be subscribed to, empty where it needs none."""


class MissingScope(RefusedBySlack):
    """The token has not the scope that a call needs."""

    def __init__(self, wanted: str, provided: frozenset[str]) -> None:
        super().__init__("missing_scope")
        self.wanted = wanted
        self.provided = ",".join(sorted(provided))
