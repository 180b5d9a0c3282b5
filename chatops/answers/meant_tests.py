"""Which of the nightly's tests does somebody mean, and how have they been?"""

from collections.abc import Mapping

from chatops.answers.job_words import Named, meant
from chatops.answers.nights import NIGHTS, NightBoard, Test, night_board
from chatops.engine.command import Knowledge
from chatops.errors import Refused


def board_of(knowledge: Knowledge, nights: int = NIGHTS) -> NightBoard:
    """Return the community's newest nights; refuse where there is no nightly to speak of."""
    community = knowledge.community
    if not community.nightly:
        raise Refused(
            f"No nightly workflow is configured for {community.title}.", reason="not_configured"
        )
    return night_board(
        knowledge.db, community.repositories, community.nightly, nights=nights, now=knowledge.now
    )


def meant_tests(
    board: NightBoard, pattern: str, aliases: Mapping[str, str] | None = None
) -> list[Test]:
    """Return the tests a pattern means, in the order of the board; refuse with what is near where it means none.

    `aliases` are the community's short words for jobs.
    """
    if not board.tests:
        raise Refused("No night has been recorded yet, so I know no tests.", reason="no_nights")
    names = {Named(name=test.name, workflow=test.workflow): test for test in board.tests}
    return [names[named] for named in meant(pattern, list(names), aliases=aliases)]
