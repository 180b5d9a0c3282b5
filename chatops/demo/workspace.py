"""The pretend Slack of the demo: who is there, among them those who look after jobs, and what the bot is called."""

from chatops.standins.history.files import OWNERS, slack_name
from chatops.standins.slack import Workspace, small_workspace

BOT_NAME = "kata"
"""As the documentation calls it."""


def pretend_workspace() -> Workspace:
    """Return a workspace in which everybody whom the bot may call is a member."""
    workspace = small_workspace(bot_name=BOT_NAME)
    for name in sorted({slack_name(login) for _, _, logins in OWNERS for login in logins}):
        workspace.add_user(name)
    return workspace
