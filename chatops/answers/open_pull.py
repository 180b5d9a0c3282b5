"""Which open pull request is a command about?"""

from chatops.engine.command import Asked, Knowledge
from chatops.errors import Refused
from chatops.projections.pulls import Pull, pull


def open_pull(asked: Asked, knowledge: Knowledge, verb: str) -> Pull:
    """Return the open pull request where a command was said; refuse where there is none."""
    received = asked.received
    known = pull(knowledge.db, received.repo, received.number)
    if known is None:
        raise Refused(
            f"`/{verb}` works on a pull request, and I know none here. Say it in a comment of one.",
            reason="no_pull",
        )
    if known.state != "open":
        raise Refused(
            f"#{known.number} is closed, so I do nothing. Reopen it first.", reason="closed"
        )
    return known
