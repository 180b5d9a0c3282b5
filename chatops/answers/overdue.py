"""Who waits for a word about what they asked, and for which steps? A hung 👀 is worse than none."""

from collections.abc import Iterable, Sequence
from datetime import timedelta

from chatops.engine.command import Knowledge
from chatops.engine.work import Open
from chatops.events import Recorded
from chatops.events.conversation import CommandOverdue, CommandReceived
from chatops.names import CommandId
from chatops.projections.untold import untold

REACH = timedelta(hours=6)
"""What was asked longer ago is history; nobody waits for it any more."""


def overdue_commands(knowledge: Knowledge) -> list[CommandId]:
    """Return the commands of a community that have waited for a word longer than it has patience."""
    before = knowledge.now - timedelta(minutes=knowledge.community.patience_minutes)
    return untold(knowledge.db, knowledge.community.key, after=knowledge.now - REACH, before=before)


def overdue(story: Sequence[Recorded], backlog: Iterable[Open], minutes: int) -> CommandOverdue:
    """Return what is to be recorded of a command that waits: which steps of it are not done."""
    positions = {str(recorded.position) for recorded in story}
    command = next(one.event for one in story if isinstance(one.event, CommandReceived)).command
    return CommandOverdue(
        command=command,
        minutes=minutes,
        steps=tuple(sorted({item.name for item in backlog if item.subject in positions})),
    )
