"""A pretend GitHub: keeps state, answers REST calls, runs pretend CI, sends signed webhooks."""

from chatops.standins.github.actions import Clock, HandClock, NotAllowedError, PlannedJob
from chatops.standins.github.gate import Fault, RecordedCall
from chatops.standins.github.server import GitHubStandIn, serve_in_thread
from chatops.standins.github.things import ChangedFile
from chatops.standins.github.webhooks import Delivery, Mischief
from chatops.standins.github.world import Repository, World

__all__ = [
    "ChangedFile",
    "Clock",
    "Delivery",
    "Fault",
    "GitHubStandIn",
    "HandClock",
    "Mischief",
    "NotAllowedError",
    "PlannedJob",
    "RecordedCall",
    "Repository",
    "World",
    "serve_in_thread",
]
