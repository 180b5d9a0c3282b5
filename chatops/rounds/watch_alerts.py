"""Watches what time alone turns: a night that does not come, jobs that wait for a runner, the end of a channel's rest.

Every:    minute
Looks at: the schedule of the nights, the jobs that wait, what was held back and is due
Finds:    `alerts.turned`, and the messages of what was held back
"""

from collections.abc import Iterator
from datetime import timedelta
from typing import ClassVar

from chatops.answers.alert_watch import watched
from chatops.engine.round import Outlook, Round, of_ours
from chatops.events import Fact


class WatchAlerts(Round):
    """Find what is wrong, and what is no longer, although nothing was heard."""

    name: ClassVar[str] = "watch_alerts"
    every: ClassVar[timedelta] = timedelta(minutes=1)

    def find(self, outlook: Outlook) -> Iterator[Fact]:
        for knowledge in outlook.communities:
            for event in watched(knowledge):
                yield of_ours(event, event.stream())
