"""Gives up waiting for the rest of a night, so that people are told of it without what is missing.

Every:    minute
Looks at: the newest nightly runs that have ended and are not settled
Finds:    `night.settled`, once for each attempt
"""

from collections.abc import Iterator
from datetime import timedelta
from typing import ClassVar

from chatops.answers.unsettled import unsettled_nights
from chatops.engine.round import Outlook, Round, of_ours
from chatops.events import Fact


class GiveUpWaiting(Round):
    """Find the nights of which a word was lost."""

    name: ClassVar[str] = "give_up_waiting"
    every: ClassVar[timedelta] = timedelta(minutes=1)

    def find(self, outlook: Outlook) -> Iterator[Fact]:
        for knowledge in outlook.communities:
            for night in unsettled_nights(knowledge):
                yield of_ours(night, f"night/{night.run_id}")
