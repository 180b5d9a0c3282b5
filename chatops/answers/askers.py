"""Who asked for something, by the name that pages and answers show: a login, or what Slack calls them there."""

from chatops.answers.chains import is_private
from chatops.engine.command import SOMEBODY, Knowledge, Story
from chatops.projections.commands import Command


def who_asked(command: Command, knowledge: Knowledge) -> str:
    """Return who gave a command. The id of a member of Slack is nobody's name, and stays there."""
    if not is_private(command.surface):
        return command.by
    if knowledge.log is None:
        return SOMEBODY
    told = knowledge.log.story(command.command, knowledge.db)
    return Story(tuple(recorded.event for recorded in told)).asker or SOMEBODY
