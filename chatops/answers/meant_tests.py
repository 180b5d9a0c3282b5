"""Which of the nightly's tests does somebody mean, and how have they been?"""

from collections.abc import Mapping, Sequence

from chatops.answers.job_words import LEVEL, Named, meant
from chatops.answers.nights import NIGHTS, NightBoard, Test, night_board
from chatops.engine.command import Knowledge
from chatops.errors import Refused
from chatops.events.conversation import CommandReceived
from chatops.projections.tables import rows_shown


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


def rows_here(knowledge: Knowledge, received: CommandReceived) -> list[str] | None:
    """Return the jobs in the list that was shown last where this is said; none where no list can have been.

    The nightly runs the jobs of a pull request in another workflow, so they are known by their own names.
    """
    if not received.number:
        return None
    shown = rows_shown(knowledge.db, received.repo, received.number)
    return [row.partition(LEVEL)[2] or row for row in shown]


def meant_tests(
    board: NightBoard,
    pattern: str,
    aliases: Mapping[str, str] | None = None,
    rows: Sequence[str] | None = None,
) -> list[Test]:
    """Return the tests a pattern means, in the order of the board; refuse with what is near where it means none.

    `aliases` are the community's short words for jobs, `rows` the jobs of the list that was shown last.
    """
    if not board.tests:
        raise Refused("No night has been recorded yet, so I know no tests.", reason="no_nights")
    names = {Named(name=test.name, workflow=test.workflow): test for test in board.tests}
    return [names[named] for named in meant(pattern, list(names), aliases=aliases, rows=rows)]


def tests_meant_here(
    board: NightBoard, pattern: str, knowledge: Knowledge, received: CommandReceived
) -> list[Test]:
    """Return the tests a pattern means where it is said: short words of the community and rows shown there count."""
    rows = rows_here(knowledge, received)
    return meant_tests(board, pattern, knowledge.community.job_aliases, rows)
