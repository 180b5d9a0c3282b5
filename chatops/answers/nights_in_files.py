"""How many nights does only a dashboard's file tell of, which cannot be counted with the others?

Such a file says neither when a night was nor on which commit it ran, so it has no week and no second try of a commit.
"""

from datetime import datetime

from chatops.answers.nights import counted, placed
from chatops.engine.command import Knowledge
from chatops.projections.runs import nights_in_files


def in_files(knowledge: Knowledge, since: datetime) -> int:
    """Return the number of a community's nights that only files tell of, since a moment."""
    community = knowledge.community
    return sum(
        nights_in_files(knowledge.db, repo, one.name, since)
        for repo, one in placed(community.repositories, community.nightly)
    )


def not_counted(nights: int) -> str:
    """Return in a sentence that so many nights are not counted, and why; nothing where there are none."""
    if not nights:
        return ""
    are, they = ("is", "it was") if nights == 1 else ("are", "they were")
    return (
        f"{counted(nights, 'night')} that only a file tells of {are} not among them: "
        f"the file says neither when {they} nor on which commit."
    )
