"""How is the newest night? The answer of `status nightly`."""

from collections.abc import Mapping, Sequence
from urllib.parse import quote

from chatops.answers.ages import ago
from chatops.answers.job_words import LEVEL
from chatops.answers.mute_marks import mute_mark
from chatops.answers.nights import NightBoard, State, Test, counted
from chatops.engine.answer import Action, Answer, Line, Link, Piece, Section, Strong, Tone, When
from chatops.engine.command import Knowledge
from chatops.projections.mutes import Mute

LINES_SHOWN = 8
COUNTS = (
    (State.PASSED, "passed"),
    (State.RERUN, "passed on rerun"),
    (State.FAILED, "failed"),
    (State.INFRA, "failed by infrastructure"),
    (State.CANCELLED, "cancelled"),
    (State.NOT_RUN, "did not run"),
    (State.SKIPPED, "skipped"),
    (State.RUNNING, "running"),
    (State.QUEUED, "queued"),
    (State.UNKNOWN, "unknown"),
)


def status_of(board: NightBoard, base_url: str, muted: Mapping[str, Mute]) -> Answer:
    """Return the newest night of a board as one message."""
    footer = _footer(board, base_url)
    if board.newest is None:
        return Answer(verdict=(board.verdict,), tone=Tone.UNKNOWN, footer=footer)
    newest = board.newest
    sections = [
        _section("Newly failing", newest.newly_failing, base_url, muted),
        _section("Fixed", newest.fixed, base_url, muted),
        _section("Still failing", newest.still_failing, base_url, muted, streak=True),
        _section("Did not run", newest.did_not_run, base_url, muted),
    ]
    return Answer(
        verdict=(board.verdict,),
        tone=_tone(board),
        counts=_counts(board),
        sections=tuple(section for section in sections if section.lines),
        footer=footer,
    )


def offered_next(board: NightBoard, knowledge: Knowledge) -> tuple[Action, ...]:
    """Return what may be asked next: about the job that fails first in the list, and what is flaky anyway."""
    newest = board.newest
    failing = (*newest.newly_failing, *newest.still_failing) if newest is not None else ()
    about_it = [
        # A button has room for the end of a name, in which jobs differ.
        Action(text=f"{question} {test.name.split(LEVEL)[-1]}", verb=verb, words=(test.name,))
        for test in failing[:1]
        for verb, question in (("who", "Who looks after"), ("history", "How has it been:"))
    ]
    return knowledge.offers(*about_it, Action(text="What is flaky", verb="flakes"))


def _tone(board: NightBoard) -> Tone:
    newest = board.newest
    if newest is None or board.is_stale or board.is_overdue:
        return Tone.UNKNOWN
    if newest.is_running:
        return Tone.BUSY
    if newest.failed:
        return Tone.BAD
    return Tone.GOOD if not newest.unclear else Tone.UNKNOWN


def _counts(board: NightBoard) -> Line:
    assert board.newest is not None
    counts = board.newest.counts
    parts = [f"{counts[state]} {word}" for state, word in COUNTS if counts.get(state)]
    return (" · ".join(parts),)


def _section(
    title: str,
    tests: Sequence[Test],
    base_url: str,
    muted: Mapping[str, Mute],
    *,
    streak: bool = False,
) -> Section:
    lines = tuple(
        (*_line(test, base_url, streak=streak), *mute_mark(test, muted))
        for test in tests[:LINES_SHOWN]
    )
    return Section(
        title=f"{title} ({len(tests)})", lines=lines, more=max(0, len(tests) - LINES_SHOWN)
    )


def _line(test: Test, base_url: str, *, streak: bool) -> Line:
    name: Piece = test.name
    if base_url:
        name = Link(test.name, f"{base_url}/nightly?sel={quote(test.name, safe='')}")
    line: list[Piece] = [name]
    if test.was_required(0):
        line += [" ", Strong("required")]
    if streak:
        line.append(f", for {counted(test.streak, 'night')}")
    return tuple(line)


def _footer(board: NightBoard, base_url: str) -> Line:
    line: list[Piece] = []
    if board.heard_at is None:
        line.append("Nothing was heard from GitHub yet.")
    else:
        age = ago(board.now - board.heard_at)
        line += [f"Last heard from GitHub {age} ago, ", When(board.heard_at), "."]
    line += [
        piece
        for late in board.late
        for piece in (f" {late.workflow} should have begun at ", When(late.due_at), ".")
    ]
    if base_url:
        line += [" ", Link("All tests and nights", f"{base_url}/nightly")]
    return tuple(line)
