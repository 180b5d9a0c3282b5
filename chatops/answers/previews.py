"""What a page says in short, for those who see only its address: the nightly, a run, a pull request, a test."""

from collections.abc import Sequence

from msgspec import Struct

from chatops.answers.job_status import in_nights
from chatops.answers.night_cells import GREEN, State
from chatops.answers.night_status import status_of
from chatops.answers.nights import NightBoard, Test, counted, night_board
from chatops.answers.one_run import OneRun, Since, one_run
from chatops.answers.pull_checks import pull_checks
from chatops.answers.pull_status import counts, tone, verdict
from chatops.engine.answer import plain
from chatops.engine.command import Knowledge
from chatops.errors import Refused
from chatops.names import PullNumber, Repo, RunId

NIGHTS = 14
SKIPPED = (State.SKIPPED,)
LINES_SHOWN, LONGEST_TITLE = 5, 120


class Preview(Struct, frozen=True, kw_only=True):
    """A page in a few lines. `nights` are the states of the newest nights, the newest first."""

    title: str
    says: str
    tone: str = ""
    lines: tuple[str, ...] = ()
    nights: tuple[str, ...] = ()


def nightly_preview(knowledge: Knowledge) -> Preview | None:
    """Return the newest night: its verdict, and what fails newly."""
    board = _board(knowledge)
    if board is None:
        return None
    answer = status_of(board, "", {})
    new = board.newest.newly_failing if board.newest is not None else ()
    lines = _newly([test.name for test in new])
    return Preview(
        title=f"{knowledge.community.title}: the nightly",
        says=plain(answer.verdict),
        tone=answer.tone,
        lines=(*((plain(answer.counts),) if answer.counts else ()), *lines),
        nights=tuple(board.states),
    )


def run_preview(knowledge: Knowledge, run_id: RunId, attempt: int | None) -> Preview | None:
    """Return how a run went, as it was after an attempt; without one, after the newest."""
    one = one_run(knowledge, run_id, attempt)
    if one is None:
        return None
    run, board = one.run, _board(knowledge) if one.is_night else None
    which = f", attempt {run.attempt}" if len(one.attempts) > 1 else ""
    new = [job.name for job in one.failed if job.since is Since.NEW]
    return Preview(
        title=f"{run.workflow} #{run.number}{which}" if run.number else f"{run.workflow}{which}",
        says=one.verdict,
        tone=_tone_of_run(one),
        lines=tuple(_newly(new)),
        nights=tuple(board.states) if board is not None else (),
    )


def pull_preview(knowledge: Knowledge, repo: Repo, number: PullNumber) -> Preview | None:
    """Return how far a pull request is."""
    try:
        checks = pull_checks(knowledge, repo, number)
    except Refused:
        return None
    title = f"#{number} {checks.pull.title}"
    return Preview(
        title=title if len(title) <= LONGEST_TITLE else f"{title[: LONGEST_TITLE - 1]}…",
        says=plain(verdict(checks, knowledge)),
        tone=tone(checks),
        lines=(plain(counts(checks)),),
    )


def job_preview(knowledge: Knowledge, workflow: str, name: str) -> Preview | None:
    """Return how a test has been in the newest nights; `workflow` may be left open."""
    board = _board(knowledge)
    named = [
        test
        for test in (board.tests if board is not None else ())
        if test.name == name and workflow in ("", test.workflow)
    ]
    return _of_test(named[0]) if named else None


def _newly(names: Sequence[str]) -> list[str]:
    """Return the first of the tests that fail newly, and how many more there are."""
    more = len(names) - LINES_SHOWN
    lines = [f"Newly failing: {name}" for name in names[:LINES_SHOWN]]
    return [*lines, f"… and {more} more"] if more > 0 else lines


def _tone_of_run(one: OneRun) -> str:
    if one.failed:
        return "bad"
    if not one.run.is_over:
        return "busy"
    passed, skipped = (sum(one.counts.get(state, 0) for state in some) for some in (GREEN, SKIPPED))
    return "good" if passed and passed + skipped == len(one.jobs) else "unknown"


def _of_test(test: Test) -> Preview:
    runs = counted(test.runs, "night")
    return Preview(
        title=test.name,
        says=f"{'Required: it' if test.is_required else 'It'} {in_nights(test)}.",
        tone="bad" if test.streak else "good" if test.runs else "unknown",
        lines=(f"Failed in {test.fails} of {runs}.",) if test.runs else (),
        nights=tuple(cell.state for cell in test.cells[:NIGHTS]),
    )


def _board(knowledge: Knowledge) -> NightBoard | None:
    community = knowledge.community
    if not community.nightly:
        return None
    return night_board(
        knowledge.db, community.repositories, community.nightly, nights=NIGHTS, now=knowledge.now
    )
