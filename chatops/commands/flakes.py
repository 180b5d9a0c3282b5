"""`flakes`: which jobs fail and pass on the same commit?

Asks for:  nothing; anyone may
Decides:   nothing
Tells:     the jobs of the nights of the last weeks that failed and passed on the same commit, the most frequent first,
           with how often a rerun helped
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Self
from urllib.parse import quote

from chatops.answers.flaky import FlakyTest, Where, ledger
from chatops.answers.nights import counted
from chatops.answers.run_history import night_history
from chatops.engine.answer import Answer, Line, Link, Piece, Section, Strong, When
from chatops.engine.authority import Role
from chatops.engine.command import CHANGED_NOTHING, Asked, Command, Knowledge, Story
from chatops.errors import Refused
from chatops.events import Event

LINES_SHOWN = 10


@dataclass(frozen=True, slots=True)
class Flakes(Command):
    """Tell which jobs are flaky."""

    name: ClassVar[str] = "flakes"
    help: ClassVar[str] = "Tell which jobs failed and passed on the same commit."
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
        if not knowledge.community.nightly:
            raise Refused(
                f"No nightly workflow is configured for {knowledge.community.title}.",
                reason="not_configured",
            )
        return ()

    @classmethod
    def tell(cls, story: Story, knowledge: Knowledge) -> Answer:
        found = ledger(knowledge, night_history(knowledge), where=Where.NIGHTS)
        tests = sorted(
            found.tests, key=lambda test: (-len(test.flakes), not test.is_required, test.name)
        )
        over = f"in {counted(found.nights, 'night')}"
        left_out = f" {found.not_counted}" if found.not_counted else ""
        footer: Line = (f"Only jobs that somebody ran again can be seen to be flaky.{left_out}",)
        if knowledge.base_url:
            page = f"{knowledge.base_url}/{knowledge.community.key}/flaky"
            footer = (*footer, " ", Link("Those of pull requests, too", page))
        if not tests:
            return Answer(
                verdict=(f"No job failed and passed on the same commit {over}.",), footer=footer
            )
        return Answer(
            verdict=(f"{counted(len(tests), 'job')} failed and passed on the same commit {over}.",),
            sections=(
                Section(
                    title="Most often first",
                    lines=tuple(_line(test, knowledge.base_url) for test in tests[:LINES_SHOWN]),
                    more=max(0, len(tests) - LINES_SHOWN),
                ),
            ),
            footer=footer,
        )


def _line(test: FlakyTest, base_url: str) -> Line:
    """Say how often a rerun helped, out of how many nights in which there was one."""
    name: Piece = test.name
    if base_url:
        name = Link(test.name, f"{base_url}/nightly?sel={quote(test.name, safe='')}")
    line: list[Piece] = [name]
    if test.is_required:
        line += [" ", Strong("required")]
    line.append(f", a rerun helped in {test.helped} of {counted(test.again, 'night')}")
    newest = test.flakes[0].created_at
    line.append(f", last on {newest:%a} {newest.day} {newest:%b}")
    if test.mute is not None:
        line += [", muted until ", When(test.mute.until)]
    return tuple(line)
