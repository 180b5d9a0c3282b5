"""`flakes`: which jobs fail and then pass on the same commit?

Asks for:  nothing; anyone may
Decides:   nothing
Tells:     the jobs of the last nights that failed and passed when they were run again, the most frequent first, with
           how often a rerun helped
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Self
from urllib.parse import quote

from chatops.answers.meant_tests import board_of
from chatops.answers.mute_marks import mute_mark
from chatops.answers.nights import Night, State, Test, counted
from chatops.engine.answer import Answer, Line, Link, Piece, Section, Strong
from chatops.engine.authority import Role
from chatops.engine.command import CHANGED_NOTHING, Asked, Command, Knowledge, Story
from chatops.errors import Refused
from chatops.events import Event
from chatops.projections.mutes import Mute, muted_jobs

LINES_SHOWN = 10


@dataclass(frozen=True, slots=True)
class Flakes(Command):
    """Tell which jobs are flaky."""

    name: ClassVar[str] = "flakes"
    help: ClassVar[str] = "Tell which jobs failed and then passed on the same commit."
    example: ClassVar[str] = "/flakes"
    role: ClassVar[Role] = Role.ANYONE
    on_issues: ClassVar[bool] = True
    irreversible: ClassVar[str] = CHANGED_NOTHING

    @classmethod
    def parse(cls, words: Sequence[str]) -> Self:
        if words:
            raise Refused(
                f"`flakes` takes no words, and I found `{' '.join(words)}`. `history` tells of one job.",
                reason="usage",
            )
        return cls()

    def decide(self, asked: Asked, knowledge: Knowledge) -> Sequence[Event]:
        board_of(knowledge)
        return ()

    @classmethod
    def tell(cls, story: Story, knowledge: Knowledge) -> Answer:
        board = board_of(knowledge)
        muted = muted_jobs(knowledge.db, knowledge.community.key, knowledge.now)
        found = [flake for test in board.tests if (flake := _Flake(test, board.nights)).helped]
        found.sort(key=lambda flake: (-flake.helped, not flake.test.is_required, flake.test.name))
        over = f"in {counted(len(board.nights), 'night')}"
        if not found:
            return Answer(
                verdict=(f"No job failed and then passed on the same commit {over}.",),
                footer=("Only jobs that somebody ran again can be seen to be flaky.",),
            )
        return Answer(
            verdict=(
                f"{counted(len(found), 'job')} failed and then passed on the same commit {over}.",
            ),
            sections=(
                Section(
                    title="Most often first",
                    lines=tuple(
                        flake.line(knowledge.base_url, muted) for flake in found[:LINES_SHOWN]
                    ),
                    more=max(0, len(found) - LINES_SHOWN),
                ),
            ),
            footer=("Only jobs that somebody ran again can be seen to be flaky.",),
        )


class _Flake:
    """One test, and what came of running it again."""

    def __init__(self, test: Test, nights: Sequence[Night]) -> None:
        self.test = test
        again = [
            (night, cell)
            for night, cell in zip(nights, test.cells, strict=True)
            if cell.reruns and cell.first is State.FAILED
        ]
        helped = [night for night, cell in again if cell.state is State.RERUN]
        self.rerun, self.helped = len(again), len(helped)
        self.newest = helped[0] if helped else None

    def line(self, base_url: str, muted: Mapping[str, Mute]) -> Line:
        """Say how often a rerun helped, out of how many nights in which there was one."""
        name: Piece = self.test.name
        if base_url:
            name = Link(self.test.name, f"{base_url}/nightly?sel={quote(self.test.name, safe='')}")
        line: list[Piece] = [name]
        if self.test.is_required:
            line += [" ", Strong("required")]
        line.append(f", a rerun helped in {self.helped} of {counted(self.rerun, 'night')}")
        if self.newest is not None:
            line.append(f", last on {self.newest.name}")
        line += mute_mark(self.test, muted)
        return tuple(line)
