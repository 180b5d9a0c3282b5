"""A pretend Slack that speaks Slack's protocol: for the test suite, and for a look at the demo."""

from chatops.standins.slack.deliveries import Answer, signature
from chatops.standins.slack.ledger import ApiCall, Fault
from chatops.standins.slack.mrkdwn import live_mentions
from chatops.standins.slack.standin import (
    EventDelivery,
    Outcome,
    ServedSlack,
    Shortcut,
    SlackStandIn,
    serve_in_thread,
    small_workspace,
)
from chatops.standins.slack.workspace import (
    Channel,
    Message,
    RefusedBySlack,
    User,
    View,
    Workspace,
)

__all__ = [
    "Answer",
    "ApiCall",
    "Channel",
    "EventDelivery",
    "Fault",
    "Message",
    "Outcome",
    "RefusedBySlack",
    "ServedSlack",
    "Shortcut",
    "SlackStandIn",
    "User",
    "View",
    "Workspace",
    "live_mentions",
    "serve_in_thread",
    "signature",
    "small_workspace",
]
