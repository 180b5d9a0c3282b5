"""The ledger of calls to the Web API: what was asked, what was answered, and how often.

Slack allows each method so many calls a minute. The ledger always counts, so a test can ask
which method was over its tier; it refuses with 429 only when told to enforce. Faults make a
method fail on purpose, before or after it took effect.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from chatops.standins.slack.workspace import JsonObject

_MINUTE = timedelta(minutes=1)

TIERS: dict[str, int] = {
    "apps.connections.open": 50,
    "auth.test": 600,
    "chat.delete": 50,
    "chat.getPermalink": 600,
    "chat.postEphemeral": 100,
    "chat.postMessage": 60,
    "chat.unfurl": 50,
    "chat.update": 50,
    "conversations.history": 50,
    "conversations.info": 50,
    "conversations.list": 20,
    "conversations.open": 50,
    "conversations.replies": 50,
    "reactions.add": 50,
    "reactions.get": 50,
    "users.info": 100,
    "users.list": 20,
    "users.lookupByEmail": 50,
    "views.open": 100,
    "views.publish": 100,
    "views.update": 100,
}


@dataclass(frozen=True, kw_only=True, slots=True)
class ApiCall:
    """One call to the Web API and its answer."""

    method: str
    arguments: JsonObject
    at: datetime
    status: int
    answer: JsonObject


@dataclass(frozen=True, kw_only=True, slots=True)
class Fault:
    """A failure to come; `after_effect` does what was asked and fails to say so."""

    method: str
    error: str = "internal_error"
    status: int = 200
    retry_after: int | None = None
    after_effect: bool = False


@dataclass(kw_only=True)
class Ledger:
    """Every call so far, and the faults that wait for the next ones."""

    enforce_tiers: bool = False
    calls: list[ApiCall] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    over_tier: list[str] = field(default_factory=list)
    _times: dict[tuple[str, str], list[datetime]] = field(default_factory=dict)

    def take_fault(self, method: str) -> Fault | None:
        """Return the next fault meant for this method, and forget it."""
        for index, fault in enumerate(self.faults):
            if fault.method in (method, "*"):
                return self.faults.pop(index)
        return None

    def count(self, method: str, channel: str, at: datetime) -> int | None:
        """Count a call; return the seconds to wait when it is one too many and that matters.

        Posting is counted for each channel, all else for the workspace.
        """
        key = (method, channel if method == "chat.postMessage" else "")
        recent = [time for time in self._times.get(key, []) if at - time < _MINUTE]
        if len(recent) < TIERS.get(method, 50):
            self._times[key] = [*recent, at]
            return None
        self._times[key] = recent
        self.over_tier.append(method)
        wait = math.ceil((recent[0] + _MINUTE - at).total_seconds())
        return max(wait, 1) if self.enforce_tiers else None
