"""Sends the canary that is due, which goes through every room and has to come back.

Every:    minute
Looks at: when the last one was sent
Finds:    `canary.sent`, once for each span of time
"""

from collections.abc import Iterator
from datetime import timedelta
from typing import ClassVar

from chatops.answers.dead_man import due_canary
from chatops.engine.round import Outlook, Round, of_ours
from chatops.events import Fact
from chatops.projections.canaries import canary


class SendCanary(Round):
    """Find whether it is time for the next one."""

    name: ClassVar[str] = "send_canary"
    every: ClassVar[timedelta] = timedelta(minutes=1)

    def find(self, outlook: Outlook) -> Iterator[Fact]:
        due = due_canary(canary(outlook.db), outlook.operators, outlook.now)
        if due is not None:
            yield of_ours(due, due.stream())
