"""Tells those who run the bot what is wrong with the bot itself.

Every:    five minutes, so that after a start the other rounds have been made before
Looks at: its signs of life: the canary, what was heard of each community, its nights, the digests of its channels
Finds:    `alerts.turned`, and a message for the operators' channel
"""

from collections.abc import Iterator
from datetime import timedelta
from typing import ClassVar

from chatops.answers.dead_man import operators_told
from chatops.engine.round import Outlook, Round, of_ours
from chatops.events import Fact


class TellOperators(Round):
    """Find which sign of life is missing, and which is back."""

    name: ClassVar[str] = "tell_operators"
    every: ClassVar[timedelta] = timedelta(minutes=5)

    def find(self, outlook: Outlook) -> Iterator[Fact]:
        for place, knowledge in enumerate(outlook.communities):
            for event in operators_told(knowledge, outlook.operators, is_first=place == 0):
                yield of_ours(event, event.stream())
