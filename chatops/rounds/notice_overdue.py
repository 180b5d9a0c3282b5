"""Notices who has waited for a word for too long, so that the reply says what it waits for.

Every:    30 seconds
Looks at: the commands of the last hours to which nothing was answered, and what the crew has not done
Finds:    `command.overdue`, once for each command
"""

from collections.abc import Iterator
from datetime import timedelta
from typing import ClassVar

from chatops.answers.overdue import overdue, overdue_commands
from chatops.engine.bus import caused_by
from chatops.engine.round import Outlook, Round
from chatops.events import Fact


class NoticeOverdue(Round):
    """Find the commands of which nobody has had a word."""

    name: ClassVar[str] = "notice_overdue"
    every: ClassVar[timedelta] = timedelta(seconds=30)

    def find(self, outlook: Outlook) -> Iterator[Fact]:
        waiting = [
            (outlook.story(command), knowledge.community.patience_minutes)
            for knowledge in outlook.communities
            for command in overdue_commands(knowledge)
        ]
        backlog = outlook.backlog() if waiting else ()
        for story, minutes in waiting:
            yield from caused_by(story[0], [overdue(story, backlog, minutes)])
