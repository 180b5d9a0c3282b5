"""`status`: how is the nightly?

Asks for:  nothing; anyone may
Decides:   nothing
Tells:     the newest night: verdict, counts, what is newly failing, fixed, still failing, and did not run
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Self
from urllib.parse import quote

from chatops.answers.mute_marks import mute_mark
from chatops.answers.nights import NightBoard, State, Test, counted, night_board
from chatops.engine.answer import Answer, Line, Link, Piece, Section, Strong, Tone, When
from chatops.engine.authority import Role
from chatops.engine.command import CHANGED_NOTHING, Asked, Command, Knowledge, Story
from chatops.errors import Refused
from chatops.events import Event
from chatops.projections.mutes import Mute, muted_jobs

NIGHTS = 30
LINES_SHOWN = 8
MINUTES_SHOWN, HOURS_SHOWN = 120, 72
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


@dataclass(frozen=True, slots=True)
class Status(Command):
    """Say how the newest night is."""

    name: ClassVar[str] = "status"
    usage: ClassVar[str] = "nightly"
    help: ClassVar[str] = "Say how the newest nightly is, and what changed since the one before."
    example: ClassVar[str] = "/status nightly"
    role: ClassVar[Role] = Role.ANYONE
    on_issues: ClassVar[bool] = True
    irreversible: ClassVar[str] = CHANGED_NOTHING

    @classmethod
    def parse(cls, words: Sequence[str]) -> Self:
        if words and words[0].lower() != "nightly":
            raise Refused(
                f"I can tell the status of `nightly`, and found `{words[0]}`. Say `status nightly`.",
                reason="usage",
            )
        return cls()

    def decide(self, asked: Asked, knowledge: Knowledge) -> Sequence[Event]:
        if not knowledge.community.nightly:
            raise Refused(
                f"No nightly workflow is configured for {knowledge.community.title}.",
                reason="not_configured",
            )
        return ()

    @classmethod
    def tell(cls, story: Story, knowledge: Knowledge) -> Answer:
        board = night_board(
            knowledge.db,
            knowledge.community.repositories,
            knowledge.community.nightly,
            nights=NIGHTS,
            now=knowledge.now,
        )
        muted = muted_jobs(knowledge.db, knowledge.community.key, knowledge.now)
        return status_of(board, knowledge.base_url, muted)


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
    if test.is_required:
        line += [" ", Strong("required")]
    if streak:
        line.append(f", for {counted(test.streak, 'night')}")
    return tuple(line)


def _footer(board: NightBoard, base_url: str) -> Line:
    line: list[Piece] = []
    if board.heard_at is None:
        line.append("Nothing was heard from GitHub yet.")
    else:
        minutes = max(0, int((board.now - board.heard_at).total_seconds() // 60))
        line += ["Last heard from GitHub ", _age(minutes), " ago, ", When(board.heard_at), "."]
    line += [
        piece
        for late in board.late
        for piece in (f" {late.workflow} should have begun at ", When(late.due_at), ".")
    ]
    if base_url:
        line += [" ", Link("All tests and nights", f"{base_url}/nightly")]
    return tuple(line)


def _age(minutes: int) -> str:
    if minutes < MINUTES_SHOWN:
        return f"{minutes} min"
    hours = minutes // 60
    return f"{hours} h" if hours < HOURS_SHOWN else f"{hours // 24} days"
