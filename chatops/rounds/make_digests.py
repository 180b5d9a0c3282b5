"""Makes the digests whose time has come, or says why a channel gets none today.

Every:    minute
Looks at: each channel's clock, and its nights when they are complete or were waited for in vain
Finds:    `digest.wanted` or `digest.withheld`, one of them for each channel and day
"""

from collections.abc import Iterator
from datetime import timedelta
from typing import ClassVar

from chatops.answers.digests_due import due_digests
from chatops.engine.round import Outlook, Round, of_ours
from chatops.events import Fact
from chatops.views.job_filters import jobs_of_channel


class MakeDigests(Round):
    """Find the channels that are to be told of their nights."""

    name: ClassVar[str] = "make_digests"
    every: ClassVar[timedelta] = timedelta(minutes=1)

    def find(self, outlook: Outlook) -> Iterator[Fact]:
        if not outlook.has_slack:
            return
        for knowledge in outlook.communities:
            for made in due_digests(knowledge, jobs_of_channel):
                yield of_ours(made, made.digest)
